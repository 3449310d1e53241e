"""What has ever been counted of runs that ended. Only `performance.counters` writes it, and nothing here ever decreases."""

from __future__ import annotations

from functools import reduce
from operator import add

from django.db import models
from django.db.models import F, Q

from runs.models import Simulation

# Upper ends of the histogram's buckets, in milliseconds.
BOUNDS_MS = (100, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000)
BUCKETS = (*(f"within_{bound}_ms" for bound in BOUNDS_MS), "longer")


class ExecutionTotals(models.Model):
    """Of one simulation, since it was made: deleting, pruning or importing runs changes nothing here.

    Replays are counted in `turns` alone. Each completed or failed run that had begun is in one of the buckets. The row
    outlives its simulation, so that the sum of all turns never decreases.
    """

    simulation = models.OneToOneField(Simulation, models.SET_NULL, null=True, related_name="totals")
    completed = models.PositiveBigIntegerField(default=0)
    failed = models.PositiveBigIntegerField(default=0)
    cancelled = models.PositiveBigIntegerField(default=0)
    turns = models.PositiveBigIntegerField(default=0)
    duration_ms = models.PositiveBigIntegerField(default=0)
    within_100_ms = models.PositiveBigIntegerField(default=0)
    within_500_ms = models.PositiveBigIntegerField(default=0)
    within_1000_ms = models.PositiveBigIntegerField(default=0)
    within_2000_ms = models.PositiveBigIntegerField(default=0)
    within_5000_ms = models.PositiveBigIntegerField(default=0)
    within_10000_ms = models.PositiveBigIntegerField(default=0)
    within_30000_ms = models.PositiveBigIntegerField(default=0)
    within_60000_ms = models.PositiveBigIntegerField(default=0)
    within_120000_ms = models.PositiveBigIntegerField(default=0)
    within_300000_ms = models.PositiveBigIntegerField(default=0)
    within_600000_ms = models.PositiveBigIntegerField(default=0)
    within_1800000_ms = models.PositiveBigIntegerField(default=0)
    within_3600000_ms = models.PositiveBigIntegerField(default=0)
    longer = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["simulation"]
        verbose_name_plural = "execution totals"
        constraints = [
            models.CheckConstraint(
                condition=Q(completed__gte=reduce(add, map(F, BUCKETS)) - F("failed")), name="timed_runs_are_decided"
            ),
        ]

    def __str__(self) -> str:
        return f"Totals of {self.simulation_id}"


class ErrorTotals(models.Model):
    """How many runs of a simulation failed by one type of error; by types beyond the first twenty, together, as "other"."""

    simulation = models.ForeignKey(Simulation, models.CASCADE, related_name="error_totals", db_index=False)
    error_type = models.CharField(max_length=200)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["simulation", "error_type"]
        verbose_name_plural = "error totals"
        constraints = [
            # Also the index of "the types of this simulation".
            models.UniqueConstraint(fields=["simulation", "error_type"], name="one_count_per_simulation_and_error"),
        ]

    def __str__(self) -> str:
        return f"{self.error_type} in {self.simulation_id}"
