"""What a form shows of a scenario before anything is run: a preview, explanations, texts to start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from django.test import Client

from runs.models import Run, Simulation
from simweb.engine import Block, Table, Text
from tests.conftest import MakeRun
from tests.html import Page
from tests.runs.test_dashboard_page import page_of
from tests.runs.test_new_run_page import FORM, NEW
from tests.scenarios import Toy

PREVIEW = "/scenarios/toy/preview/"
PAYMENTS = {"param-game": "castro-1", "turns": ""}


@pytest.fixture
def foreseeing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy says how many walk."""

    def preview(cls: type, params: Any) -> Sequence[Block]:
        return [Text(f"{params.agents} will walk."), Table("Walkers", ["Who"], [["everybody"]])]

    monkeypatch.setattr(Toy, "preview", classmethod(preview), raising=False)


def ids(page: Page) -> set[str]:
    return {element.attributes.get("id", "") for element in page.elements}


def test_a_scenario_that_foresees_nothing_has_no_card(browser: Client, simulation: Simulation) -> None:
    assert "preview" not in ids(page_of(browser, NEW))
    assert "preview-state" not in ids(Page(browser.post("/scenarios/toy/check/", FORM).content.decode()))


@pytest.mark.usefixtures("foreseeing")
def test_the_preview_is_of_what_is_typed(browser: Client, simulation: Simulation) -> None:
    assert "preview" in ids(page_of(browser, NEW))
    answer = browser.post(PREVIEW, {**FORM, "param-agents": "12"})
    assert "12 will walk." in answer.content.decode()
    assert "everybody" in answer.content.decode()
    assert not Run.objects.exists()


@pytest.mark.usefixtures("foreseeing")
def test_wrong_parameters_leave_what_is_shown_and_it_is_marked(browser: Client, simulation: Simulation) -> None:
    wrong = {**FORM, "param-agents": "0"}
    assert browser.post(PREVIEW, wrong).status_code == 204
    assert "once they are right" in browser.post(f"{PREVIEW}?first", wrong).content.decode()
    checked = Page(browser.post("/scenarios/toy/check/", wrong).content.decode())
    assert checked.by_id("preview-state").text == "as it was before the error"
    mended = Page(browser.post("/scenarios/toy/check/", {**FORM, "seed": "no number"}).content.decode())
    assert mended.by_id("preview-state").text == ""
    assert mended.by_id("error-seed").text


@pytest.mark.parametrize("error", [RuntimeError("no <map>"), SystemExit(3)])
def test_a_preview_that_fails_says_so_in_its_card_and_the_page_comes(
    browser: Client, simulation: Simulation, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def preview(cls: type, params: Any) -> Sequence[Block]:
        raise error

    monkeypatch.setattr(Toy, "preview", classmethod(preview), raising=False)
    assert "preview" in ids(page_of(browser, NEW))
    answer = browser.post(PREVIEW, FORM)
    assert answer.status_code == 200
    assert f"preview failed: {type(error).__name__}" in answer.content.decode()
    assert "<map>" not in answer.content.decode()


def test_what_is_no_block_is_told_too(browser: Client, simulation: Simulation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Toy, "preview", classmethod(lambda cls, params: ["a text"]), raising=False)
    assert "preview failed: TypeError" in browser.post(PREVIEW, FORM).content.decode()


def test_examples_are_offered_and_read_at_their_address(browser: Client, db: None) -> None:
    page = page_of(browser, "/simulations/new/?scenario=payments")
    links = [link.attributes["href"] for link in page.all("a") if "/examples/scenario/" in link.attributes["href"]]
    assert len(links) == 7
    answer = browser.get(links[0])
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert "simulation:" in answer.content.decode()
    for address in (
        "payments/examples/scenario/7/",
        "payments/examples/payments/0/",
        "payments/examples/no-such/0/",
        "atlantis/examples/scenario/0/",
    ):
        assert browser.get(f"/scenarios/{address}").status_code == 404


def test_examples_that_fail_are_left_out(
    browser: Client, simulation: Simulation, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def examples(cls: type, field: str) -> Mapping[str, str]:
        raise RuntimeError(field)

    monkeypatch.setattr(Toy, "examples", classmethod(examples), raising=False)
    simulation.params = {**simulation.params, "note": "two\nlines"}
    simulation.save()
    assert "two\nlines" in page_of(browser, NEW).by_id("param-note").text


def test_the_extras_of_a_parameter_steer_its_field(browser: Client, db: None) -> None:
    page = page_of(browser, "/simulations/new/?scenario=payments")
    area = page.by_id("param-scenario")
    assert (area.attributes["rows"], area.attributes["wrap"], area.attributes["data-language"]) == ("16", "off", "yaml")
    assert [file.attributes["accept"] for file in page.all("input", type="file")] == [
        ".yaml,.yml",
        ".csv,.txt,.tsv",
        ".json",
    ]
    [condition] = page.all("only-if")
    assert (condition.attributes["data-field"], condition.attributes["data-value"]) == ("param-game", "own")
    [help_] = page.all("choice-help")
    assert help_.attributes["data-field"] == "param-game"
    told = [element for element in page.all("span") if "data-value" in element.attributes]
    assert [element.attributes["data-value"] for element in told if "hidden" not in element.attributes] == ["castro-2"]


def test_the_turns_that_are_offered_are_those_of_the_parameters(browser: Client, db: None) -> None:
    answer = browser.post("/scenarios/payments/check/", {**PAYMENTS, "param-game": "castro-2"})
    hint = Page(answer.content.decode()).by_id("hint-turns")
    assert (hint.text, hint.attributes["data-placeholder"]) == ("1 to 12", "all 12")
    unknown = browser.post("/scenarios/payments/check/", {**PAYMENTS, "param-game": "no such"})
    assert "hint-turns" not in ids(Page(unknown.content.decode()))


def test_a_long_parameter_floods_no_list_and_is_folded_on_its_page(
    browser: Client, simulation: Simulation, make_run: MakeRun
) -> None:
    note = "the first line\n" + "another line\n" * 30
    one, other = make_run(params={"note": note}), make_run(params={"note": "short"})
    assert "another line" not in browser.get("/runs/?columns=param.note").content.decode()
    assert "the first line…" in browser.get("/runs/?columns=param.note").content.decode()
    assert "another line" not in browser.get(f"/compare/?runs={one.pk},{other.pk}").content.decode()
    page = page_of(browser, f"/runs/{one.pk}/?tab=spec")
    folded = [element for element in page.all("summary") if "the first line…" in element.text]
    assert [element.text for element in folded] == ["the first line… (31 lines)"] * 2
    assert all("details" in element.inside for element in page.all("pre") if element.text == note)
