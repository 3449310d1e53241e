from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from metrics.models import MetricSelection
from simweb.access.by_role import ByRole
from simweb.access.roles import Role


@admin.register(MetricSelection)
class MetricSelectionAdmin(ByRole, admin.ModelAdmin):
    """Everybody's saved selections."""

    sees = does = Role.ADMIN
    list_display = ("name", "owner", "scenario", "updated_at")
    list_filter = ("scenario",)
    search_fields = ("name", "owner__username")
    readonly_fields = ("owner", "scenario", "metric_keys", "created_at", "updated_at")

    def has_add_permission(self, request: HttpRequest, *of: Any) -> bool:
        return False
