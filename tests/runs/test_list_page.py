"""The page of all runs: asking, sorting, columns, acts upon many, replicates, saved views."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from runs import services
from runs.models import BulkAct, Run, SavedView
from runs.simulations import create_simulation
from runs.states import Trigger
from runs.upkeep import Upkeep
from simweb.access.roles import Role
from tests.conftest import Api, MakeRun, make_person, signed_in
from tests.html import Page, words
from tests.runs.lives import lead_to
from tests.runs.test_api_errors import fields


def page_of(browser: Client, address: str, status: int = 200) -> Page:
    answer = browser.get(address)
    assert answer.status_code == status
    return Page(answer.content.decode())


def listed(page: Page) -> list[int]:
    """The runs of the page, in its order."""
    return [int(box.attributes["value"]) for box in page.all("input", name_="run")]


def upkeep() -> None:
    """What a server does by the clock, as often as it takes."""
    for duty in Upkeep().duties(time.time()):
        duty()


def send(browser: Client, **form: Any) -> Page:
    answer = browser.post("/runs/bulk/", form, follow=True)
    assert answer.status_code == 200
    return Page(answer.content.decode())


@pytest.mark.parametrize("path", ["/runs/", "/simulations/a-toy/"])
def test_the_box_and_the_selects_ask_together(browser: Client, make_run: MakeRun, path: str) -> None:
    first, _, third = (lead_to(make_run(seed=number), "failed") for number in range(3))
    make_run(seed=0)
    page = page_of(browser, f"{path}?q=seed:0+OR+seed:2&status=failed")
    assert listed(page) == [third.pk, first.pk]
    assert page.all("input", name_="q")[0].attributes["value"] == "seed:0 OR seed:2"


def test_what_cannot_be_understood_stays_in_the_box_with_the_reason(browser: Client, make_run: MakeRun) -> None:
    make_run()
    page = page_of(browser, "/runs/?q=colour:red", 422)
    box = page.all("input", name_="q")[0]
    assert box.attributes["value"] == "colour:red"
    assert box.attributes["aria-invalid"] == "true"
    assert "there is no 'colour'" in page.by_id(box.attributes["aria-describedby"]).text
    for address in ("/runs/?sort=colour", "/runs/?columns=colour"):
        assert "Write" in page_of(browser, address, 422).by_id("q-error").text or "write" in page.by_id("q-error").text


def test_heads_sort_and_say_how_the_list_is_sorted(browser: Client, make_run: MakeRun) -> None:
    ids = [make_run(seed=number).pk for number in range(3)]
    page = page_of(browser, "/runs/?q=seed<9&sort=id")
    assert listed(page) == ids
    [sorted_by] = [e for e in page.elements if e.attributes.get("aria-sort") == "ascending"]
    assert "Run" in sorted_by.text
    [link] = [link for link in page.all("a") if words(link.text) == "Run"]
    assert listed(page_of(browser, "/runs/" + link.attributes["href"])) == ids[::-1]


def test_chosen_columns_are_shown_and_remembered(browser: Client, make_run: MakeRun) -> None:
    lead_to(make_run(seed=7), "completed")
    page = page_of(browser, "/runs/?column=seed&column=tags&more=param.agents+metric.run.actions.total")
    [row] = page.all("tbody")
    assert words(row.text).endswith("Completed 71055")
    again = page_of(browser, "/runs/")
    assert words(again.all("tbody")[0].text).endswith("Completed 71055")
    assert again.all("a", href="?sort=-param.agents")


def test_a_row_of_chosen_columns_is_fetched_as_the_page_has_it_and_what_is_gone_says_so(
    viewer: User, make_run: MakeRun
) -> None:
    first, second, deleted = (lead_to(make_run(seed=number), "completed") for number in (5, 6, 7))
    services.delete(deleted, by=None)
    browser = signed_in(viewer)
    table = page_of(browser, "/runs/?columns=seed,metric.run.actions.total")
    address = table.all("listed-rows")[0].attributes["data-from"]
    fetched = page_of(browser, f"{address}&ids={second.pk},{deleted.pk},{first.pk},987654321,nonsense,{'9' * 30}")
    drawn = {row.attributes["id"]: row for row in table.all("tr") if "id" in row.attributes}
    rows = {row.attributes["id"]: row for row in fetched.top}
    for run in (first, second):
        name = f"run-{run.pk}-listed"
        assert (rows[name].text, rows[name].attributes) == (drawn[name].text, drawn[name].attributes)
    assert words(rows[f"run-{first.pk}-listed"].text).endswith("Completed 555")
    gone = {name for name, row in rows.items() if "data-gone" in row.attributes}
    assert gone == {f"run-{deleted.pk}-listed", "run-987654321-listed"} == set(rows) - set(drawn)


def test_rows_of_columns_that_there_are_none_of_are_refused(browser: Client, run: Run) -> None:
    answer = browser.get(f"/runs/rows/?columns=colour&ids={run.pk}")
    assert answer.status_code == 422
    assert "There is no 'colour'" in answer.content.decode()


def test_rows_are_for_those_who_are_signed_in(run: Run) -> None:
    assert Client().get(f"/runs/rows/?columns=seed&ids={run.pk}")["Location"].startswith("/sign-in/")


def test_fifty_rows_are_fetched_with_as_many_queries_as_one(browser: Client, make_run: MakeRun) -> None:
    from tests.runs.test_indexes import executed

    ids = [str(make_run().pk) for _ in range(60)]
    few = len(executed(lambda: browser.get(f"/runs/rows/?columns=tags&ids={ids[0]}")))
    answers = []
    many = executed(lambda: answers.append(page_of(browser, f"/runs/rows/?columns=tags&ids={','.join(ids)}")))
    assert len(many) == few
    assert len(answers[0].top) == 50, "no more than a page shows"


@pytest.mark.parametrize("columns", ["", "created,seed,turns,tags,param.agents,metric.run.actions.total"])
def test_a_page_of_runs_is_fetched_with_as_many_queries_as_one_run(
    browser: Client, make_run: MakeRun, columns: str
) -> None:
    from tests.runs.test_indexes import executed

    make_run(), lead_to(make_run(), "failed")
    few = len(executed(lambda: browser.get(f"/runs/?columns={columns}")))
    make_run(), lead_to(make_run(), "completed"), lead_to(make_run(), "failed")
    assert len(executed(lambda: browser.get(f"/runs/?columns={columns}"))) == few


def test_an_act_upon_ticked_runs_is_done_at_once_and_refusals_are_told(browser: Client, make_run: MakeRun) -> None:
    failed, queued, spared = lead_to(make_run(), "failed"), make_run(), lead_to(make_run(), "failed")
    page = send(browser, act="delete", run=[failed.pk, queued.pk])
    assert "Finished: 1 of 2 done, 1 refused." in words(page.by_id("main").text)
    assert f"Run {queued.pk}: run {queued.pk} is queued" in words(page.by_id("main").text)
    assert listed(page_of(browser, "/runs/")) == [spared.pk, queued.pk]


@pytest.mark.parametrize(
    ("act", "check"),
    [
        ("retry", lambda run: run.retries.count() == 1),
        ("star", lambda run: Run.objects.get(pk=run.pk).is_starred),
        ("tag", lambda run: Run.objects.get(pk=run.pk).tags == ["later"]),
    ],
)
def test_an_act_upon_all_that_match_goes_on_with_the_clock(
    browser: Client, make_run: MakeRun, act: str, check: Any
) -> None:
    failed = [lead_to(make_run(), "failed") for _ in range(3)]
    spared = lead_to(make_run(), "cancelled")
    page = send(browser, act=act, all="on", q="status:failed", tag="Later")
    assert "0 of … done" in words(page.by_id("main").text)
    upkeep()
    upkeep()
    address = f"/runs/bulk/{BulkAct.objects.get().pk}/"
    assert "Finished: 3 of 3 done." in words(page_of(browser, address).by_id("main").text)
    assert all(check(run) for run in failed)
    assert not check(spared)


def test_an_act_upon_all_of_a_simulation_spares_those_of_others(browser: Client, make_run: MakeRun) -> None:
    other = create_simulation(name="B", scenario="toy", slug="b")
    mine, spared = make_run(seed=1), make_run(other, seed=2)
    page = page_of(browser, "/simulations/a-toy/?q=seed:1+OR+seed:2")
    [form] = [box for box in page.all("input", name_="q", type="hidden") if "bulk" in box.attributes.get("id", "")]
    send(browser, act="stop", all="on", q=form.attributes["value"])
    upkeep()
    assert Run.objects.get(pk=mine.pk).status == "cancelled"
    assert Run.objects.get(pk=spared.pk).status == "queued"


def test_stop_reaches_every_run_that_has_not_ended(browser: Client, make_run: MakeRun) -> None:
    runs = [make_run() for _ in range(3)]
    send(browser, act="stop", run=[run.pk for run in runs])
    assert set(Run.objects.values_list("status", flat=True)) == {"cancelled"}


def test_a_text_that_more_runs_hold_than_a_page_shows_is_found_and_counted(browser: Client, make_run: MakeRun) -> None:
    for _ in range(51):
        make_run()
    page = page_of(browser, "/runs/?q=toy")
    assert "all 51 that match" in words(page.by_id("main").text)


def test_a_deletion_of_many_can_be_undone_for_a_week(browser: Client, make_run: MakeRun) -> None:
    runs = [lead_to(make_run(), "failed").pk for _ in range(3)]
    send(browser, act="delete", run=runs)
    assert listed(page_of(browser, "/runs/")) == []
    bulk = BulkAct.objects.get()
    BulkAct.objects.update(created_at=timezone.now() - timedelta(days=8))
    refused = browser.post(f"/runs/bulk/{bulk.pk}/undo/", follow=True).content.decode()
    assert "Only deletions of the last 7 days can be undone" in refused
    BulkAct.objects.update(created_at=timezone.now())
    browser.post(f"/runs/bulk/{bulk.pk}/undo/")
    assert listed(page_of(browser, "/runs/")) == runs[::-1]


def test_compare_and_export_lead_on_with_the_ticked_runs(viewer: User, make_run: MakeRun) -> None:
    ids = [make_run().pk for _ in range(2)]
    browser = signed_in(viewer)
    listing = ",".join(map(str, ids))
    assert browser.post("/runs/bulk/", {"act": "compare", "run": ids})["Location"] == f"/compare/?runs={listing}"
    exported = browser.post("/runs/bulk/", {"act": "export", "run": ids})
    assert exported["Location"] == f"/api/v1/runs/export?ids={listing}"
    assert (
        "Tick the runs to compare first"
        in browser.post("/runs/bulk/", {"act": "compare"}, follow=True).content.decode()
    )


def test_a_viewer_does_nothing_to_many(viewer: User, make_run: MakeRun) -> None:
    run = make_run()
    assert signed_in(viewer).post("/runs/bulk/", {"act": "stop", "run": [run.pk]}).status_code == 403
    assert not BulkAct.objects.exists()


@pytest.mark.parametrize("form", [{"act": "stop"}, {"act": "explode", "run": [1]}, {"act": "tag", "run": [1]}])
def test_an_act_that_makes_no_sense_is_refused(browser: Client, run: Run, form: dict[str, Any]) -> None:
    assert "notice error" in browser.post("/runs/bulk/", form, follow=True).content.decode()
    assert not BulkAct.objects.exists()


def test_replicates_are_grouped_with_mean_and_spread(browser: Client, make_run: MakeRun) -> None:
    for number in range(3):
        lead_to(make_run(seed=number), "completed")
    lead_to(make_run(params={"agents": 3}), "completed")
    lead_to(make_run(seed=2), "completed")  # the same once more is no further replicate
    lead_to(make_run(seed=9, trigger=Trigger.VERIFY), "completed")
    page = page_of(browser, "/runs/?group=run.actions.total")
    rows = [words(row.text) for row in page.all("tr")][1:]
    assert len(rows) == 2
    assert rows[0].endswith("3550Compare")
    assert rows[1].endswith("155—")


def test_a_view_is_saved_seen_and_removed(browser: Client, make_run: MakeRun) -> None:
    failed = lead_to(make_run(), "failed")
    make_run()
    form = {"name": "Broken", "q": "status:failed", "sort": "-duration", "columns": "seed", "is_shared": "on"}
    answer = browser.post("/runs/views/", form, follow=True)
    assert listed(Page(answer.content.decode())) == [failed.pk]
    other = signed_in(make_person(Role.OPERATOR, "other"))
    assert "Broken (operator)" in words(page_of(other, "/runs/").by_id("main").text)
    other.post(f"/runs/views/{SavedView.objects.get().pk}/remove/")
    assert SavedView.objects.exists()
    browser.post(f"/runs/views/{SavedView.objects.get().pk}/remove/")
    assert not SavedView.objects.exists()


def test_views_are_kept_by_the_api(api: Api, viewer_api: Api) -> None:
    made = api.post("/saved-views", {"name": "Mine", "query": "is:starred", "sort": "-cost", "columns": ["seed"]})
    assert made.status_code == 201
    address = f"/saved-views/{made.json()['id']}"
    assert viewer_api.get(address).status_code == 404
    assert api.patch(address, {"is_shared": True}).json()["is_shared"] is True
    assert [view["name"] for view in viewer_api.get("/saved-views").json()["items"]] == ["Mine"]
    assert list(fields(api.post("/saved-views", {"name": "x", "query": "("}))) == ["q"]
    assert list(fields(api.post("/saved-views", {"name": " "}))) == ["name"]
    assert api.delete(address).status_code == 204
    assert api.get(address).status_code == 404


@pytest.mark.parametrize("query", ["q=seed>=0", "sort=-duration", "columns=seed,tags", "group=run.actions.total"])
def test_any_list_asks_the_database_as_often_for_thirty_rows_as_for_one(
    browser: Client, make_run: MakeRun, django_assert_num_queries: Any, query: str
) -> None:
    from tests.runs.test_indexes import executed

    lead_to(make_run(), "completed")
    few = len(executed(lambda: browser.get(f"/runs/?{query}")))
    for _ in range(30):
        lead_to(make_run(), "completed")
    assert len(executed(lambda: browser.get(f"/runs/?{query}"))) == few
