"""What a run was like: decisions and problems from a real play, through rows and API, to words."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from runs import insight, services
from runs.agents import agents_of
from runs.models import Run, Simulation
from runs.simulations import create_simulation
from runs.states import FailureKind, Status, Trigger
from tests.conftest import Api, MakeRun
from tests.runs.lives import ERROR, claimed, lead_to, turn

pytestmark = pytest.mark.django_db(transaction=True)
NOTHING_MORE: dict[str, Any] = {"given_up": [], "nodes": [], "edges": []}


@pytest.fixture
def deciding(transactional_db: None) -> Simulation:
    return create_simulation(name="Deciding", scenario="deciding", turns=12)


@pytest.fixture
def run(played: None, deciding: Simulation) -> Run:
    """12 turns: 6 pending and settled, 3 successes, 3 failures."""
    [made] = services.create_runs(deciding, trigger=Trigger.MANUAL, seed=1)
    made.refresh_from_db()
    assert (made.status, made.error_message) == ("completed", "")
    return made


def test_decisions_are_kept_with_their_outcomes_and_counted(run: Run) -> None:
    rows = list(run.decisions.all())
    assert [row.number for row in rows] == list(range(1, 13))
    assert [row.outcome for row in rows[:4]] == ["success", "success", "success", "failure"]
    assert (rows[0].tokens, rows[0].reasoning, rows[0].context) == (5, "It seemed right.", {"seen": 1})
    assert rows[3].error == "a wall"
    assert (run.decision_count, run.decisions_successful, run.decisions_failed) == (12, 9, 3)
    assert (run.decision_tokens, run.decision_latency_ms, run.deciding_agents) == (6 * 5 + 3 * 3, 60, 2)
    assert run.total_tokens == 39
    assert run.decision_success_rate == 0.75


def test_rows_are_capped_and_failures_kept_first_while_counts_stay_exact(
    played: None, deciding: Simulation, settings: Any
) -> None:
    settings.MAX_DECISIONS_PER_RUN = 4
    [made] = services.create_runs(deciding, trigger=Trigger.MANUAL, seed=1)
    made.refresh_from_db()
    assert (made.decision_count, made.decisions_dropped, made.decisions.count()) == (12, 8, 4)
    assert list(made.decisions.values_list("number", "outcome")) == [
        (1, "success"),
        (4, "failure"),
        (8, "failure"),
        (12, "failure"),
    ]


def test_the_api_filters_and_pages_decisions(api: Api, run: Run) -> None:
    path = f"/runs/{run.pk}/decisions"
    first = api.get(path, limit=5).json()
    assert [item["number"] for item in first["items"]] == [1, 2, 3, 4, 5]
    assert first["counts"] == {
        "total": 12,
        "successful": 9,
        "failed": 3,
        "pending": 0,
        "dropped": 0,
        "success_rate": 0.75,
        "tokens": 39,
        "latency_ms": 60.0,
        "agents": 2,
    }
    rest = api.get(path, cursor=first["next_cursor"], limit=100).json()
    assert [item["number"] for item in rest["items"]] == list(range(6, 13))
    assert rest["next_cursor"] is None
    assert [item["turn"] for item in api.get(path, outcome="failure").json()["items"]] == [4, 8, 12]
    assert {item["agent"] for item in api.get(path, agent="agent 1").json()["items"]} == {"agent 1"}
    assert api.get(path, outcome="perhaps").status_code == 422


def test_problems_tell_cause_fix_and_decision_and_are_counted_by_severity(api: Api, run: Run) -> None:
    answer = api.get(f"/runs/{run.pk}/problems", severity="warning").json()
    assert answer["counts"] == {"total": 3, "critical": 0, "warning": 3, "minor": 0}
    assert {name: answer["items"][0][name] for name in ("root_cause", "suggested_fix", "decision", "turn")} == {
        "root_cause": "the map",
        "suggested_fix": "Look first.",
        "decision": "4",
        "turn": 4,
    }
    assert api.get(f"/runs/{run.pk}/problems", severity="critical").json()["items"] == []


def test_the_summary_names_key_decisions_warnings_and_successes(api: Api, run: Run) -> None:
    told = api.get(f"/runs/{run.pk}/summary").json()
    assert (told["decision_count"], told["success_rate"], told["problem_count"]) == (12, 0.75, 3)
    assert told["key_decisions"][:2] == [
        "✓ [agent 0] choice 2 → go left [quality: 0.9]",
        "✗ [agent 0] choice 4 → go left",
    ]
    assert len(told["key_decisions"]) == 5
    assert told["warnings"] == ["a wall"] * 3
    assert told["successes"] == [f"Went left in turn {number}." for number in (2, 6, 10)]
    assert told["narrative"].startswith("Completed successfully: 12 of 12 turns")
    assert "12 decisions: 9 succeeded, 3 failed." in told["narrative"]
    assert told["narrative"].endswith("Failed on: choice 4, choice 8, choice 12.")
    assert (told["quality"], told["analysis"]) == ("degraded", None)
    assert told["attention"] == ["25 % of its decisions failed"]


@pytest.mark.parametrize(
    ("beyond", "reason"),
    [
        ({"attempt": 5}, "4 retries"),
        ({"total_tokens": 100_001}, "100,001 tokens"),
        ({"decision_count": 1, "decision_latency_ms": 60_001.0}, "a decision took 1 m 00 s on average"),
        ({"decision_count": 9, "decisions_successful": 8, "decisions_failed": 1}, "11 % of its decisions failed"),
        ({"critical_count": 1, "problem_count": 1}, "1 critical problem"),
        ({"verification": {"status": "differs"}}, "it could not be repeated"),
        ({"status": "stuck"}, "it makes no turns"),
    ],
)
def test_a_run_is_flagged_beyond_a_threshold_and_not_at_it(
    make_run: MakeRun, beyond: dict[str, Any], reason: str
) -> None:
    at = {"attempt": 4, "total_tokens": 100_000, "decision_count": 1, "decision_latency_ms": 60_000.0}
    few = {"decisions_successful": 3, "decisions_failed": 1}
    assert insight.attention(Run(status="completed", **at)) == []
    assert insight.attention(Run(status="completed", **few)) == []
    assert insight.attention(Run(**{"status": "completed", **beyond})) == [reason]


@pytest.mark.parametrize(
    ("status", "says", "quality"),
    [
        (Status.QUEUED, "It waits to be played.", None),
        (Status.RUNNING, "It is being played: 2 of 5 turns so far.", None),
        (Status.STUCK, "It is stuck: no turn has come since turn 2, but its player is alive.", None),
        (Status.COMPLETED, "Completed successfully: it ended by itself after 2 of 5 turns", "clean"),
        (Status.FAILED, "It failed in turn 3: RuntimeError: boom.", "failed"),
        (Status.CANCELLED, "It was cancelled after 0 of 5 turns; what it recorded until then is kept.", None),
    ],
)
def test_each_state_has_words_of_its_own(make_run: MakeRun, status: Status, says: str, quality: Any) -> None:
    run = lead_to(make_run(turns=5), status)
    assert insight.narrative(run).startswith(says)
    assert insight.quality(run) == quality
    assert ("fail" in insight.narrative(run)) is (status is Status.FAILED)


def test_a_failure_is_analysed_up_to_its_first_failed_decision(make_run: MakeRun) -> None:
    run = make_run(turns=5)
    player = claimed(run)
    rows = [
        {**DECISION, "number": 1, "outcome": "success"},
        {**DECISION, "number": 2, "outcome": "failure", "error": "No bread.", "options": OPTIONS, "chosen": "buy"},
        {**DECISION, "number": 3, "outcome": "failure", "error": "Later."},
    ]
    fix = {"severity": "critical", "description": "Hungry.", "source": "", "suggested_fix": "Eat."}
    player.add([turn(1, problems=[fix], entry={"decisions": rows, "settled": [], **NOTHING_MORE})])
    player.fail(FailureKind.MODEL, ERROR)
    found = insight.analysis(Run.objects.get(pk=run.pk))
    assert found is not None
    assert found.first_failure == "✗ [ada] shop → buy bread"
    assert found.cause == "No bread. Then RuntimeError: boom"
    assert found.chain == ["✓ [ada] shop → nothing chosen", "✗ [ada] shop → buy bread"]
    assert found.problems == ["[critical] Hungry."]
    assert found.suggestions[0] == "For “shop” try “bake bread” instead."
    assert "Eat." in found.suggestions


OPTIONS = [
    {"id": "buy", "description": "buy bread", "confidence": None},
    {"id": "bake", "description": "bake bread", "confidence": None},
]
DECISION: dict[str, Any] = {
    "agent": "ada",
    "intent": "shop",
    "decision_type": "custom",
    "options": [],
    "chosen": "",
    "reasoning": "",
    "key": "",
    "context": {},
    "summary": "",
    "error": "",
    "tokens": None,
    "latency_ms": None,
    "cost_usd": None,
    "quality": None,
}


def test_an_outcome_is_written_once(make_run: MakeRun) -> None:
    run = make_run(turns=5)
    player = claimed(run)
    fate = {name: DECISION[name] for name in ("summary", "error", "tokens", "latency_ms", "cost_usd", "quality")}
    player.add(
        [turn(1, entry={"decisions": [{**DECISION, "number": 1, "outcome": "pending"}], "settled": [], **NOTHING_MORE})]
    )
    for number, outcome in ((2, "failure"), (3, "success")):
        settled = [{**fate, "number": 1, "outcome": outcome}]
        player.add([turn(number, entry={"decisions": [], "settled": settled, **NOTHING_MORE})])
    assert run.decisions.get().outcome == "failure"


def test_patterns_name_the_errors_met_most_and_the_agents_that_fail(
    played: None, api: Api, deciding: Simulation
) -> None:
    for seed in range(3):
        services.create_runs(deciding, trigger=Trigger.MANUAL, seed=seed)
    told = api.get("/simulations/deciding/patterns").json()
    assert (told["runs"], told["completed_rate"]) == (3, 1.0)
    assert told["top_errors"] == [{"error": "a wall", "count": 9}]
    assert told["failing_agents"] == [{"agent": "agent 0", "total": 18, "failed": 9, "rate": 0.5}]


def test_the_page_of_a_simulation_shows_its_patterns(played: None, browser: Client, deciding: Simulation) -> None:
    assert "No run has ended yet." in browser.get("/simulations/deciding/patterns/").content.decode()
    services.create_runs(deciding, trigger=Trigger.MANUAL, seed=1)
    page = browser.get("/simulations/deciding/patterns/").content.decode()
    assert "1 ended run, 100.0% completed." in page
    assert "a wall" in page
    assert "/simulations/deciding/patterns/" in browser.get("/simulations/deciding/").content.decode()


def test_a_simulation_without_runs_has_no_patterns(api: Api, deciding: Simulation) -> None:
    told = api.get("/simulations/deciding/patterns").json()
    assert told == {"runs": 0, "completed_rate": None, "top_errors": [], "failing_agents": []}


def test_the_page_shows_decisions_by_outcome(browser: Client, run: Run) -> None:
    page = browser.get(f"/runs/{run.pk}/?tab=decisions&outcome=failure").content.decode()
    records = page.split('id="records"')[1]
    assert "choice 4 → go left" in records
    assert "choice 2 → go left" not in records


def test_marks_are_kept_and_refused_with_what_to_change(api: Api, run: Run) -> None:
    kept = api.patch(
        f"/runs/{run.pk}", {"tags": [" Paper ", "paper", "base line"], "notes": "See fig. 2", "is_starred": True}
    )
    assert (kept.json()["tags"], kept.json()["notes"], kept.json()["is_starred"]) == (
        ["base line", "paper"],
        "See fig. 2",
        True,
    )
    assert api.patch(f"/runs/{run.pk}", {"is_starred": False}).json()["tags"] == ["base line", "paper"]
    refused = api.patch(f"/runs/{run.pk}", {"tags": ["a,b"]})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["loc"] == ["tags"]
    last = run.events.last()
    assert last is not None
    assert (last.kind, last.detail) == ("marked", "starred")


def test_agents_are_told_with_what_they_decided_and_what_it_cost(
    run: Run, api: Api, browser: Client, django_assert_num_queries: Any
) -> None:
    rows = run.decisions.filter(agent="agent 0")
    for latency, row in enumerate(rows, 1):
        rows.filter(pk=row.pk).update(latency_ms=10 * latency, cost_usd="0.5")
    even, odd = api.get(f"/runs/{run.pk}/agents").json()
    assert even == {
        "agent": "agent 0",
        "decisions": 6,
        "successful": 3,
        "failed": 3,
        "success_rate": 50.0,
        "p50_ms": 30.0,
        "p95_ms": 60.0,
        "p99_ms": 60.0,
        "tokens": 9,
        "cost_usd": 3.0,
    }
    assert (odd["agent"], odd["decisions"], odd["p50_ms"], odd["tokens"], odd["cost_usd"]) == (
        "agent 1",
        6,
        None,
        30,
        None,
    )
    page = browser.get(f"/runs/{run.pk}/?tab=agents").content.decode()
    assert "?tab=decisions&amp;outcome=failure&amp;agent=agent%200" in page
    with django_assert_num_queries(1):
        agents_of(run)


def test_a_run_without_decisions_has_no_agents(make_run: MakeRun, api: Api, browser: Client) -> None:
    bare = lead_to(make_run(), "completed")
    assert api.get(f"/runs/{bare.pk}/agents").json() == []
    assert "No agent has decided anything." in browser.get(f"/runs/{bare.pk}/?tab=agents").content.decode()
