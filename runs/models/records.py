"""What a run leaves: turns and their series, decisions, problems, frames, events. Written once."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from runs.models.bounds import counted, priced, timed, within
from runs.models.run import Run
from simweb.engine import FATES, SEVERITIES
from simweb.engine.journal import ENTRY_KINDS


class Turn(models.Model):
    """One step of a run, numbered from 1. Written once."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="turn_rows", db_index=False)
    number = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    duration_ms = models.FloatField()
    actions = models.JSONField(default=dict)
    metrics = models.JSONField(default=dict)
    tokens = models.PositiveBigIntegerField(null=True, blank=True)
    cost_usd = models.DecimalField(max_digits=14, decimal_places=6, null=True, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            # Also the index of "the turns of this run, in order" and "after turn n".
            models.UniqueConstraint(fields=["run", "number"], name="one_row_per_turn"),
            models.CheckConstraint(condition=Q(number__gte=1), name="turns_count_from_one"),
            models.CheckConstraint(
                condition=timed("duration_ms") & counted("tokens") & priced("cost_usd"), name="turn_within_bounds"
            ),
        ]

    def __str__(self) -> str:
        return f"Turn {self.number}"


class Decision(models.Model):
    """A choice that one agent made. Numbered from 1 in the order in which they were made; what is not kept leaves gaps."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="decisions", db_index=False)
    number = models.PositiveIntegerField()
    turn = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    key = models.CharField(max_length=200, blank=True)
    agent = models.CharField(max_length=200)
    node = models.CharField(max_length=200, blank=True, default="")
    intent = models.CharField(max_length=500)
    decision_type = models.CharField(max_length=50)
    options = models.JSONField(default=list)
    chosen = models.CharField(max_length=200, blank=True)
    reasoning = models.TextField(blank=True)
    context = models.JSONField(default=dict)
    outcome = models.CharField(max_length=10, choices=[(fate, fate) for fate in FATES], default="pending")
    summary = models.TextField(blank=True)
    error = models.TextField(blank=True)
    tokens = models.PositiveBigIntegerField(null=True, blank=True)
    latency_ms = models.FloatField(null=True, blank=True)
    cost_usd = models.DecimalField(max_digits=14, decimal_places=6, null=True, blank=True)
    quality = models.FloatField(null=True, blank=True)
    # Since the play began: as the scenario reported it, else laid out after the decisions before it.
    started_ms = models.FloatField(null=True, blank=True)
    start_reported = models.BooleanField(default=False)

    class Meta:
        ordering = ["number"]
        constraints = [
            # Also the index of "the decisions of this run, in order" and "after decision n".
            models.UniqueConstraint(fields=["run", "number"], name="one_row_per_decision"),
            models.CheckConstraint(condition=Q(outcome__in=FATES), name="decision_outcome_known"),
            models.CheckConstraint(
                condition=timed("latency_ms", "started_ms")
                & counted("tokens")
                & priced("cost_usd")
                & within(1, "quality"),
                name="decision_within_bounds",
            ),
        ]
        indexes = [
            # The failed, the pending, the successful decisions of a run, in order.
            models.Index(fields=["run", "outcome", "number"], name="decisions_by_outcome"),
        ]

    def __str__(self) -> str:
        return f"Decision {self.number}: {self.intent[:80]}"

    @property
    def chosen_option(self) -> str:
        """What was chosen, in words where the options have them."""
        described = {option["id"]: option["description"] for option in self.options}
        return described.get(self.chosen) or self.chosen


class Frame(models.Model):
    """What the world looked like after a turn: at most 200 a run, of at most 64,000 characters each."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="frames", db_index=False)
    turn = models.PositiveIntegerField()
    view = models.JSONField()

    class Meta:
        ordering = ["turn"]
        # Also the index of "the frames of this run after turn n".
        constraints = [models.UniqueConstraint(fields=["run", "turn"], name="one_frame_per_turn")]

    def __str__(self) -> str:
        return f"Frame of turn {self.turn}"


class SeriesBlock(models.Model):
    """One metric over 4,096 turns in a row, from `first` on, as packed numbers: what the charts of long runs are drawn from.

    `names` are those of a mapping's values, none for a number; `values` has a row of float64 (little-endian, NaN where there
    is none) for each name. Written with its turns; a metric without a block is read from them.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="series_blocks", db_index=False)
    metric = models.CharField(max_length=200)
    first = models.PositiveIntegerField()
    names = models.JSONField(default=list)
    values = models.BinaryField()

    class Meta:
        # Also the index of "this metric's blocks, in order, from turn n on".
        constraints = [models.UniqueConstraint(fields=["run", "metric", "first"], name="one_series_block_per_place")]

    def __str__(self) -> str:
        return f"{self.metric} from turn {self.first}"


class JournalEntry(models.Model):
    """What a run keeps for the run that goes on where it ended, or plays it again: a checkpoint of a turn, a call of a model."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="journal", db_index=False)
    turn = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=[(kind, kind) for kind in ENTRY_KINDS])
    data = models.JSONField()

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(kind__in=ENTRY_KINDS), name="journal_kind_known")]
        indexes = [
            # The checkpoints, or the calls, of a run in order.
            models.Index(fields=["run", "kind", "id"], name="journal_of_run"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of turn {self.turn}"


class Event(models.Model):
    """Something that happened to a run: a state reached, a person's act. Written in the transaction of the change."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="events", db_index=False)
    kind = models.CharField(max_length=20)
    created_at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, db_index=False)
    detail = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["run", "id"], name="events_of_run")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.created_at:%Y-%m-%d %H:%M:%S}"


class Problem(models.Model):
    """Something wrong or doubtful in a run. `source` is a metric's key, or blank for the scenario itself."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="problems", db_index=False)
    severity = models.CharField(max_length=10, choices=[(severity, severity) for severity in SEVERITIES])
    description = models.TextField()
    source = models.CharField(max_length=200, blank=True)
    root_cause = models.TextField(blank=True)
    suggested_fix = models.TextField(blank=True)
    decision = models.CharField(max_length=200, blank=True, help_text="Key of the decision it came from.")
    turn = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(severity__in=SEVERITIES), name="problem_severity_known")]
        indexes = [models.Index(fields=["run", "id"], name="problems_of_run")]

    def __str__(self) -> str:
        return f"{self.severity}: {self.description[:80]}"
