"""The noun: a question, and what it is asked with."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from runs.models import Simulation

KINDS = ("optimization",)


class Experiment(models.Model):
    """`source` and `files` are as they were given; what is played is the simulation's, which no list of simulations shows."""

    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=[(kind, kind) for kind in KINDS], default="optimization")
    source = models.TextField()
    files = models.JSONField(default=dict)
    proposer = models.CharField(max_length=20, blank=True)
    budget = models.JSONField(default=dict, help_text="tokens and cost_usd; null is no limit.")
    simulation = models.OneToOneField(Simulation, models.CASCADE, related_name="experiment")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, db_index=False)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(kind__in=KINDS), name="experiment_kind_known")]
        indexes = [
            # The list of experiments, newest first.
            models.Index(fields=["-id"], condition=Q(deleted_at=None), name="experiments_listed"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("experiment", args=[self.pk])
