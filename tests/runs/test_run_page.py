"""The page of a run, the list of all runs, and what may be done from them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from runs import services
from runs.models import Run, Simulation
from runs.states import Status
from tests.conftest import MakeRun, signed_in
from tests.html import Page, words
from tests.runs.lives import claimed, lead_to, turn
from tests.runs.test_dashboard_page import page_of

SCRIPT = {"X-Requested-By": "script"}


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("tab", ["", "turns", "problems", "log", "events", "spec", "nonsense"])
def test_every_tab_is_drawn_in_every_state(browser: Client, run: Run, status: Status, tab: str) -> None:
    lead_to(run, status)
    page = page_of(browser, f"/runs/{run.pk}/?tab={tab}")
    [chosen] = [link for link in page.all("a", aria_current="page") if link.attributes["href"].startswith("?tab=")]
    assert chosen.attributes["href"] == f"?tab={tab if tab not in {'', 'nonsense'} else 'turns'}"
    assert page.by_id("records").text.strip()
    assert page.by_id(f"run-{run.pk}-head").attributes["data-status"] == status


def test_a_failed_run_shows_its_error_and_traceback(browser: Client, run: Run) -> None:
    lead_to(run, "failed")
    outcome = page_of(browser, f"/runs/{run.pk}/").by_id(f"run-{run.pk}-outcome")
    assert "RuntimeError in turn 3" in words(outcome.text)
    assert "Traceback: boom" in outcome.text


def test_a_run_shows_its_whole_spec_to_copy(browser: Client, make_run: MakeRun) -> None:
    run = make_run(seed=77, params={"agents": 4})
    spec = json.loads(page_of(browser, f"/runs/{run.pk}/").by_id("spec-json").text)
    assert (spec["seed"], spec["params"]["agents"], spec["metric_keys"]) == (77, 4, run.metric_keys)


def test_turns_are_shown_newest_first_in_pages(browser: Client, make_run: MakeRun) -> None:
    run = make_run(turns=200)
    claimed(run).add([turn(number) for number in range(1, 121)])

    def numbers(page: Page) -> list[int]:
        return [int(e.attributes["id"][5:]) for e in page.all("tr") if e.attributes.get("id", "").startswith("turn-")]

    first = page_of(browser, f"/runs/{run.pk}/")
    assert numbers(first) == list(range(120, 70, -1))
    assert first.all("a", href="?tab=turns&before=71")
    assert numbers(page_of(browser, f"/runs/{run.pk}/?tab=turns&before=71")) == list(range(70, 20, -1))


@pytest.mark.parametrize("before", ["²", "-1", "99999999999999999999999", "x", ""])
def test_a_made_up_place_in_the_turns_is_no_error(browser: Client, run: Run, before: str) -> None:
    lead_to(run, "completed")
    page_of(browser, f"/runs/{run.pk}/?tab=turns&before={before}")


def test_events_tell_who_did_what(browser: Client, run: Run) -> None:
    browser.post(f"/runs/{run.pk}/stop/")
    text = words(page_of(browser, f"/runs/{run.pk}/?tab=events").by_id("records").text)
    assert "Cancelledoperator" in text


def test_what_a_model_prints_is_text(browser: Client, run: Run) -> None:
    claimed(run).keep_log("<img src=x onerror=alert(1)>")
    page = page_of(browser, f"/runs/{run.pk}/?tab=log")
    assert page.all("img") == []
    assert "<img src=x onerror=alert(1)>" in page.by_id("records").text


@pytest.mark.parametrize("path", ["/runs/4711/", "/runs/99999999999999999999999/", "/simulations/none/", "/no/such/"])
def test_what_is_not_there_is_a_page_that_says_so(browser: Client, db: None, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 404
    assert "There is no such page" in answer.content.decode()
    Page(answer.content.decode())


# --- acts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "before", "after"),
    [("stop", "queued", "cancelled"), ("stop", "running", "cancelled"), ("delete", "failed", "failed")],
)
def test_a_script_is_told_where_the_run_is(browser: Client, run: Run, act: str, before: str, after: str) -> None:
    lead_to(run, before)
    answer = browser.post(f"/runs/{run.pk}/{act}/", headers=SCRIPT)
    assert (answer.status_code, answer["X-Run"]) == (204, str(run.pk))
    run.refresh_from_db()
    assert run.status == after


@pytest.mark.parametrize("act", ["retry", "again"])
def test_a_script_is_told_of_the_new_run(browser: Client, run: Run, operator: User, act: str) -> None:
    lead_to(run, "failed")
    answer = browser.post(f"/runs/{run.pk}/{act}/", headers=SCRIPT)
    made = Run.objects.latest("pk")
    assert (answer["X-Run"], answer["X-Location"]) == (str(made.pk), f"/runs/{made.pk}/")
    assert (made.status, made.created_by, made.pk != run.pk) == ("queued", operator, True)


def test_without_a_script_each_act_leads_to_a_page(browser: Client, run: Run) -> None:
    assert browser.post(f"/runs/{run.pk}/stop/")["Location"] == f"/runs/{run.pk}/"
    retried = browser.post(f"/runs/{run.pk}/retry/")["Location"]
    assert retried == f"/runs/{Run.objects.latest('pk').pk}/"
    assert browser.post(f"/runs/{run.pk}/delete/")["Location"] == "/"
    assert browser.post(f"/runs/{run.pk}/restore/")["Location"] == f"/runs/{run.pk}/"


def test_an_act_that_comes_too_late_says_so(browser: Client, run: Run) -> None:
    lead_to(run, "completed")
    answer = browser.post(f"/runs/{run.pk}/stop/", headers=SCRIPT)
    assert answer.status_code == 409
    assert answer.content.decode() == f"Too late: run {run.pk} is completed, so it cannot be cancelled."
    assert "Too late" in browser.post(f"/runs/{run.pk}/stop/", follow=True).content.decode()


def test_a_deleted_run_says_so_and_offers_to_come_back(browser: Client, run: Run) -> None:
    lead_to(run, "completed")
    browser.post(f"/runs/{run.pk}/delete/")
    page = page_of(browser, f"/runs/{run.pk}/")
    assert page.all("button", formaction=f"/runs/{run.pk}/restore/")
    assert browser.post(f"/runs/{run.pk}/retry/").status_code == 404
    browser.post(f"/runs/{run.pk}/restore/")
    assert Run.objects.get(pk=run.pk).deleted_at is None


def test_an_act_that_there_is_not_is_a_404(browser: Client, run: Run) -> None:
    assert browser.post(f"/runs/{run.pk}/explode/").status_code == 404


@pytest.mark.parametrize("act", ["stop", "retry", "again", "delete", "restore"])
def test_a_viewer_may_do_nothing_and_is_told_why(viewer: User, run: Run, act: str) -> None:
    answer = signed_in(viewer).post(f"/runs/{run.pk}/{act}/")
    assert answer.status_code == 403
    assert "this needs the role operator; yours is viewer" in answer.content.decode()
    assert Run.objects.count() == 1
    run.refresh_from_db()
    assert (run.status, run.version) == ("queued", 1)


@pytest.mark.parametrize("path", ["/simulations/a-toy/run/", "/simulations/a-toy/new/", "/simulations/new/"])
def test_a_viewer_starts_and_makes_nothing(viewer: User, simulation: Simulation, path: str) -> None:
    assert signed_in(viewer).post(path).status_code == 403
    assert (Run.objects.count(), Simulation.objects.count()) == (0, 1)


@pytest.mark.parametrize("act", ["stop", "retry", "again", "delete", "restore"])
def test_no_look_at_an_address_changes_anything(browser: Client, run: Run, act: str) -> None:
    lead_to(run, "failed")
    before = Run.objects.values().get()
    assert browser.get(f"/runs/{run.pk}/{act}/").status_code == 405
    assert Run.objects.values().get() == before


def test_a_form_without_its_csrf_token_changes_nothing(operator: User, run: Run) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)
    assert client.post(f"/runs/{run.pk}/stop/").status_code == 403
    run.refresh_from_db()
    assert run.status == "queued"


# --- all runs --------------------------------------------------------------------------------------------------------


def shown(page: Page) -> list[int]:
    rows = [element.attributes["id"] for element in page.all("div", role="row") if "id" in element.attributes]
    return [int(row.removeprefix("run-")) for row in rows]


@pytest.mark.parametrize("path", ["/runs/", "/simulations/a-toy/"])
def test_runs_are_filtered_by_the_address(browser: Client, make_run: MakeRun, path: str) -> None:
    failed, old, by_api = lead_to(make_run(), "failed"), make_run(), make_run(trigger="api")
    Run.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=8))
    assert shown(page_of(browser, path)) == [by_api.pk, failed.pk, old.pk]
    assert shown(page_of(browser, f"{path}?status=failed")) == [failed.pk]
    assert shown(page_of(browser, f"{path}?trigger=api&status=&since=")) == [by_api.pk]
    assert shown(page_of(browser, f"{path}?since=7d")) == [by_api.pk, failed.pk]
    assert shown(page_of(browser, f"{path}?status=nonsense")) == [by_api.pk, failed.pk, old.pk]
    nothing = page_of(browser, f"{path}?status=stuck")
    assert "No run matches" in nothing.by_id("main").text


def test_runs_come_in_pages_that_keep_the_filter(browser: Client, make_run: MakeRun) -> None:
    ids = [lead_to(make_run(), "cancelled").pk for _ in range(60)]
    first = page_of(browser, "/runs/?status=cancelled")
    assert shown(first) == ids[:9:-1]
    [older] = [link for link in first.all("a") if link.text == "Older runs"]
    assert "status=cancelled" in older.attributes["href"]
    make_run()
    assert shown(page_of(browser, "/runs/" + older.attributes["href"])) == ids[9::-1]


def test_a_made_up_cursor_leads_back_to_the_newest(browser: Client, run: Run) -> None:
    assert browser.get("/runs/?cursor=nonsense")["Location"] == "/runs/"


@pytest.mark.parametrize("path", ["/runs/", "/simulations/a-toy/"])
def test_a_lab_without_runs_says_what_to_do(browser: Client, simulation: Simulation, path: str) -> None:
    assert "No runs recorded yet" in page_of(browser, path).by_id("main").text


def test_a_viewer_sees_no_controls_on_the_page_of_a_run(viewer: User, run: Run) -> None:
    lead_to(run, "failed")
    services.delete(Run.objects.get(pk=run.pk), by=None)
    page = page_of(signed_in(viewer), f"/runs/{run.pk}/")
    assert [button for button in page.all("button") if "data-act" in button.attributes] == []
    assert page.all("button", formaction=f"/runs/{run.pk}/restore/") == []


@pytest.mark.parametrize("has_parquet", [True, False])
def test_parquet_is_offered_where_it_can_be_written(
    browser: Client, run: Run, monkeypatch: pytest.MonkeyPatch, has_parquet: bool
) -> None:
    monkeypatch.setattr("runs.views.find_spec", lambda name: object() if has_parquet else None)
    page = browser.get(f"/runs/{run.pk}/").content.decode()
    assert ("format=parquet" in page) == has_parquet
    assert "format=json" in page
