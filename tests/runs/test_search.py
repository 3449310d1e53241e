"""What may be asked of the runs: one language, through the API."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from runs import paging
from runs.models import Run, Simulation
from runs.search import parse
from runs.simulations import create_simulation
from runs.specs import BadSpec
from tests.conftest import Api, MakeRun
from tests.runs.lives import lead_to
from tests.runs.test_api_errors import fields

DAY = timedelta(days=1)


@pytest.fixture
def lab(make_run: MakeRun, simulation: Simulation, operator: Any) -> dict[str, int]:
    """Five runs that differ in everything that may be asked for; their numbers by name."""
    other = create_simulation(name="Über town", scenario="toy", slug="town")
    failed = lead_to(make_run(seed=1, trigger="api"), "failed")
    done = lead_to(make_run(seed=42, params={"agents": 200, "note": "42", "polite": False}), "completed")
    stopped = lead_to(make_run(other, seed=3, turns=9, by=operator), "cancelled")
    queued = make_run(seed=4, params={"mood": "very-loud"})
    costly = lead_to(make_run(seed=5), "running")
    now = timezone.now()
    Run.objects.filter(pk=failed.pk).update(tags=["draft", 'say "so"'], is_starred=True)
    Run.objects.filter(pk=stopped.pk).update(notes="Look HERE, 100% odd_one", tags=["größe"])
    Run.objects.filter(pk=costly.pk).update(
        total_tokens=1500, total_cost_usd=Decimal("0.25"), duration_ms=12_000, created_at=now - 10 * DAY
    )
    Run.objects.filter(pk=done.pk).update(verification={"status": "verified", "runs": []})
    names = {"failed": failed, "done": done, "stopped": stopped, "queued": queued, "costly": costly}
    return {name: run.pk for name, run in names.items()}


CASES = [
    ("", "queued stopped done failed costly"),
    ("status:failed", "failed"),
    ("Status:FAILED", "failed"),
    ("status!=failed", "queued stopped done costly"),
    ("-status:failed", "queued stopped done costly"),
    ("--status:failed", "failed"),
    ("trigger:api", "failed"),
    ("failure:model", "failed"),
    ("simulation:town", "stopped"),
    ("-simulation:town", "queued done failed costly"),
    ("simulation:nowhere", ""),
    ("scenario:toy status:queued", "queued"),
    ("tag:draft", "failed"),
    ("-tag:draft", "queued stopped done costly"),
    ("tag:dra", ""),
    ("tag:größe", "stopped"),
    ('tag:"say \\"so\\""', "failed"),
    ("is:starred", "failed"),
    ("is:tagged", "stopped failed"),
    ("is:verified", "done"),
    ("-is:verified", "queued stopped failed costly"),
    ("by:operator", "stopped"),
    ("-by:operator", "queued done failed costly"),
    ("seed:42", "done"),
    ("seed>3", "queued done costly"),
    ("seed >= 3 seed < 5", "queued stopped"),
    ("param.agents>100", "done"),
    ("param.agents = 200", "done"),
    ("param.agents!=200", "queued stopped failed costly"),
    ("-param.agents=200", "queued stopped failed costly"),
    ("param.nothing:1", ""),
    ("-param.nothing:1", "queued stopped done failed costly"),
    ("param.mood:very-loud", "queued"),
    ('param.note:"42"', "done"),
    ("param.note:42", ""),
    ("param.polite:false", "done"),
    ("param.mood>5", ""),
    ("metric.run.actions.total<500", "done"),
    ("metric.run.actions.total:55", "done"),
    ("-metric.run.actions.total<500", "queued stopped failed costly"),
    ("created:7d", "queued stopped done failed"),
    ("created<7d", "costly"),
    ("created>2000-01-01", "queued stopped done failed costly"),
    ("created<2000-01-01", ""),
    ("started>2000-01-01T10:30", "done failed costly"),
    ("-started>2000-01-01", "queued stopped"),
    ("duration>10s", "costly"),
    ("duration:12", "costly"),
    ("duration<=1h -status:running", "done failed"),
    ("-duration>10s", "queued stopped done failed"),
    ("tokens>=1500", "costly"),
    ("-tokens>=1500", "queued stopped done failed"),
    ("cost:$0.25", "costly"),
    ("cost<0.2", ""),
    ("turns>5", "stopped"),
    ("problems:0 turns:9", "stopped"),
    ("boom", "failed"),
    ("BOOM", "failed"),
    ("-boom", "queued stopped done costly"),
    ("here", "stopped"),
    ('"look here"', "stopped"),
    ('"100% odd_one"', "stopped"),
    ("100%o", ""),
    ("draft", "failed"),
    ("town", "stopped"),
    ("größe", "stopped"),
    ("status:failed OR status:queued", "queued failed"),
    ("status:failed OR status:queued seed:4", "queued failed"),
    ("(status:failed OR status:queued) seed:4", "queued"),
    ("-(status:failed OR status:queued)", "stopped done costly"),
    ("((seed:1)) OR (seed:3 turns:9)", "stopped failed"),
]


def found(api: Api, lab: dict[str, int], **query: Any) -> str:
    """The names of the runs that the API finds, in its order."""
    answer = api.get("/runs", **query)
    assert answer.status_code == 200, answer.content
    names = {pk: name for name, pk in lab.items()}
    return " ".join(names[run["id"]] for run in answer.json()["items"])


def test_a_query_finds_what_it_says(api: Api, lab: dict[str, int]) -> None:
    told = {q: found(api, lab, q=q) for q, _ in CASES}
    assert told == dict(CASES)


def test_a_query_printed_and_read_again_finds_the_same(api: Api, lab: dict[str, int]) -> None:
    for q, names in CASES:
        assert found(api, lab, q=str(parse(q))) == names, q


def test_the_id_of_a_run_is_a_term(api: Api, lab: dict[str, int]) -> None:
    assert found(api, lab, q=f"id:{lab['done']} OR id={lab['failed']}") == "done failed"


def test_the_other_parameters_narrow_what_the_query_finds(api: Api, lab: dict[str, int]) -> None:
    assert found(api, lab, q="turns:5", status="failed", since="7d", trigger="api") == "failed"


REFUSED = [
    ("status:nonsense", "At character 1, “status:nonsense”: write one of queued, running, "),
    ("boom colour:red", "At character 6, “colour:red”: there is no 'colour': write status, "),
    ("(status:failed", "At character 1, “(status:failed”: this ( is not closed"),
    ("status:failed)", "At character 14, “)”: this ) closes nothing"),
    ("a OR", "At character 5, the end: something to look for is missing"),
    ("OR a", "At character 1, “OR a”: something to look for is missing"),
    ("()", "something to look for is missing"),
    ('x "never', 'At character 3, “"never”: this " is not closed'),
    ('tag:"never', 'At character 5, “"never”: this " is not closed'),
    ('""', "there is nothing between these quotes"),
    ("status:", "At character 1, “status:”: a value is missing after status:"),
    ("seed:x", "write a whole number"),
    ("seed:-1", "write a whole number"),
    (f"seed:{2**70}", "write a whole number"),
    ("param.agents>many", "write a number to compare with"),
    ("param.agents>1e999", "write a number to compare with"),
    ("tag>a", "it cannot be larger or smaller"),
    ("is:odd", "write one of is:starred"),
    ("created:yesterday", "write a day such as 2026-11-01"),
    ("created:2026-13-01", "write a day such as 2026-11-01"),
    ("created:999999d", "write at most 36500d"),
    ("duration>soon", "write a time such as 500ms, 10s"),
    ("cost>1e300", "write an amount of dollars"),
    (">5", "write a name before it"),
    ("a -OR", "directly after the -"),
    ("(" * 30 + "a" + ")" * 30, "nested too deep"),
    ("a " * 60, "at most 50 terms"),
    ("a" * 1001, "Is at most 1,000 characters long"),
]


@pytest.mark.parametrize(("q", "words"), REFUSED, ids=[q[:20] for q, _ in REFUSED])
def test_what_cannot_be_understood_is_refused_with_its_place_and_what_to_write(
    api: Api, simulation: Simulation, q: str, words: str
) -> None:
    refused = fields(api.get("/runs", q=q))
    assert list(refused) == ["q"]
    assert words in refused["q"]


PIECES = st.sampled_from(
    [
        "status:",
        "failed",
        "OR",
        "(",
        ")",
        "-",
        '"',
        "\\",
        "param.",
        "agents",
        ">",
        "<=",
        "!=",
        "1",
        "7d",
        " ",
        "tag:",
        "é",
    ]
)
TEXTS = st.one_of(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60),
    st.lists(PIECES, max_size=12).map("".join),
    st.lists(PIECES, max_size=9).map(" ".join),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS)
@example(q='"\\ "')
def test_any_text_is_understood_or_refused_and_what_is_understood_can_be_printed(lab: dict[str, int], q: str) -> None:
    try:
        query = parse(q)
    except BadSpec:
        return
    printed = str(query)
    assert str(parse(printed)) == printed
    everything = Run.objects.order_by("pk").values_list("pk", flat=True)
    assert list(parse(printed).select(everything)) == list(query.select(everything))


ORDERS = {
    "created": "costly failed done stopped queued",
    "-created": "queued stopped done failed costly",
    "id": "failed done stopped queued costly",
    "-id": "costly queued stopped done failed",
    "-tokens": "costly queued stopped done failed",
    "tokens": "costly failed done stopped queued",
    "-cost": "costly queued stopped done failed",
    "status": "stopped done failed queued costly",
    "simulation": "failed done queued costly stopped",
    "param.agents": "failed stopped queued costly done",
    "-param.agents": "done costly queued stopped failed",
    "param.mood": "failed done stopped costly queued",
    "-metric.run.actions.total": "done costly queued stopped failed",
}


def test_runs_are_sorted_and_what_is_unknown_comes_last(api: Api, lab: dict[str, int]) -> None:
    told = {sort: found(api, lab, sort=sort) for sort in ORDERS}
    assert told == ORDERS


SORTS = [
    "started",
    "duration",
    "tokens",
    "cost",
    "status",
    "simulation",
    "id",
    "param.agents",
    "param.mood",
    "metric.run.x",
]


@pytest.mark.parametrize("sort", [sign + name for name in ["created", *SORTS] for sign in ("", "-")])
def test_pages_of_any_sort_show_every_run_once(api: Api, make_run: MakeRun, sort: str) -> None:
    other = create_simulation(name="B toy", scenario="toy", slug="b-toy")
    now = timezone.now()
    for number in range(23):
        run = make_run(other if number % 3 else None, params={"agents": 1 + number % 4})
        known: dict[str, Any] = {"total_tokens": number % 5} if number % 2 else {}
        known |= {"total_cost_usd": Decimal(number % 3) / 7} if number % 3 else {"created_at": now}
        Run.objects.filter(pk=run.pk).update(**known)
        lead_to(run, ["queued", "completed", "failed", "cancelled"][number % 4])
    everything = [run["id"] for run in api.get("/runs", sort=sort, limit=100).json()["items"]]
    pages: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = api.get("/runs", sort=sort, limit=4, cursor=cursor).json()
        pages += [run["id"] for run in answer["items"]]
        assert len(pages) < 30
        cursor = answer["next_cursor"]
    assert pages == everything
    assert sorted(pages) == sorted(Run.objects.values_list("pk", flat=True))


@pytest.mark.parametrize("sort", ["colour", "--created", "param.", "metric", "turn.x", "created,id", "param.a b"])
def test_an_order_that_is_unknown_is_refused_with_those_that_are_known(
    api: Api, simulation: Simulation, sort: str
) -> None:
    refused = fields(api.get("/runs", sort=sort))
    assert list(refused) == ["sort"]
    assert "created, started, duration" in refused["sort"]


def test_a_cursor_of_another_sort_is_refused(api: Api, make_run: MakeRun) -> None:
    for _ in range(3):
        make_run()
    cursor = api.get("/runs", sort="-id", limit=1).json()["next_cursor"]
    assert list(fields(api.get("/runs", sort="id", limit=1, cursor=cursor))) == ["cursor"]


def test_a_search_row_by_row_goes_on_where_it_stopped(
    api: Api, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rare word in a long history: pages may be empty, and still the next ones find everything."""
    monkeypatch.setattr("runs.finding.SCANNED", 4)
    ids = [make_run(seed=number).pk for number in range(20)]
    pages, cursor = [], ""
    while cursor is not None:
        answer = api.get("/runs", q="seed<2 OR seed:13", cursor=cursor).json()
        pages.append([run["id"] for run in answer["items"]])
        assert len(pages) < 30
        cursor = answer["next_cursor"]
    assert [pk for page in pages for pk in page] == [ids[13], ids[1], ids[0]]
    assert [] in pages
    assert paging.SCANNED > 1000
