"""MetricSelection: a set of metric keys that a person saved under a name."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class MetricSelection(models.Model):
    """Keys are kept sorted, without duplicates, and were all known to the scenario when it was saved."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="metric_selections")
    scenario = models.CharField(max_length=100)
    name = models.CharField(max_length=100)
    metric_keys = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            # Also the index of "this person's selections for this scenario, by name".
            models.UniqueConstraint(
                fields=["owner", "scenario", "name"], name="one_selection_per_owner_scenario_and_name"
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="selection_has_a_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.scenario})"
