"""What the player of a run writes. Every write carries the lease that its claim gave, so a late writer changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from metrics.series import thin
from runs import blocks, decisions, journal, queries, services
from runs.decisions import decimal_cost
from runs.events import announce
from runs.models import Frame, Problem, Run, RunQuerySet, SeriesBlock, Turn
from runs.models.bounds import MOST_COST
from runs.states import PLAYING, FailureKind, Status

SPARKLINE_POINTS = 40
HEADLINE_POINTS = 4_000
Message = dict[str, Any]
ENDS = frozenset({"played", "failed"})


@dataclass
class Recording:
    """One claimed run: its lease, and what was recorded so far."""

    run: Run
    lease: UUID
    turns_done: int = 0
    problems_kept: int = 0
    cost: Decimal = Decimal(0)  # not rounded, as the run's column is: many tiny costs add up
    severities: Counter[str] = field(default_factory=Counter)
    headline: list[tuple[int, float | None]] = field(default_factory=list)
    unpacked: list[blocks.Measurements] = field(default_factory=list)
    stuck: bool = False
    view_failed: bool = False

    def add(self, messages: Sequence[Message]) -> bool:
        """Record turns as the engine reported them, all in one transaction. False: the lease is lost, nothing was written."""
        now = timezone.now()
        tokens = [m["tokens"] for m in messages if m["tokens"] is not None]
        costs = [m["cost_usd"] for m in messages if m["cost_usd"] is not None]
        changes: dict[str, Any] = {"turns_done": messages[-1]["number"]}
        if tokens:
            self.run.total_tokens = changes["total_tokens"] = (self.run.total_tokens or 0) + sum(tokens)
        if costs:
            self.cost += sum((Decimal(str(cost)) for cost in costs), Decimal(0))
            self.run.total_cost_usd = changes["total_cost_usd"] = min(decimal_cost(self.cost), MOST_COST)
        problems = [(m["number"], p) for m in messages for p in m["problems"]]
        changes.update(
            self._counted(problems), **_decided(messages), **_environment(messages[0]), **self._path(messages)
        )
        full, unpacked = blocks.packed(
            self.run.pk, [*self.unpacked, *((m["number"], blocks.packable(m["metrics"])) for m in messages)]
        )
        with transaction.atomic():
            if self.stuck and not self._change(Status.RUNNING, "a turn came"):
                return False
            if not self._touch(**changes):
                return False
            Turn.objects.bulk_create(_turn(self.run.pk, m, now) for m in messages)
            SeriesBlock.objects.bulk_create(full)
            for message in messages:
                if entry := message.get("entry"):
                    decisions.enter(self.run.pk, message["number"], entry, now)
                journal.keep(self.run.pk, message["number"], message.get("journal", ()))
            self._keep_problems(problems)
            announce(self.run, "progress")
            if problems:
                announce(self.run, "problem")
        self.turns_done, self.unpacked = messages[-1]["number"], unpacked
        self.stuck = False
        self._follow_headline(messages)
        return True

    def keep_frames(self, messages: Sequence[Message]) -> None:
        """Keep views of turns that are recorded. A view that cannot be shown is told once, as a problem."""
        shown = [Frame(run_id=self.run.pk, turn=m["number"], view=m["view"]) for m in messages if m["view"] is not None]
        errors = [m for m in messages if m["view"] is None and not self.view_failed][:1]
        problems = [(m["number"], _unseen(m["error"])) for m in errors]
        with transaction.atomic():
            if not self._touch(**self._counted(problems)):
                return
            Frame.objects.bulk_create(shown)
            self._keep_problems(problems)
            announce(self.run, "progress")
            if problems:
                announce(self.run, "problem")
        self.view_failed = self.view_failed or bool(errors)

    def keep_calls(self, messages: Sequence[Message]) -> None:
        """Keep calls of models as they are made: they cost money, and a run that is tried again need not make them again."""
        with transaction.atomic():
            if self._touch():
                for message in messages:
                    journal.keep(self.run.pk, message["number"], [("call", message["data"])])

    def beat(self) -> bool:
        """Say that the player is alive. False: the lease is lost."""
        return bool(self._held().update(heartbeat_at=Now()))

    def stall(self, reason: str) -> bool:
        """No turn for long: the run is stuck until the next. False: the lease is lost."""
        self.stuck = self._change(Status.STUCK, reason)
        return self.stuck

    def give_back(self) -> bool:
        """Queue the run again, as if it had never been claimed. Only for one of which nothing was recorded."""
        nothing = {"lease": None, "player": "", "started_at": None, "heartbeat_at": None}
        return self._change(Status.QUEUED, "the server was stopped before the first turn", **nothing)

    def keep_log(self, text: str) -> bool:
        """Replace the run's log by what the model has printed so far."""
        return self._touch(log=text)

    def complete(self, outcome: Message) -> None:
        """The run was played to its end. Raises TransitionRefused when the lease is lost."""
        problems = [(None, problem) for problem in outcome["problems"]]
        with transaction.atomic():
            services.transition(
                self.run.pk,
                Status.COMPLETED,
                fence=self.lease,
                run_metrics=outcome["run_metrics"],
                fingerprint=outcome["fingerprint"],
                narrative=outcome.get("narrative", ""),
                output_data=outcome.get("output_data"),
                sparkline=self._sparkline(),
                **self._counted(problems),
                **_environment(outcome),
            )
            self._keep_problems(problems)

    def fail(self, kind: FailureKind, error: Message) -> None:
        """The run ended by an error {type, message, turn, traceback}. Raises TransitionRefused when the lease is lost."""
        services.transition(
            self.run.pk,
            Status.FAILED,
            fence=self.lease,
            detail=f"{error['type']}: {error['message']}",
            failure_kind=kind,
            error_type=error["type"][:200],
            error_message=error["message"],
            error_turn=error["turn"],
            error_traceback=error.get("traceback", ""),
            sparkline=self._sparkline(),
            **_environment(error),
        )

    def _touch(self, **changes: Any) -> bool:
        alive = {"version": F("version") + 1, "changed_at": timezone.now(), "heartbeat_at": Now()}
        return bool(self._held().update(**alive, **changes))

    def _held(self) -> RunQuerySet:
        return Run.objects.filter(pk=self.run.pk, lease=self.lease, status__in=sorted(PLAYING))

    def _change(self, to: Status, detail: str, **changes: Any) -> bool:
        try:
            services.transition(self.run.pk, to, fence=self.lease, detail=detail, **changes)
        except services.TransitionRefused:
            return False
        return True

    def _counted(self, problems: Sequence[tuple[int | None, Message]]) -> dict[str, Any]:
        """The exact counts when these are added, however many are kept."""
        self.severities.update(problem["severity"] for _, problem in problems)
        return {
            "problem_count": self.severities.total(),
            "critical_count": self.severities["critical"],
            "warning_count": self.severities["warning"],
        }

    def _path(self, messages: Sequence[Message]) -> dict[str, Any]:
        """The nodes and edges of the agents' graphs, when there are new ones."""
        entries = [entry for message in messages if (entry := message.get("entry"))]
        nodes = [node for entry in entries for node in entry["nodes"]]
        edges = [edge for entry in entries for edge in entry["edges"]]
        if not nodes and not edges:
            return {}
        self.run.nodes_executed += nodes
        self.run.edges_traversed += edges
        return {"nodes_executed": self.run.nodes_executed, "edges_traversed": self.run.edges_traversed}

    def _keep_problems(self, problems: Sequence[tuple[int | None, Message]]) -> None:
        room = max(0, settings.MAX_PROBLEMS_PER_RUN - self.problems_kept)
        now = timezone.now()
        Problem.objects.bulk_create(
            Problem(run_id=self.run.pk, turn=turn, created_at=now, **problem) for turn, problem in problems[:room]
        )
        self.problems_kept += len(problems[:room])

    def _follow_headline(self, messages: Sequence[Message]) -> None:
        key = self.run.simulation.headline_metric
        values = ((m["number"], m["metrics"].get(key)) for m in messages)
        self.headline.extend((turn, value if isinstance(value, int | float) else None) for turn, value in values)
        if len(self.headline) > HEADLINE_POINTS:  # a million turns must not stay in memory for 40 points
            self.headline = thin(self.headline, HEADLINE_POINTS // 2)

    def _sparkline(self) -> list[float | None]:
        values = [value for _, value in thin(self.headline, SPARKLINE_POINTS)]
        return [] if all(value is None for value in values) else values


def is_last(messages: Sequence[Message]) -> bool:
    """The player has said how the run ended."""
    return bool(messages) and messages[-1]["type"] in ENDS


@transaction.atomic
def claim(run_id: int, player: str = "") -> Recording | None:
    """Take a queued run for playing. None when it is no longer queued, or its simulation plays all it may at once."""
    lease = uuid4()
    now = timezone.now()
    if not queries.has_room(run_id):
        return None
    held: dict[str, Any] = {"lease": lease, "player": player, "started_at": now, "heartbeat_at": Now()}
    try:
        # Only a queued one: a stuck run, which may come back to running, has a player.
        run = services.transition(run_id, Status.RUNNING, only_from=Status.QUEUED, at=now, **held)
    except services.TransitionRefused:
        return None
    return Recording(run, lease)


def bury(run_id: int, message: str, *, fence: UUID | None = None) -> bool:
    """Fail a run whose player is known to be dead. False when the run has ended by itself, or is in other hands."""
    try:
        services.transition(
            run_id,
            Status.FAILED,
            fence=fence,
            detail=message,
            failure_kind=FailureKind.LOST,
            error_type="PlayerLost",
            error_message=message,
        )
    except services.TransitionRefused:
        return False
    return True


def _turn(run_id: int, message: Message, now: Any) -> Turn:
    return Turn(
        run_id=run_id,
        number=message["number"],
        created_at=now,
        duration_ms=message["duration_ms"],
        actions=message["actions"],
        metrics=message["metrics"],
        tokens=message["tokens"],
        cost_usd=None if message["cost_usd"] is None else decimal_cost(message["cost_usd"]),
    )


def _unseen(error: str) -> Message:
    return {"severity": "minor", "description": f"The world cannot be shown: {error}", "source": "view"}


def _decided(messages: Sequence[Message]) -> dict[str, Any]:
    """The run's counts of decisions, as the newest message that has some tells them."""
    counts = next((m["decided"] for m in reversed(messages) if m.get("decided")), None)
    return {} if counts is None else decisions.counted(counts)


def _environment(message: Message) -> dict[str, Any]:
    """Where the run is played; the first thing a player says tells it."""
    return {"environment": message["environment"]} if "environment" in message else {}
