"""What the runs of a UTC day were like: one row per simulation, and one for all together. Filled in by `rollup`."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import F, Q

from runs.models import Simulation


class DayFigures(models.Model):
    """Figures of the runs that started on a UTC day. Rates are per cent of completed and failed runs; times are of both.

    `durations` are those times as `figures.packed` has them: days are merged exactly, however long ago the runs
    themselves were removed. `errors` has by error group how often it came and when last.
    """

    total_executions = models.PositiveIntegerField(default=0)
    successful_executions = models.PositiveIntegerField(default=0)
    failed_executions = models.PositiveIntegerField(default=0)
    cancelled_executions = models.PositiveIntegerField(default=0)
    avg_execution_time_ms = models.FloatField(null=True, blank=True)
    min_execution_time_ms = models.PositiveBigIntegerField(null=True, blank=True)
    max_execution_time_ms = models.PositiveBigIntegerField(null=True, blank=True)
    p50_execution_time_ms = models.PositiveBigIntegerField(null=True, blank=True)
    p95_execution_time_ms = models.PositiveBigIntegerField(null=True, blank=True)
    p99_execution_time_ms = models.PositiveBigIntegerField(null=True, blank=True)
    total_errors = models.PositiveIntegerField(default=0, help_text="Failed runs and recorded critical problems.")
    error_rate = models.FloatField(default=0.0)
    success_rate = models.FloatField(default=0.0)
    total_tokens = models.PositiveBigIntegerField(null=True, blank=True)
    total_cost_usd = models.DecimalField(max_digits=16, decimal_places=6, null=True, blank=True)
    durations = models.BinaryField(default=bytes)
    errors = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class DailyPerformance(DayFigures):
    """A simulation's day. A simulation of which no run ended has none."""

    simulation = models.ForeignKey(Simulation, models.CASCADE, related_name="days", db_index=False)
    metric_date = models.DateField()

    class Meta:
        ordering = ["-metric_date", "simulation"]
        verbose_name_plural = "daily performance"
        constraints = [
            # Also the index of "the days of this simulation since".
            models.UniqueConstraint(fields=["simulation", "metric_date"], name="one_row_per_simulation_and_day"),
            models.CheckConstraint(
                condition=Q(total_executions=F("successful_executions") + F("failed_executions")),
                name="day_total_is_successful_and_failed",
            ),
        ]
        # The day of all simulations: what the system's day is made of.
        indexes = [models.Index(fields=["metric_date"], name="performance_of_day")]

    def __str__(self) -> str:
        return f"{self.simulation_id} on {self.metric_date}"


class RemovedDay(DayFigures):
    """What the runs of a simulation's day were like that have been removed for good. They stay in the day's figures."""

    simulation = models.ForeignKey(Simulation, models.CASCADE, related_name="removed_days", db_index=False)
    metric_date = models.DateField()

    class Meta:
        ordering = ["-metric_date", "simulation"]
        constraints = [
            models.UniqueConstraint(fields=["simulation", "metric_date"], name="one_removed_row_per_simulation_and_day")
        ]

    def __str__(self) -> str:
        return f"{self.simulation_id} on {self.metric_date}, removed"


class ChangedDay(models.Model):
    """A day over of which a run has begun or ceased to count since: its figures are to be made again.

    Each change writes another token, so that whoever has made the figures again forgets only the changes that they have.
    """

    simulation = models.ForeignKey(Simulation, models.CASCADE, related_name="changed_days", db_index=False)
    metric_date = models.DateField()
    token = models.UUIDField(default=uuid4)

    class Meta:
        ordering = ["metric_date", "simulation"]
        constraints = [
            models.UniqueConstraint(fields=["simulation", "metric_date"], name="one_change_per_simulation_and_day")
        ]

    def __str__(self) -> str:
        return f"{self.simulation_id} on {self.metric_date}"


class SystemDay(DayFigures):
    """The day of all simulations, and how far its rollup is: the simulations up to number `place` are done.

    `failed` are the simulations whose rollup did not succeed: their day is read from the runs. The row is all it takes to go
    on after a restart.
    """

    metric_date = models.DateField(unique=True)
    place = models.PositiveBigIntegerField(default=0)
    failed = models.JSONField(default=list, blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-metric_date"]

    def __str__(self) -> str:
        return f"{self.metric_date}"
