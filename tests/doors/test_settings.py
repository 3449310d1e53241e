"""What a person without scripts can change of a simulation, and what a simulation and a run are for."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.doors.browser import Browser, form_of
from tests.html import Page
from tests.web.server import Lab, Server


def test_parameters_turns_metrics_and_name_are_changed_on_the_settings_page(lab: Lab, browser: Browser) -> None:
    slug = lab.simulation("To be changed", "toy", 5, metric_keys=["turn.walk.place", "run.walk.farthest"])
    run = lab.ended(lab.run(slug))
    path = f"/simulations/{slug}/settings/"
    as_saved = form_of(browser.page(path))
    assert (as_saved["param-agents"], as_saved["turns"]) == ("10", "5")
    assert as_saved["metric_keys"] == ["turn.walk.place", "run.walk.farthest"]
    changes = {"param-agents": "42", "param-mood": "very-loud", "param-polite": None, "turns": "7", "name": "Changed"}
    browser.send(path, {**changes, "metric_keys": ["turn.actions.total"], "max_parallel": "3"})
    saved = lab.client.get(f"/simulations/{slug}").json()
    assert (saved["name"], saved["turns"], saved["metric_keys"]) == ("Changed", 7, ["turn.actions.total"])
    assert {name: saved["params"][name] for name in ("agents", "mood", "polite")} == {
        "agents": 42,
        "mood": "very-loud",
        "polite": False,
    }
    assert saved["headline_metric"] == "turn.actions.total"
    assert saved["execution"]["max_parallel"] == 3
    assert lab.get(run["id"])["params"]["agents"] == 10
    assert lab.ended(lab.run(slug))["params"]["agents"] == 42


def test_what_is_wrong_on_the_settings_page_is_said_at_its_field_and_nothing_is_saved(
    lab: Lab, browser: Browser
) -> None:
    slug = lab.simulation("Not changed", "toy", 5)
    before = lab.client.get(f"/simulations/{slug}").json()
    wrong = {"param-agents": "0", "param-tempo": "1,5", "turns": "0", "max_parallel": "0", "name": "Another"}
    page = Page(browser.send(f"/simulations/{slug}/settings/", wrong, status=422).text)
    assert page.by_id("error-agents").text == "Must be at least 1."
    assert page.by_id("error-tempo").text == "Must be a number. Write 1.5, with a point."
    assert "Must be a whole number from 1" in page.by_id("error-turns").text
    assert any("greater than or equal to 1" in element.text for element in page.all("span", class_="error"))
    assert page.by_id("param-tempo").attributes["value"] == "1,5"
    assert lab.client.get(f"/simulations/{slug}").json() == before


def test_a_description_goes_through_form_api_pages_and_file(
    lab: Lab, browser: Browser, server: Server, tmp_path: Path
) -> None:
    slug = lab.simulation("Described", "toy", 2, description="Does it walk?")
    assert lab.client.get(f"/simulations/{slug}").json()["description"] == "Does it walk?"
    assert "Does it walk?" in browser.client.get(f"/simulations/{slug}/").text
    browser.send(f"/simulations/{slug}/settings/", {"description": "Does it run?\r\n<b>Perhaps</b>"})
    assert lab.client.get(f"/simulations/{slug}").json()["description"] == "Does it run?\n<b>Perhaps</b>"
    assert "&lt;b&gt;Perhaps" in browser.client.get(f"/simulations/{slug}/").text
    answer = browser.send(f"/simulations/{slug}/new/", {"description": "The first try"})
    [number] = re.findall(r"/runs/(\d+)/$", str(answer.url))
    assert lab.ended(int(number))["description"] == "The first try"
    assert "The first try" in browser.client.get(f"/runs/{number}/").text
    patched = lab.client.patch(f"/runs/{number}", json={"description": "The very first"})
    assert patched.json()["description"] == "The very first"
    sent = lab.ended(lab.run(slug, description="By a program"))
    assert sent["description"] == "By a program"
    file = tmp_path / "run.json"
    file.write_text(lab.client.get(f"/runs/{number}/export", params={"format": "json"}).text)
    assert json.loads(file.read_text())["runs"][0]["description"] == "The very first"
    told = lab.client.patch(f"/runs/{number}", json={"description": "x" * 20_001})
    assert (told.status_code, told.json()["errors"][0]["loc"]) == (422, ["description"])
    server.manage("import_runs", str(file))
    newest = lab.client.get(f"/simulations/{slug}/runs").json()["items"]
    assert [lab.get(run["id"])["description"] for run in newest].count("The very first") == 2


def test_a_new_simulation_says_what_it_is_for(lab: Lab, browser: Browser) -> None:
    browser.send("/simulations/new/?scenario=toy", {"name": "Described anew", "description": "To see."})
    lab.made.append("described-anew")
    assert lab.client.get("/simulations/described-anew").json()["description"] == "To see."


def test_a_saved_selection_that_was_chosen_is_kept_on_the_run(lab: Lab, browser: Browser) -> None:
    slug = lab.simulation("Selected", "toy", 2)
    keys = ["turn.walk.place", "run.walk.farthest"]
    wanted = {"name": "Places", "scenario": "toy", "metric_keys": keys}
    path = f"/simulations/{slug}/new/"
    form = browser.page(path)
    assert form.all("input", name_="metric_selection")[0].attributes["value"] == ""
    token = form_of(form)["csrfmiddlewaretoken"]
    made = browser.client.post(
        "/metric-selections/",
        data={"csrfmiddlewaretoken": token, "scenario": "toy", "selection_name": wanted["name"], "metric_keys": keys},
    )
    [chip] = [one for one in Page(made.text).all("button") if one.text == "Places"]
    selection = chip.attributes["data-id"]
    answer = browser.send(path, {"metric_keys": keys, "metric_selection": selection})
    [number] = re.findall(r"/runs/(\d+)/$", str(answer.url))
    run = lab.ended(int(number))
    assert run["metric_selection"] == int(selection)
    assert "Places" in [element.text for element in browser.page(f"/runs/{number}/").all("dd")]
    assert form_of(browser.page(path))["metric_selection"] == selection
    other = browser.send(path, {"metric_keys": keys[:1], "metric_selection": selection})
    [number] = re.findall(r"/runs/(\d+)/$", str(other.url))
    assert lab.ended(int(number))["metric_selection"] is None
    browser.client.post(f"/metric-selections/{selection}/delete/", data={"csrfmiddlewaretoken": token})
