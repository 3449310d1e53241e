"""Saved selections: a person's own, under names used once. Through API and page."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from metrics.models import MetricSelection
from metrics.services import save_selection
from simweb.access.roles import Role
from tests.conftest import Api, api_of, signed_in
from tests.html import Page
from tests.runs.test_api_errors import fields, is_problem

NEW = {"name": "Mine", "scenario": "toy", "metric_keys": ["turn.walk.place", "run.walk.farthest", "turn.walk.place"]}


def test_a_selection_is_saved_sorted_and_found(api: Api) -> None:
    answer = api.post("/metric-selections", NEW)
    assert answer.status_code == 201
    made = answer.json()
    assert made["metric_keys"] == ["run.walk.farthest", "turn.walk.place"]
    assert api.client.get(answer["Location"]).json() == made
    assert api.get("/metric-selections").json() == {"items": [made], "next_cursor": None}
    assert api.get("/metric-selections", scenario="wealth").json()["items"] == []


def test_a_selection_without_keys_holds_the_defaults(api: Api) -> None:
    made = api.post("/metric-selections", {"name": "Mine", "scenario": "toy"}).json()
    assert len(made["metric_keys"]) == 4


def test_a_name_is_trimmed_and_used_once(api: Api) -> None:
    assert api.post("/metric-selections", {**NEW, "name": "  My   own "}).json()["name"] == "My own"
    conflict = is_problem(api.post("/metric-selections", {**NEW, "name": "My own"}), 409)
    assert "already have a selection named “My own”" in conflict["detail"]
    assert api.post("/metric-selections", {**NEW, "name": "My own", "scenario": "costly"}).status_code == 201


@pytest.mark.parametrize("name", ["", "   ", "n" * 101])
def test_a_bad_name_is_refused(api: Api, name: str) -> None:
    assert fields(api.post("/metric-selections", {**NEW, "name": name})) == {
        "name": "Give it a name of 1 to 100 characters."
    }


def test_an_unknown_metric_or_scenario_is_named(api: Api) -> None:
    wrong = fields(api.post("/metric-selections", {**NEW, "metric_keys": ["turn.no.such"]}))
    assert "turn.no.such" in wrong["metric_keys"]
    assert "atlantis" in is_problem(api.post("/metric-selections", {**NEW, "scenario": "atlantis"}), 404)["detail"]


def test_a_selection_is_renamed_and_changed(api: Api) -> None:
    made = api.post("/metric-selections", NEW).json()
    address = f"/metric-selections/{made['id']}"
    assert api.patch(address, {"name": "Other"}).json() == {**made, "name": "Other"}
    assert api.patch(address, {"metric_keys": ["turn.walk.place"]}).json()["metric_keys"] == ["turn.walk.place"]
    api.post("/metric-selections", NEW)
    is_problem(api.patch(address, {"name": "Mine"}), 409)
    assert "name" in fields(api.patch(address, {"name": " "}))


def test_a_selection_is_deleted(api: Api) -> None:
    made = api.post("/metric-selections", NEW).json()
    assert api.delete(f"/metric-selections/{made['id']}").status_code == 204
    is_problem(api.get(f"/metric-selections/{made['id']}"), 404)


def test_selections_of_others_are_not_there(api: Api, admin: User) -> None:
    made = api.post("/metric-selections", NEW).json()
    other, address = api_of(admin, Role.ADMIN), f"/metric-selections/{made['id']}"
    assert other.get("/metric-selections").json()["items"] == []
    for answer in (other.get(address), other.patch(address, {"name": "Stolen"}), other.delete(address)):
        is_problem(answer, 404)
    assert api.get(address).json() == made
    assert other.post("/metric-selections", NEW).status_code == 201


def save(browser: Client, **form: object) -> Page:
    """Save from the selector of a form; what takes its place."""
    typed = {"scenario": "toy", "selection_name": "Mine", "metric_keys": ["turn.walk.place"], **form}
    answer = browser.post("/metric-selections/", typed)
    assert answer.status_code == 200
    return Page(answer.content.decode())


def test_a_selection_is_saved_from_the_page_and_shown_there(browser: Client) -> None:
    shown = save(browser)
    assert [element.attributes["id"] for element in shown.top] == ["saved-selections"]
    [button] = shown.all("button", data_selection="turn.walk.place")
    assert button.text == "Mine"


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"selection_name": " "}, "Give it a name of 1 to 100 characters."),
        ({"metric_keys": ["turn.no.such"]}, "Unknown metric 'turn.no.such'"),
        ({"scenario": "atlantis"}, "Unknown scenario 'atlantis'."),
    ],
)
def test_the_page_says_what_is_wrong_with_a_selection(browser: Client, form: dict[str, object], says: str) -> None:
    shown = save(browser, **form)
    [error] = shown.all("span", role="alert")
    assert says in error.text
    assert not MetricSelection.objects.exists()


def test_the_page_keeps_a_name_that_is_taken_in_its_field(browser: Client) -> None:
    save(browser)
    shown = save(browser)
    [field] = shown.all("input", name_="selection_name")
    assert field.attributes["value"] == "Mine"
    assert field.attributes["aria-invalid"] == "true"


def test_a_selection_is_deleted_from_the_page(browser: Client, operator: User) -> None:
    mine = save_selection(owner=operator, scenario="toy", name="Mine", metric_keys=[])
    shown = Page(browser.post(f"/metric-selections/{mine.pk}/delete/").content.decode())
    assert shown.all("button", data_selection="") == []
    assert not MetricSelection.objects.exists()


def test_a_selection_of_somebody_else_cannot_be_deleted_from_the_page(browser: Client, admin: User) -> None:
    theirs = save_selection(owner=admin, scenario="toy", name="Theirs", metric_keys=[])
    assert browser.post(f"/metric-selections/{theirs.pk}/delete/").status_code == 404
    assert MetricSelection.objects.count() == 1


def test_a_viewer_saves_no_selection(viewer: User) -> None:
    assert signed_in(viewer).post("/metric-selections/", {"scenario": "toy"}).status_code == 403
