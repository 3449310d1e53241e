from __future__ import annotations

from django.contrib import admin

from performance.models import ChangedDay, DailyPerformance, ErrorTotals, ExecutionTotals, RemovedDay, SystemDay
from runs.admin import ReadOnly

FIGURES = (
    *("total_executions", "successful_executions", "failed_executions", "cancelled_executions", "success_rate"),
    *("avg_execution_time_ms", "p50_execution_time_ms", "p95_execution_time_ms", "p99_execution_time_ms"),
)
HIDDEN = ("durations",)


@admin.register(DailyPerformance)
class DailyPerformanceAdmin(ReadOnly):
    """What the days of simulations were like; made by the rollup alone."""

    list_display = ("metric_date", "simulation", *FIGURES)
    date_hierarchy = "metric_date"
    search_fields = ("simulation__slug", "simulation__name")
    list_select_related = ("simulation",)
    exclude = HIDDEN


@admin.register(RemovedDay)
class RemovedDayAdmin(ReadOnly):
    """What the runs were like that have been removed for good, by the day on which they started."""

    list_display = ("metric_date", "simulation", *FIGURES)
    search_fields = ("simulation__slug", "simulation__name")
    list_select_related = ("simulation",)
    exclude = HIDDEN


@admin.register(ChangedDay)
class ChangedDayAdmin(ReadOnly):
    """Days whose figures are to be made again."""

    list_display = ("metric_date", "simulation")
    list_select_related = ("simulation",)


@admin.register(SystemDay)
class SystemDayAdmin(ReadOnly):
    """The days of all simulations, and how far their rollup is."""

    list_display = ("metric_date", "finished_at", *FIGURES, "failed")
    exclude = HIDDEN


@admin.register(ExecutionTotals)
class ExecutionTotalsAdmin(ReadOnly):
    """What was ever counted of the runs of a simulation."""

    list_display = ("simulation", "completed", "failed", "cancelled", "turns", "duration_ms")
    list_select_related = ("simulation",)
    search_fields = ("simulation__slug",)


@admin.register(ErrorTotals)
class ErrorTotalsAdmin(ReadOnly):
    """How many of them failed by which type of error."""

    list_display = ("simulation", "error_type", "count")
    list_select_related = ("simulation",)
    search_fields = ("simulation__slug", "error_type")
