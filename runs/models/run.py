"""Run: one row of the history. Rules that must never be broken are kept by the database."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from metrics.models import MetricSelection
from runs.models.bounds import counted, priced, timed, within
from runs.models.simulation import Simulation
from runs.states import PLAYING, TERMINAL, Act, FailureKind, Status, Trigger, acts
from simweb.engine.play import MAX_SEED

SHOWN_IN_ROWS = (
    *("simulation__name", "simulation__slug", "status", "trigger", "version", "created_at", "started_at"),
    *("turns", "turns_done", "duration_ms", "total_tokens", "total_cost_usd", "error_type", "error_message"),
)
ONLY_ON_THE_PAGE = ("output_data", "nodes_executed", "edges_traversed")


class RunQuerySet(models.QuerySet["Run"]):
    """What is asked of runs in more than one place."""

    def listed(self) -> RunQuerySet:
        """Without the long texts, which no list shows."""
        return self.briefly().defer("run_metrics", "secrets", "description")

    def briefly(self) -> RunQuerySet:
        """What a list shows in JSON: without the long texts."""
        return self.defer("log", "error_traceback", "environment", "narrative", "notes", *ONLY_ON_THE_PAGE)

    def rows(self, *more: str) -> RunQuerySet:
        """What a row of a page shows, and the fields `more`: to read all of fifty runs takes as long as to draw them."""
        found = self.select_related(None).select_related("simulation")
        return found.defer(None).only(*SHOWN_IN_ROWS, *more)  # `only` alone leaves out what was deferred before


class Run(models.Model):
    """One playing of one spec. Played at most once: to try again is a new run. `runs.services` alone writes `status`."""

    simulation = models.ForeignKey(Simulation, models.CASCADE, related_name="runs", db_index=False)
    description = models.TextField(blank=True, default="", help_text="What it is for.")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    trigger = models.CharField(max_length=10, choices=Trigger.choices)
    priority = models.SmallIntegerField(default=0, help_text="Higher is played earlier.")

    scenario = models.CharField(max_length=100)
    scenario_version = models.CharField(max_length=50)
    params = models.JSONField(default=dict)
    # Of the parameters, what nobody is shown: [path, value] each. `params` has a mask in its place.
    secrets = models.JSONField(default=list, blank=True, editable=False)
    seed = models.BigIntegerField()
    turns = models.PositiveIntegerField()
    metric_keys = models.JSONField(default=list)
    metric_selection = models.ForeignKey(MetricSelection, models.SET_NULL, null=True, blank=True, db_index=False)

    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, db_index=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()
    duration_ms = models.PositiveBigIntegerField(null=True, blank=True)
    attempt = models.PositiveSmallIntegerField(default=1)
    retry_of = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="retries", db_index=False)

    turns_done = models.PositiveIntegerField(default=0)
    run_metrics = models.JSONField(null=True, blank=True)
    sparkline = models.JSONField(default=list, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    total_tokens = models.PositiveBigIntegerField(null=True, blank=True)
    total_cost_usd = models.DecimalField(max_digits=14, decimal_places=6, null=True, blank=True)
    narrative = models.TextField(
        blank=True, help_text="The scenario's own words about the run; blank: simweb's are shown."
    )
    problem_count = models.PositiveIntegerField(default=0)
    critical_count = models.PositiveIntegerField(default=0)
    warning_count = models.PositiveIntegerField(default=0)
    # Of all decisions, kept or not.
    decision_count = models.PositiveIntegerField(default=0)
    decisions_successful = models.PositiveIntegerField(default=0)
    decisions_failed = models.PositiveIntegerField(default=0)
    decisions_dropped = models.PositiveIntegerField(default=0)
    decision_tokens = models.PositiveBigIntegerField(null=True, blank=True)
    decision_latency_ms = models.FloatField(default=0)
    deciding_agents = models.PositiveIntegerField(default=0)

    # The first nodes and edges of the agents' graphs, and how many different ones there were.
    nodes_executed = models.JSONField(default=list, blank=True)
    edges_traversed = models.JSONField(default=list, blank=True)
    node_count = models.PositiveIntegerField(default=0)
    edge_count = models.PositiveIntegerField(default=0)
    output_data = models.JSONField(null=True, blank=True, help_text="What the scenario returned.")

    # SHA-256 of what was imported, so that the same run does not come twice; blank for runs that were made here.
    import_digest = models.CharField(max_length=64, blank=True, editable=False)
    environment = models.JSONField(default=dict, blank=True)
    verifies = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="replays", db_index=False)
    verification = models.JSONField(null=True, blank=True)
    tags = models.JSONField(default=list, blank=True)
    notes = models.TextField(blank=True)
    is_starred = models.BooleanField(default=False)

    failure_kind = models.CharField(max_length=10, choices=FailureKind.choices, blank=True)
    error_type = models.CharField(max_length=200, blank=True)
    error_group = models.CharField(
        max_length=100, blank=True, help_text="The error without what differs from run to run."
    )
    error_message = models.TextField(blank=True)
    error_turn = models.PositiveIntegerField(null=True, blank=True)
    error_traceback = models.TextField(blank=True)
    log = models.TextField(blank=True)

    run_timeout_s = models.PositiveIntegerField(null=True, blank=True)
    turn_timeout_s = models.PositiveIntegerField(null=True, blank=True)
    memory_limit_mb = models.PositiveIntegerField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True, help_text="A retry waits until then.")

    lease = models.UUIDField(null=True, blank=True, editable=False)
    player = models.CharField(max_length=100, blank=True, editable=False)  # which server or worker holds the lease
    heartbeat_at = models.DateTimeField(null=True, blank=True, editable=False)  # by the database's clock
    version = models.PositiveBigIntegerField(default=1, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=Status.values), name="run_status_known"),
            models.CheckConstraint(condition=Q(trigger__in=Trigger.values), name="run_trigger_known"),
            models.CheckConstraint(
                condition=Q(status__in=sorted(TERMINAL), finished_at__isnull=False)
                | (~Q(status__in=sorted(TERMINAL)) & Q(finished_at__isnull=True)),
                name="run_finished_at_iff_terminal",
            ),
            models.CheckConstraint(
                condition=Q(status=Status.QUEUED, lease__isnull=True) | ~Q(status=Status.QUEUED),
                name="queued_run_has_no_lease",
            ),
            models.CheckConstraint(
                condition=Q(status=Status.FAILED, failure_kind__in=FailureKind.values)
                | (~Q(status=Status.FAILED) & Q(failure_kind="")),
                name="run_failure_kind_iff_failed",
            ),
            models.CheckConstraint(condition=Q(turns_done__lte=F("turns")), name="run_turns_done_within_turns"),
            models.CheckConstraint(condition=Q(turns__gte=1), name="run_has_turns"),
            models.CheckConstraint(condition=within(MAX_SEED, "seed"), name="run_seed_within_bounds"),
            models.CheckConstraint(condition=priced("total_cost_usd"), name="run_cost_within_bounds"),
            models.CheckConstraint(
                condition=counted("total_tokens", "decision_tokens", "duration_ms"), name="run_counts_within_bounds"
            ),
            models.CheckConstraint(condition=timed("decision_latency_ms"), name="run_latency_within_bounds"),
            models.CheckConstraint(
                condition=Q(decision_count__gte=F("decisions_successful") + F("decisions_failed")),
                name="run_settled_decisions_are_decisions",
            ),
            models.CheckConstraint(
                condition=Q(problem_count__gte=F("critical_count") + F("warning_count")),
                name="run_severe_problems_are_problems",
            ),
            models.UniqueConstraint(
                fields=["import_digest"], name="one_run_per_import", condition=~Q(import_digest="")
            ),
        ]
        indexes = [
            # A simulation's history, newest first.
            models.Index(
                F("simulation"),
                F("created_at").desc(),
                F("id").desc(),
                name="run_history",
                condition=Q(deleted_at=None),
            ),
            # All runs, newest first; pages by keyset.
            models.Index(F("created_at").desc(), F("id").desc(), name="run_newest", condition=Q(deleted_at=None)),
            # All runs of one status, newest first; what is being played, to be stopped, buried, shown.
            models.Index(
                F("status"), F("created_at").desc(), F("id").desc(), name="run_by_status", condition=Q(deleted_at=None)
            ),
            # The queue: the next run to play.
            models.Index(F("priority").desc(), F("id"), name="run_queue", condition=Q(status=Status.QUEUED)),
            # What other processes changed since the live pages last looked.
            models.Index(F("changed_at"), name="run_changed"),
            # How often a run was retried; who made this a retry.
            models.Index(F("retry_of"), name="run_retries", condition=Q(retry_of__isnull=False)),
            # Deleted runs, to be removed for good.
            models.Index(F("deleted_at"), F("id"), name="run_gone", condition=Q(deleted_at__isnull=False)),
            # What a simulation's ended runs were like in a span of time, and what all runs were like: read from these alone.
            models.Index(
                fields=["simulation", "started_at", "id", "status", "duration_ms", "trigger"],
                name="run_performance",
                condition=Q(deleted_at=None),
            ),
            models.Index(
                fields=["started_at", "id", "status", "duration_ms", "trigger", "simulation"],
                name="run_performance_of_all",
                condition=Q(deleted_at=None),
            ),
            # The replays of a run.
            models.Index(F("verifies"), name="run_replays", condition=Q(verifies__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"Run {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("run", args=[self.pk])

    @property
    def state(self) -> Status:
        return Status(self.status)

    @property
    def is_terminal(self) -> bool:
        return self.state.is_terminal

    @property
    def acts(self) -> list[Act]:
        """What may be done to it now."""
        return acts(self.state)

    @property
    def decisions_pending(self) -> int:
        """Decisions of which no outcome is known."""
        return self.decision_count - self.decisions_successful - self.decisions_failed

    @property
    def decision_success_rate(self) -> float:
        """Share (0–1) of the settled decisions that succeeded; 0.0 when none is settled."""
        settled = self.decisions_successful + self.decisions_failed
        return self.decisions_successful / settled if settled else 0.0

    @property
    def minor_count(self) -> int:
        """Problems that are neither critical nor warnings."""
        return self.problem_count - self.critical_count - self.warning_count

    @property
    def progress(self) -> int:
        """Turns done, in per cent; of a completed run all, though its world may have ended early."""
        return 100 if self.status == Status.COMPLETED else 100 * self.turns_done // self.turns

    @property
    def rate(self) -> float | None:
        """Turns per second so far, over the time that was recorded; None before the first turn."""
        if self.started_at is None or not self.turns_done:
            return None
        seconds = ((self.finished_at or self.changed_at) - self.started_at).total_seconds()
        return float(f"{self.turns_done / seconds:.3g}") if seconds > 0 else None

    @property
    def eta_ms(self) -> int | None:
        """Milliseconds to the last turn at the rate so far; None unless it is being played."""
        if self.state not in PLAYING or not self.rate:
            return None
        return round((self.turns - self.turns_done) / self.rate * 1000)
