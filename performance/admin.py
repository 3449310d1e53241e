"""The admin: what was counted can be looked at, never edited."""

from django.contrib import admin

from performance.models import DailyPerformance, ErrorTotals, ExecutionTotals, SystemDay
from runs.admin import ReadOnly


@admin.register(ExecutionTotals)
class ExecutionTotalsAdmin(ReadOnly):
    list_display = ("simulation", "completed", "failed", "cancelled", "turns", "duration_ms")
    list_select_related = ("simulation",)
    search_fields = ("simulation__slug",)


@admin.register(ErrorTotals)
class ErrorTotalsAdmin(ReadOnly):
    list_display = ("simulation", "error_type", "count")
    list_select_related = ("simulation",)
    search_fields = ("simulation__slug", "error_type")


@admin.register(DailyPerformance)
class DailyPerformanceAdmin(ReadOnly):
    list_display = ("simulation", "metric_date", "successful_executions", "failed_executions", "success_rate")
    list_select_related = ("simulation",)
    search_fields = ("simulation__slug",)
    exclude = ("durations",)


@admin.register(SystemDay)
class SystemDayAdmin(ReadOnly):
    list_display = ("metric_date", "successful_executions", "failed_executions", "success_rate", "finished_at")
    exclude = ("durations",)
