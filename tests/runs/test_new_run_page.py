"""The forms: a new run, a new simulation. Made from the scenario's parameters; nothing that was typed is lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from metrics.services import save_selection
from runs.models import Run, Simulation
from tests.conftest import MakeRun
from tests.html import Element, Page, words
from tests.runs.test_dashboard_page import page_of

FORM = {
    "param-agents": "3",
    "param-tempo": "1.5",
    "param-mood": "very-loud",
    "turns": "4",
    "replicates": "1",
    "seed": "",
}
NEW = "/simulations/a-toy/new/"


def field(page: Page, name: str) -> Element:
    return page.by_id(name)


def send(browser: Client, status: int = 302, path: str = NEW, **changes: Any) -> Any:
    answer = browser.post(path, {**FORM, **changes})
    assert answer.status_code == status, answer.content
    return answer


def test_each_parameter_is_a_field_of_its_kind_with_title_help_unit_and_bounds(
    browser: Client, simulation: Simulation
) -> None:
    page = page_of(browser, NEW)
    labels = {label.attributes["for"]: words(label.text) for label in page.all("label") if "for" in label.attributes}
    assert labels["param-agents"] == "Agents"
    assert field(page, "param-agents").attributes["inputmode"] == "numeric"
    assert field(page, "param-agents").attributes["value"] == "10"
    assert words(page.by_id("param-agents-help").text) == "Walkers. 1 to 1,000"
    assert "agents" in {element.text for element in page.all("span")}
    assert field(page, "param-tempo").attributes["inputmode"] == "decimal"
    assert field(page, "param-mood").name == "select"
    assert [option.attributes["value"] for option in page.all("option")][:2] == ["calm", "very-loud"]
    assert "checked" in field(page, "param-polite").attributes
    assert field(page, "seed").attributes["placeholder"] == "drawn and shown"
    assert {"turns", "replicates", "seed"} <= set(labels)


def test_every_metric_can_be_ticked_and_the_saved_ones_are(browser: Client, simulation: Simulation) -> None:
    page = page_of(browser, NEW)
    boxes = page.all("input", name_="metric_keys")
    assert len(boxes) == 8
    assert sorted(box.attributes["value"] for box in boxes if "checked" in box.attributes) == simulation.metric_keys


def test_a_run_is_what_was_typed(browser: Client, simulation: Simulation, operator: User) -> None:
    answer = send(browser, metric_keys=["turn.walk.place"], seed="1234")
    run = Run.objects.get()
    assert answer["Location"] == f"/runs/{run.pk}/"
    assert run.params == {"agents": 3, "tempo": 1.5, "mood": "very-loud", "polite": False, "note": ""}
    assert (run.turns, run.seed, run.metric_keys) == (4, 1234, ["turn.walk.place"])
    assert (run.trigger, run.created_by) == ("manual", operator)


def test_a_blank_seed_is_drawn_and_shown(browser: Client, simulation: Simulation) -> None:
    send(browser)
    run = Run.objects.get()
    page = page_of(browser, f"/runs/{run.pk}/")
    assert str(run.seed) in page.by_id(f"run-{run.pk}-live").text


def test_replicates_are_runs_with_seeds_in_a_row(browser: Client, simulation: Simulation) -> None:
    assert send(browser, replicates="3", seed="7")["Location"] == "/simulations/a-toy/"
    assert sorted(Run.objects.values_list("seed", flat=True)) == [7, 8, 9]


def test_a_blank_field_is_what_the_simulation_has_saved(browser: Client, simulation: Simulation) -> None:
    send(browser, **{"param-agents": "", "turns": ""})
    run = Run.objects.get()
    assert (run.params["agents"], run.turns) == (10, 5)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("param-agents", "0", "Must be at least 1."),
        ("param-agents", "1001", "Must be at most 1000."),
        ("param-agents", "many", "Must be a whole number."),
        ("param-agents", "2.5", "Must be a whole number."),
        ("param-tempo", "0", "Must be more than 0"),
        ("param-tempo", "nan", "Must be a finite number."),
        ("param-mood", "sad", "Must be one of"),
        ("turns", "0", "Must be a whole number from 1 to"),
        ("turns", "many", "Must be a whole number from 1 to"),
        ("turns", "--5", "Must be a whole number from 1 to"),
        ("turns", "9" * 30, "Must be a whole number from 1 to"),
        ("seed", "-1", "Must be a whole number from 0 to"),
        ("seed", "x", "Must be a whole number from 0 to"),
        ("replicates", "0", "Must be a whole number from 1 to 100."),
        ("replicates", "many", "Must be a whole number from 1 to 100."),
        ("replicates", "101", "Must be a whole number from 1 to 100."),
    ],
)
def test_an_error_stands_at_its_field_and_nothing_typed_is_lost(
    browser: Client, simulation: Simulation, name: str, value: str, says: str
) -> None:
    typed = {**FORM, "seed": "77", "param-note": "as typed", name: value}
    answer = browser.post(NEW, {**typed, "metric_keys": ["turn.walk.place"]})
    assert answer.status_code == 422
    page = Page(answer.content.decode())
    assert says in page.by_id(f"error-{name.removeprefix('param-')}").text
    assert not Run.objects.exists()
    for key in set(typed) - {"param-mood"}:
        assert field(page, key).attributes["value"] == typed[key], key
    if name != "param-mood":
        [chosen] = [option for option in page.all("option") if "selected" in option.attributes]
        assert chosen.attributes["value"] == "very-loud"
    ticked = [box.attributes["value"] for box in page.all("input", name_="metric_keys") if "checked" in box.attributes]
    assert ticked == ["turn.walk.place"]


def test_an_error_that_belongs_to_no_field_is_shown_above(browser: Client, simulation: Simulation) -> None:
    answer = send(browser, 422, metric_keys=["turn.no.such"])
    [notice] = Page(answer.content.decode()).all("p", role="alert")
    assert "turn.no.such" in notice.text


def test_fields_are_checked_as_they_are_typed_and_nothing_is_created(browser: Client, simulation: Simulation) -> None:
    answer = browser.post("/scenarios/toy/check/", {**FORM, "param-agents": "0"})
    page = Page(answer.content.decode())
    assert page.by_id("error-agents").text == "Must be at least 1."
    assert page.by_id("error-tempo").text == ""
    assert {element.name for element in page.top} == {"span"}
    assert all(element.attributes["hx-swap-oob"] == "morph" for element in page.top)
    assert not Run.objects.exists()
    assert browser.post("/scenarios/atlantis/check/", FORM).status_code == 404


def test_the_form_begins_with_what_this_person_ran_last(
    browser: Client, simulation: Simulation, make_run: MakeRun, operator: User, admin: User
) -> None:
    make_run(by=operator, params={"agents": 42}, metric_keys=["turn.walk.place"], turns=6)
    make_run(by=admin, params={"agents": 7})
    page = page_of(browser, NEW)
    assert field(page, "param-agents").attributes["value"] == "42"
    assert field(page, "turns").attributes["value"] == "6"
    assert "as last time" in page.by_id("main").text
    assert field(page_of(browser, NEW + "?saved"), "param-agents").attributes["value"] == "10"


def test_saved_selections_are_offered(browser: Client, simulation: Simulation, operator: User, admin: User) -> None:
    save_selection(owner=operator, scenario="toy", name="Mine", metric_keys=["turn.walk.place"])
    save_selection(owner=admin, scenario="toy", name="Theirs", metric_keys=[])
    text = page_of(browser, NEW).by_id("saved-selections").text
    assert "Mine" in text
    assert "Theirs" not in text


def test_what_is_typed_is_text_and_never_markup(browser: Client, simulation: Simulation) -> None:
    bad = '"><script>alert(1)</script>'
    page = Page(send(browser, 422, **{"param-note": bad, "turns": bad}).content.decode())
    assert field(page, "param-note").attributes["value"] == bad
    assert not any("alert(1)" in script.text for script in page.all("script"))


def test_texts_that_no_database_can_keep_are_refused(browser: Client, simulation: Simulation) -> None:
    send(browser, 400, **{"param-note": "a\x00b"})
    assert browser.get("/?q=%00").status_code == 400


def test_a_simulation_whose_scenario_is_gone_has_no_form(browser: Client, simulation: Simulation) -> None:
    Simulation.objects.update(scenario="atlantis")
    answer = browser.get(NEW)
    assert answer.status_code == 422
    assert "Unknown scenario" in answer.content.decode()


# --- a new simulation ------------------------------------------------------------------------------------------------


def test_scenarios_are_offered_and_broken_ones_explained(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMWEB_SCENARIOS", "broken=no.such.module:Thing")
    page = page_of(browser, "/simulations/new/")
    assert page.all("a", href="?scenario=wealth")
    [warning] = page.all("p", role="status")
    assert "No module named" in warning.text


def test_a_simulation_is_made_and_leads_to_its_first_run(browser: Client, db: None) -> None:
    path = "/simulations/new/?scenario=toy"
    assert field(page_of(browser, path), "turns").attributes["value"] == "5"
    answer = send(browser, path="/simulations/new/", scenario="toy", name="My toy", metric_keys=["turn.walk.place"])
    made = Simulation.objects.get()
    assert answer["Location"] == "/simulations/my-toy/new/"
    assert (made.name, made.params["agents"], made.turns, made.metric_keys) == ("My toy", 3, 4, ["turn.walk.place"])
    assert made.headline_metric == "turn.walk.place"


def test_a_simulation_without_a_name_is_refused_and_keeps_what_was_typed(browser: Client, db: None) -> None:
    answer = send(browser, 422, path="/simulations/new/", scenario="toy", name="  ")
    page = Page(answer.content.decode())
    assert page.by_id("error-name").text == "Give it a name of 1 to 200 characters."
    assert field(page, "param-agents").attributes["value"] == "3"
    assert not Simulation.objects.exists()
