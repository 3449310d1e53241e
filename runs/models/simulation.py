"""Simulation: one row of the dashboard."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from runs.states import FailureKind, Missed, Overlap


def default_retry_kinds() -> list[str]:
    """What is worth another try unless asked otherwise: not the model's own errors, which would come again."""
    return [FailureKind.LOST.value, FailureKind.TIMEOUT.value]


def success_rate(completed: int, failed: int) -> float | None:
    """Per cent of decided runs that completed, two decimals; None before the first."""
    decided = completed + failed
    return round(100 * completed / decided, 2) if decided else None


class Simulation(models.Model):
    """A scenario with saved parameters and a choice of metrics: one row of the dashboard."""

    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, default="", help_text="What it is for.")
    scenario = models.CharField(max_length=100)
    params = models.JSONField(default=dict, blank=True)
    # Of the parameters, what nobody is shown: [path, value] each. `params` has a mask in its place.
    secrets = models.JSONField(default=list, blank=True, editable=False)
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
    schedule = models.CharField(max_length=100, blank=True, help_text="Minute hour day month weekday, or @daily.")
    schedule_timezone = models.CharField(max_length=64, default="UTC")
    schedule_paused = models.BooleanField(default=False)
    schedule_missed = models.CharField(max_length=4, choices=Missed.choices, default=Missed.ONCE)
    schedule_overlap = models.CharField(max_length=5, choices=Overlap.choices, default=Overlap.START)
    schedule_skipped_at = models.DateTimeField(null=True, blank=True, editable=False)
    next_run_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_scheduled_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # Exact at every moment: changed in the transaction that ends, deletes or restores a run. Counting a million rows is not.
    completed_runs = models.PositiveIntegerField(default=0, editable=False)
    failed_runs = models.PositiveIntegerField(default=0, editable=False)
    # Grows with every run that ends, is deleted, restored or removed: figures computed before are out of date.
    endings = models.PositiveBigIntegerField(default=0, editable=False)

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
        return success_rate(self.completed_runs, self.failed_runs)
