from __future__ import annotations

from django.contrib import admin

from experiments.models import Experiment
from runs.admin import ReadOnly


@admin.register(Experiment)
class ExperimentAdmin(ReadOnly):
    """What was asked, as it was given."""

    list_display = ("id", "name", "kind", "simulation", "created_at", "created_by", "deleted_at")
    search_fields = ("name", "source")
    list_select_related = ("simulation", "created_by")
