"""Insight: what a run was like, in words and figures. Drawn from what was recorded; nothing here is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet

from runs.models import Decision, Problem, Run, Simulation
from runs.states import FailureKind, Status
from runs.templatetags.show import FATE_MARKS, amount, duration

KEY_DECISIONS = 5
SUCCESSES = 3
FAILED_INTENTS = 3
GOOD_QUALITY = 0.8
CHAIN = 20
PATTERN_RUNS = 200
LEAST_DECISIONS = 5
TOP_ERRORS = 5
ADVICE = {
    FailureKind.MODEL: "The scenario's own code raised this: the traceback names the line, the log what it printed before.",
    FailureKind.LOST: "Nothing in the model is known to be wrong: retry it, or let the simulation retry lost runs by itself.",
    FailureKind.TIMEOUT: "Give it more time in the simulation's settings, or make its turns cheaper.",
    FailureKind.SYSTEM: "Raise the memory limit in the simulation's settings, or make the world smaller.",
    FailureKind.BUDGET: "Raise the budget, or ask the models less often.",
}
UNREAD = {"TooMuchSaid", "Unreadable"}  # no line of the model raised these


@dataclass(frozen=True, slots=True)
class Analysis:
    """Why a run failed: the first decision that failed, the cause, what led there, what to try."""

    first_failure: str | None
    cause: str
    chain: list[str]
    problems: list[str]
    suggestions: list[str]


@dataclass(frozen=True, slots=True)
class Summary:
    """A run in brief. `success_rate` is the share (0–1) of settled decisions that succeeded.

    Lists have the first few; the counts beside them are of all.
    """

    run_id: int
    simulation: str
    status: str
    duration_ms: int | None
    decision_count: int
    success_rate: float
    problem_count: int
    narrative: str
    key_decisions: list[str]
    critical_problems: list[str]
    critical_count: int
    warnings: list[str]
    warning_count: int
    successes: list[str]
    decisions_successful: int
    decisions_failed: int
    quality: str | None
    attention: list[str]
    analysis: dict[str, Any] | None
    nodes_executed: list[str]
    edges_traversed: list[str]
    nodes_left_out: int
    edges_left_out: int


@dataclass(frozen=True, slots=True)
class Highlights:
    """What the page shows of the summary, as rows to lead to. `success_percent` is None when no decision is settled."""

    success_percent: float | None
    settled: int
    key: list[Decision]
    worked: list[Decision]
    more_failed: int
    critical: list[Problem]
    more_critical: int
    nodes_left_out: int
    edges_left_out: int


@dataclass(frozen=True, slots=True)
class Patterns:
    """What the newest runs of a simulation have in common. Rates are shares (0–1)."""

    runs: int
    completed_rate: float | None
    top_errors: list[dict[str, Any]] = field(default_factory=list)
    failing_agents: list[dict[str, Any]] = field(default_factory=list)

    @property
    def completed_percent(self) -> float | None:
        """For the page."""
        return None if self.completed_rate is None else 100 * self.completed_rate


def one_line(decision: Decision) -> str:
    """`✓ [agent] intent → what was chosen [quality: 0.8]`."""
    chosen = decision.chosen_option or "nothing chosen"
    judged = "" if decision.quality is None else f" [quality: {decision.quality:g}]"
    return f"{FATE_MARKS[decision.outcome]} [{decision.agent}] {decision.intent} → {chosen}{judged}"


def narrative(run: Run) -> str:
    """What happened, in sentences: the scenario's own where it gave some."""
    if run.narrative:
        return run.narrative
    sentences = [_how_it_stands(run)]
    if run.decision_count:
        pending = f", {amount(run.decisions_pending)} pending" if run.decisions_pending else ""
        good, bad = amount(run.decisions_successful), amount(run.decisions_failed)
        sentences.append(f"{amount(run.decision_count)} decisions: {good} succeeded, {bad} failed{pending}.")
    for severity, word in (("critical", "Critical"), ("warning", "Warnings")):
        if found := _repeated_problems(run, severity):
            more = _and_more(getattr(run, f"{severity}_count") - sum(times for _, times in found))
            texts = [f"{text.rstrip('.')}{f' ({times} times)' if times > 1 else ''}" for text, times in found]
            sentences.append(f"{word}: {'; '.join(texts)}{more}.")
    failed = run.decisions.filter(outcome="failure").values_list("intent", flat=True)[:FAILED_INTENTS]
    if intents := list(failed):
        sentences.append(f"Failed on: {', '.join(intents)}{_and_more(run.decisions_failed - len(intents))}.")
    return " ".join(sentences)


def summary(run: Run) -> Summary:
    """The run in brief."""
    found = analysis(run)
    return Summary(
        run_id=run.pk,
        simulation=run.simulation.slug,
        status=run.status,
        duration_ms=run.duration_ms,
        decision_count=run.decision_count,
        success_rate=round(run.decision_success_rate, 4),
        problem_count=run.problem_count,
        narrative=narrative(run),
        key_decisions=[one_line(decision) for decision in _key(run)],
        critical_problems=_problems(run, "critical"),
        critical_count=run.critical_count,
        warnings=_problems(run, "warning"),
        warning_count=run.warning_count,
        successes=[decision.summary for decision in _worked(run)],
        decisions_successful=run.decisions_successful,
        decisions_failed=run.decisions_failed,
        quality=quality(run),
        attention=attention(run),
        analysis=asdict(found) if found else None,
        nodes_executed=run.nodes_executed,
        edges_traversed=run.edges_traversed,
        nodes_left_out=run.node_count - len(run.nodes_executed),
        edges_left_out=run.edge_count - len(run.edges_traversed),
    )


def highlights(run: Run) -> Highlights | None:
    """Success rate, key decisions, what worked, critical problems, nodes and edges; None when there is nothing to say."""
    settled = run.decisions_successful + run.decisions_failed
    key = list(_key(run)) if settled else []
    critical = list(run.problems.filter(severity="critical")[:KEY_DECISIONS]) if run.critical_count else []
    found = Highlights(
        success_percent=100 * run.decision_success_rate if settled else None,
        settled=settled,
        key=key,
        worked=list(_worked(run)) if settled else [],
        more_failed=run.decisions_failed - sum(decision.outcome == "failure" for decision in key),
        critical=critical,
        more_critical=run.critical_count - len(critical),
        nodes_left_out=run.node_count - len(run.nodes_executed),
        edges_left_out=run.edge_count - len(run.edges_traversed),
    )
    return found if settled or found.critical or run.nodes_executed else None


def _key(run: Run) -> QuerySet[Decision]:
    return run.decisions.filter(Q(outcome="failure") | Q(quality__gt=GOOD_QUALITY))[:KEY_DECISIONS]


def _worked(run: Run) -> QuerySet[Decision]:
    return run.decisions.filter(outcome="success").exclude(summary="")[:SUCCESSES]


def outcome(run: Run) -> dict[str, Any]:
    """What the run was like, for its page."""
    told = {"narrative": narrative(run), "quality": quality(run), "attention": attention(run)}
    return {**told, "analysis": analysis(run), "highlights": highlights(run)}


def quality(run: Run) -> str | None:
    """`failed`; `degraded`: completed, but not at the first attempt, or with failed decisions, critical problems or
    warnings; `clean`: nothing of that kind.

    None while it has not ended, and for what a person cancelled.
    """
    if run.state is Status.FAILED:
        return "failed"
    if run.state is not Status.COMPLETED:
        return None
    blemishes = (run.attempt > 1, run.critical_count, run.warning_count, run.decisions_failed)
    return "degraded" if any(blemishes) else "clean"


def attention(run: Run) -> list[str]:
    """Why somebody should look at this run, most pressing first; empty when nobody need."""
    settled = run.decisions_successful + run.decisions_failed
    share = 100 * run.decisions_failed / settled if settled >= LEAST_DECISIONS else 0
    mean_ms = run.decision_latency_ms / run.decision_count if run.decision_count else 0
    told = {
        f"it failed ({run.failure_kind})": run.state is Status.FAILED,
        "it makes no turns": run.state is Status.STUCK,
        "it could not be repeated": (run.verification or {}).get("status") == "differs",
        f"{amount(run.critical_count)} critical problem{'s' if run.critical_count > 1 else ''}": run.critical_count > 0,
        f"{run.attempt - 1} retries": run.attempt - 1 > settings.ATTENTION_RETRIES,
        f"{share:.0f} % of its decisions failed": share > settings.ATTENTION_FAILED_PERCENT,
        f"a decision took {duration(mean_ms)} on average": mean_ms > settings.ATTENTION_LATENCY_MS,
        f"{amount(run.total_tokens or 0)} tokens": (run.total_tokens or 0) > settings.ATTENTION_TOKENS,
    }
    return [reason for reason, is_so in told.items() if is_so]


def analysis(run: Run) -> Analysis | None:
    """Why the run failed; None unless it did."""
    if run.state is not Status.FAILED:
        return None
    first = run.decisions.filter(outcome="failure").first()
    before = run.decisions.filter(number__lte=first.number).order_by("-number")[:CHAIN] if first else ()
    cause = f"{run.error_type}: {run.error_message}"
    if first is not None and first.error:
        cause = f"{first.error} Then {cause}"
    return Analysis(
        first_failure=one_line(first) if first else None,
        cause=cause,
        chain=[one_line(decision) for decision in reversed(before)],
        problems=[f"[{p.severity}] {p.description}" for p in run.problems.all()[:CHAIN]],
        suggestions=_suggestions(run),
    )


def patterns(simulation: Simulation) -> Patterns:
    """Over the newest 200 ended runs: how many completed, the errors met most, the agents that fail often."""
    ended = Run.objects.filter(simulation=simulation, deleted_at=None, status__in=[Status.COMPLETED, Status.FAILED])
    newest = list(ended.order_by("-created_at", "-id").values_list("pk", "status", "error_group")[:PATTERN_RUNS])
    if not newest:
        return Patterns(0, None)
    ids = [pk for pk, *_ in newest]
    errors = Counter(group for _, status, group in newest if status == Status.FAILED)
    decided = Decision.objects.filter(run__in=ids, outcome="failure").exclude(error="").order_by()
    errors.update(dict(decided.values_list("error").annotate(n=Count("id")).order_by("-n", "error")[:TOP_ERRORS]))
    top = sorted(errors.items(), key=lambda item: (-item[1], item[0]))[:TOP_ERRORS]
    return Patterns(
        runs=len(ids),
        completed_rate=round(sum(status == Status.COMPLETED for _, status, *_ in newest) / len(ids), 4),
        top_errors=[{"error": error, "count": count} for error, count in top],
        failing_agents=_failing_agents(ids),
    )


def _failing_agents(run_ids: list[int]) -> list[dict[str, Any]]:
    settled = Decision.objects.filter(run__in=run_ids).exclude(outcome="pending").order_by().values("agent")
    counted = settled.annotate(total=Count("id"), failed=Count("id", filter=Q(outcome="failure")))
    often = counted.filter(total__gte=LEAST_DECISIONS, failed__gt=0)
    rows = [{**row, "rate": round(row["failed"] / row["total"], 4)} for row in often]
    failing = [row for row in rows if 100 * row["failed"] > settings.ATTENTION_FAILED_PERCENT * row["total"]]
    return sorted(failing, key=lambda row: (-row["rate"], row["agent"]))


def _how_it_stands(run: Run) -> str:
    turns, took = f"{amount(run.turns_done)} of {amount(run.turns)} turns", duration(run.duration_ms)
    where = f" in turn {run.error_turn}" if run.error_turn else f" after {turns}"
    early = run.turns_done < run.turns
    return {
        Status.QUEUED: "It waits to be played.",
        Status.RUNNING: f"It is being played: {turns} so far.",
        Status.STUCK: f"It is stuck: no turn has come since turn {run.turns_done}, but its player is alive.",
        Status.COMPLETED: f"Completed successfully: {'it ended by itself after ' if early else ''}{turns} in {took}.",
        Status.FAILED: f"It failed{where}: {run.error_type}: {run.error_message.rstrip('.')}.",
        Status.CANCELLED: f"It was cancelled after {turns}; what it recorded until then is kept.",
    }[run.state]


def _suggestions(run: Run) -> list[str]:
    found: list[str] = []
    for decision in run.decisions.filter(outcome="failure")[:KEY_DECISIONS]:
        others = [o["description"] or o["id"] for o in decision.options if o["id"] != decision.chosen]
        if len(decision.options) > 1 and others:
            found.append(f"For “{decision.intent}” try “{others[0]}” instead.")
        if not decision.context:
            found.append(f"Record what {decision.agent} saw (context) when it decided on “{decision.intent}”.")
    found.extend(run.problems.exclude(suggested_fix="").values_list("suggested_fix", flat=True)[:CHAIN])
    if run.error_type in UNREAD:
        found.append("Say less at once: the message above names the bound, and what was large.")
    elif run.failure_kind in ADVICE:
        found.append(ADVICE[FailureKind(run.failure_kind)])
    return _once(found)


def _problems(run: Run, severity: str) -> list[str]:
    return list(run.problems.filter(severity=severity).values_list("description", flat=True)[:KEY_DECISIONS])


def _repeated_problems(run: Run, severity: str) -> list[tuple[str, int]]:
    """The first few different texts, each with how often it was said."""
    texts = run.problems.filter(severity=severity).order_by().values_list("description")
    counted = texts.annotate(times=Count("pk"), first=Min("pk")).order_by("first")
    return list(counted.values_list("description", "times")[:KEY_DECISIONS])


def _and_more(number: int) -> str:
    return f", and {amount(number)} more" if number > 0 else ""


def _once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
