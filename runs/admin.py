"""The admin: every row can be looked at, runs only through the same services as everywhere else. No COUNT(*) on big tables."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html

from runs import services
from runs.models import (
    BulkAct,
    Decision,
    Delivery,
    Event,
    Frame,
    JournalEntry,
    Notifier,
    Problem,
    Run,
    SavedView,
    SeriesBlock,
    ServerProcess,
    Simulation,
    Turn,
    WriteProbe,
)
from runs.specs import BadSpec
from runs.templatetags.show import cost, duration, pretty
from simweb.access.by_role import ByRole
from simweb.access.roles import Role

admin.site.site_header = admin.site.site_title = "simweb"
admin.site.index_title = "Everything that is kept"


class UncountedPaginator(Paginator):
    """Counts only as far as a person will page: counting a million rows takes longer than showing them."""

    most = 10_000

    @cached_property
    def count(self) -> int:
        found: Any = self.object_list
        return int(found.order_by().values_list("pk")[: self.most].count())


class ReadOnly(ByRole, admin.ModelAdmin):
    """What the engine recorded is looked at here, never edited."""

    paginator = UncountedPaginator
    show_full_result_count = False
    list_per_page = 25

    def has_add_permission(self, request: HttpRequest, *of: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Recent(ByRole, admin.TabularInline):
    """Rows that belong to a run; read only, and not too many."""

    extra = 0
    can_delete = False
    show_change_link = False
    max_num = 0

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class EventInline(Recent):
    model = Event
    fields = ("created_at", "kind", "actor", "detail")


@admin.register(Simulation)
class SimulationAdmin(ByRole, admin.ModelAdmin):
    """Simulations are made and changed on their pages, where parameters are checked; here they are looked at and archived."""

    list_display = ("name", "slug", "scenario", "turns", "completed_runs", "failed_runs", "is_archived")
    list_filter = ("scenario", "is_archived")
    search_fields = ("name", "slug")
    fields = (
        "name",
        "description",
        "slug",
        "scenario",
        "turns",
        "headline_metric",
        "is_archived",
        "shown_params",
        "metric_keys",
        "created_by",
    )
    readonly_fields = ("slug", "scenario", "turns", "headline_metric", "shown_params", "metric_keys", "created_by")

    def has_add_permission(self, request: HttpRequest, *of: Any) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="params")
    def shown_params(self, simulation: Simulation) -> str:
        return format_html("<pre>{}</pre>", pretty(simulation.params))


class DeletedFilter(admin.SimpleListFilter):
    """Runs that are there, unless the deleted ones are asked for: each half has an index, both together have none."""

    title = "deleted"
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes")]

    def choices(self, changelist: Any) -> Any:
        no, *rest = super().choices(changelist)
        return [{**no, "display": "No"}, *rest]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Run]) -> QuerySet[Run]:
        return queryset.filter(deleted_at__isnull=self.value() is None)


@admin.register(Run)
class RunAdmin(ReadOnly):
    """The actions are the services of page and API: what they refuse is said, run by run."""

    list_display = (
        "id",
        "simulation",
        "status",
        "trigger",
        "created_at",
        "took",
        "progress_text",
        "price",
        "created_by",
    )
    # Not the run's own scenario: its distinct values would be looked for in a million rows.
    list_filter = (DeletedFilter, "status", "trigger", "simulation__scenario", "failure_kind")
    search_fields = ("=id", "=seed", "fingerprint")
    ordering = ("-created_at", "-id")
    inlines = (EventInline,)
    actions = ("stop", "retry", "delete_runs")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        found = Run.objects.order_by(*self.ordering)
        if getattr(request.resolver_match, "url_name", "").endswith("_change"):
            return found
        return found.rows("created_by__username").select_related("created_by")

    @admin.display(description="duration")
    def took(self, run: Run) -> str:
        return duration(run.duration_ms)

    @admin.display(description="turns")
    def progress_text(self, run: Run) -> str:
        return f"{run.turns_done}/{run.turns}"

    @admin.display(description="cost")
    def price(self, run: Run) -> str:
        return cost(run.total_cost_usd)

    @admin.action(description="Stop", permissions=["act"])
    def stop(self, request: HttpRequest, chosen: QuerySet[Run]) -> None:
        self._each(request, chosen, services.cancel, "stopped")

    @admin.action(description="Retry", permissions=["act"])
    def retry(self, request: HttpRequest, chosen: QuerySet[Run]) -> None:
        self._each(request, chosen, services.retry, "queued again")

    @admin.action(description="Delete (can be undone on the run's page)", permissions=["act"])
    def delete_runs(self, request: HttpRequest, chosen: QuerySet[Run]) -> None:
        self._each(request, chosen, services.delete, "deleted")

    def _each(self, request: HttpRequest, chosen: QuerySet[Run], act: Any, done: str) -> None:
        good = 0
        for run in chosen:
            try:
                act(run, by=request.user)
                good += 1
            except (services.TransitionRefused, BadSpec) as refused:
                self.message_user(request, str(refused), messages.WARNING)
        self.message_user(
            request, f"{good} of {len(chosen)} runs {done}.", messages.SUCCESS if good else messages.WARNING
        )


@admin.register(Turn)
class TurnAdmin(ReadOnly):
    """Turns, newest first; look for those of one run by its number."""

    list_display = ("id", "run_id", "number", "duration_ms", "actions")
    search_fields = ("=run__id",)
    ordering = ("-id",)


@admin.register(Event)
class EventAdmin(ReadOnly):
    list_display = ("id", "run_id", "kind", "created_at", "actor", "detail")
    list_filter = ("kind",)
    search_fields = ("=run__id",)
    list_select_related = ("actor",)
    ordering = ("-id",)


@admin.register(Problem)
class ProblemAdmin(ReadOnly):
    list_display = ("id", "run_id", "severity", "turn", "source", "description")
    list_filter = ("severity",)
    search_fields = ("=run__id", "description")
    ordering = ("-id",)


@admin.register(Decision)
class DecisionAdmin(ReadOnly):
    list_display = ("id", "run_id", "number", "turn", "agent", "intent", "chosen", "outcome")
    list_filter = ("outcome",)
    search_fields = ("=run__id", "=agent")
    ordering = ("-id",)


@admin.register(Frame)
class FrameAdmin(ReadOnly):
    list_display = ("id", "run_id", "turn")
    search_fields = ("=run__id",)
    ordering = ("-id",)


@admin.register(JournalEntry)
class JournalEntryAdmin(ReadOnly):
    list_display = ("id", "run_id", "turn", "kind")
    list_filter = ("kind",)
    search_fields = ("=run__id",)
    ordering = ("-id",)


@admin.register(SeriesBlock)
class SeriesBlockAdmin(ReadOnly):
    list_display = ("id", "run_id", "metric", "first", "names")
    fields = ("run_id", "metric", "first", "names")
    search_fields = ("=run__id", "=metric")
    ordering = ("-id",)


@admin.register(SavedView)
class SavedViewAdmin(ReadOnly):
    """Everybody's, shared or not."""

    sees = Role.ADMIN
    list_display = ("name", "owner", "query", "sort", "is_shared", "created_at")
    search_fields = ("name", "owner__username")
    list_select_related = ("owner",)


@admin.register(BulkAct)
class BulkActAdmin(ReadOnly):
    list_display = ("id", "act", "query", "by", "total", "done", "refused", "created_at", "finished_at")
    list_filter = ("act",)
    list_select_related = ("by",)


@admin.register(Notifier)
class NotifierAdmin(ReadOnly):
    """Without its secret and the end of its address, which only whoever made it has seen."""

    sees = Role.OPERATOR

    list_display = ("simulation", "channel", "shown_address", "is_active", "created_at")
    list_filter = ("channel", "is_active")
    list_select_related = ("simulation",)
    fields = ("simulation", "channel", "shown_address", "statuses", "is_active", "created_at")


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly):
    sees = Role.OPERATOR
    list_display = ("id", "notifier", "run_id", "outcome", "attempts", "answer", "created_at", "sent_at")
    list_filter = ("outcome",)
    search_fields = ("=run__id",)
    list_select_related = ("notifier",)


@admin.register(WriteProbe)
class WriteProbeAdmin(ReadOnly):
    """The one row that `/ready` writes to see whether it can."""


@admin.register(ServerProcess)
class ServerProcessAdmin(ReadOnly):
    """Who told of itself within the last hour; one that was not seen for 15 seconds is not counted any more."""

    list_display = ("name", "kind", "slots", "sockets", "seen_at")
    list_filter = ("kind",)
