"""What people keep about lists of runs: views saved under a name, and acts upon many runs at once."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from runs.models.run import Run


class SavedView(models.Model):
    """A query with its order and columns under a name: its owner's own, or everybody's to see."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=100)
    query = models.CharField(max_length=1000, blank=True)
    sort = models.CharField(max_length=220, blank=True)
    columns = models.JSONField(default=list, blank=True)
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="one_view_per_owner_and_name"),
            models.CheckConstraint(condition=~Q(name=""), name="view_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class BulkAct(models.Model):
    """One act upon many runs, done one after another: upon `ids`, or upon all that match `query`, from `place` downwards.

    The row is all it takes to go on after a restart.
    """

    act = models.CharField(max_length=10)
    query = models.CharField(max_length=1000, blank=True)
    ids = models.JSONField(null=True, blank=True)
    tag = models.CharField(max_length=50, blank=True)
    undoes = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="undone_by")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="bulk_acts")
    place = models.BigIntegerField(help_text="Runs with smaller numbers are still to be looked at.")
    total = models.PositiveIntegerField(null=True, blank=True)
    done = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            # Those that are not finished.
            models.Index(fields=["id"], name="bulk_unfinished", condition=Q(finished_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.done}/{self.total}"


class BulkItem(models.Model):
    """What a bulk act did to one run; `refusal` says why it did nothing."""

    bulk = models.ForeignKey(BulkAct, models.CASCADE, related_name="items")
    run = models.ForeignKey(Run, models.CASCADE, related_name="bulk_items")
    refusal = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bulk", "run"], name="once_per_bulk_act_and_run")]

    def __str__(self) -> str:
        return f"{self.run_id}: {self.refusal or 'done'}"
