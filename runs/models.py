"""The nouns: Simulation, Run, Turn, Event, Problem. Rules that must never be broken are kept by the database."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from metrics.models import MetricSelection
from runs.states import PLAYING, TERMINAL, Act, Channel, Delivered, FailureKind, Missed, Status, Trigger, acts
from simweb.engine import Severity

SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "minor")


def default_retry_kinds() -> list[str]:
    """What is worth another try unless asked otherwise: not the model's own errors, which would come again."""
    return [FailureKind.LOST.value, FailureKind.TIMEOUT.value]


class Simulation(models.Model):
    """A scenario with saved parameters and a choice of metrics: one row of the dashboard."""

    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    scenario = models.CharField(max_length=100)
    params = models.JSONField(default=dict, blank=True)
    turns = models.PositiveIntegerField()
    metric_keys = models.JSONField(default=list, blank=True)
    headline_metric = models.CharField(max_length=200, blank=True, help_text="Turn metric drawn on the dashboard.")
    is_archived = models.BooleanField(default=False)
    run_timeout_s = models.PositiveIntegerField(null=True, blank=True, help_text="Seconds a run may take.")
    turn_timeout_s = models.PositiveIntegerField(null=True, blank=True, help_text="Seconds one turn may take.")
    memory_limit_mb = models.PositiveIntegerField(null=True, blank=True, help_text="MiB of data a run may hold.")
    max_parallel = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Runs that may be played at once.")
    retry_attempts = models.PositiveSmallIntegerField(default=0, help_text="Retries by themselves, at most.")
    retry_backoff_s = models.PositiveIntegerField(default=30, help_text="Seconds before the first retry; then doubled.")
    retry_kinds = models.JSONField(
        default=default_retry_kinds, blank=True, help_text="Kinds of failure that are retried."
    )
    schedule = models.CharField(max_length=100, blank=True, help_text="Cron expression: minute hour day month weekday.")
    schedule_timezone = models.CharField(max_length=64, default="UTC")
    schedule_paused = models.BooleanField(default=False)
    schedule_missed = models.CharField(max_length=4, choices=Missed.choices, default=Missed.ONCE)
    next_run_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_scheduled_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # Exact at every moment: changed in the transaction that ends, deletes or restores a run. Counting a million rows is not.
    completed_runs = models.PositiveIntegerField(default=0, editable=False)
    failed_runs = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="simulation_has_a_name"),
            models.CheckConstraint(condition=Q(turns__gte=1), name="simulation_has_turns"),
        ]
        indexes = [
            # Schedules that are due.
            models.Index(F("next_run_at"), name="simulation_due", condition=Q(next_run_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("simulation", args=[self.slug])

    @property
    def decided_runs(self) -> int:
        """Runs that completed or failed: those a success rate is about."""
        return self.completed_runs + self.failed_runs

    @property
    def success_rate(self) -> float | None:
        """Per cent of decided runs that completed, two decimals; None before the first."""
        return round(100 * self.completed_runs / self.decided_runs, 2) if self.decided_runs else None


class RunQuerySet(models.QuerySet["Run"]):
    """What is asked of runs in more than one place."""

    def listed(self) -> RunQuerySet:
        """Without the long texts, which no list shows."""
        return self.defer("log", "error_traceback", "run_metrics")


class Run(models.Model):
    """One playing of one spec. Played at most once: to try again is a new run. `runs.services` alone writes `status`."""

    simulation = models.ForeignKey(Simulation, models.CASCADE, related_name="runs", db_index=False)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    trigger = models.CharField(max_length=10, choices=Trigger.choices)
    priority = models.SmallIntegerField(default=0, help_text="Higher is played earlier.")

    scenario = models.CharField(max_length=100)
    scenario_version = models.CharField(max_length=50)
    params = models.JSONField(default=dict)
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
    problem_count = models.PositiveIntegerField(default=0)
    tags = models.JSONField(default=list, blank=True)

    failure_kind = models.CharField(max_length=10, choices=FailureKind.choices, blank=True)
    error_type = models.CharField(max_length=200, blank=True)
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
            models.CheckConstraint(condition=Q(seed__gte=0), name="run_seed_not_negative"),
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
    def progress(self) -> int:
        """Turns done, in per cent."""
        return 100 * self.turns_done // self.turns

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


class Turn(models.Model):
    """One step of a run, numbered from 1. Written once."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="turn_rows", db_index=False)
    number = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    duration_ms = models.FloatField()
    actions = models.JSONField(default=dict)
    metrics = models.JSONField(default=dict)

    class Meta:
        ordering = ["number"]
        constraints = [
            # Also the index of "the turns of this run, in order" and "after turn n".
            models.UniqueConstraint(fields=["run", "number"], name="one_row_per_turn"),
            models.CheckConstraint(condition=Q(number__gte=1), name="turns_count_from_one"),
        ]

    def __str__(self) -> str:
        return f"Turn {self.number}"


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
    turn = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(severity__in=SEVERITIES), name="problem_severity_known")]
        indexes = [models.Index(fields=["run", "id"], name="problems_of_run")]

    def __str__(self) -> str:
        return f"{self.severity}: {self.description[:80]}"


def default_statuses() -> list[str]:
    """What people want to hear of unless they say otherwise."""
    return [Status.FAILED.value]


class Notifier(models.Model):
    """Whom to tell when a run of a simulation ends in one of `statuses`."""

    simulation = models.ForeignKey(Simulation, models.CASCADE, related_name="notifiers")
    channel = models.CharField(max_length=10, choices=Channel.choices)
    address = models.CharField(max_length=500, help_text="An https address, or an e-mail address.")
    statuses = models.JSONField(default=default_statuses)
    secret = models.CharField(max_length=64, editable=False)  # signs webhooks; shown to whoever made the notifier
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(channel__in=Channel.values), name="notifier_channel_known")]

    def __str__(self) -> str:
        return f"{self.channel} to {self.address}"


class Delivery(models.Model):
    """One notification about one run: written in the transaction that ended the run, sent afterwards, kept with its outcome."""

    notifier = models.ForeignKey(Notifier, models.CASCADE, related_name="deliveries", db_index=False)
    run = models.ForeignKey(Run, models.CASCADE, related_name="deliveries", db_index=False)
    outcome = models.CharField(max_length=10, choices=Delivered.choices, default=Delivered.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(
        max_length=300, blank=True, help_text="What the other side said, or why it was not reached."
    )
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["notifier", "run"], name="one_delivery_per_notifier_and_run"),
            models.CheckConstraint(condition=Q(outcome__in=Delivered.values), name="delivery_outcome_known"),
        ]
        indexes = [
            # Deliveries that are due.
            models.Index(F("next_try_at"), name="delivery_due", condition=Q(outcome=Delivered.PENDING)),
            # Deliveries of a run.
            models.Index(fields=["run"], name="deliveries_of_run"),
        ]

    def __str__(self) -> str:
        return f"{self.notifier}: {self.outcome}"
