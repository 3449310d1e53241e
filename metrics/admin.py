from django.contrib import admin

from metrics.models import MetricSelection


@admin.register(MetricSelection)
class MetricSelectionAdmin(admin.ModelAdmin):
    """A person's saved selections."""

    list_display = ("name", "owner", "scenario", "updated_at")
    list_filter = ("scenario",)
    search_fields = ("name", "owner__username")
    readonly_fields = ("owner", "scenario", "metric_keys", "created_at", "updated_at")

    def has_add_permission(self, request: object) -> bool:
        return False
