"""Whom to tell of ends, and what was told."""

from __future__ import annotations

import re

from django.db import models
from django.db.models import F, Q

from runs.models.run import Run
from runs.models.simulation import Simulation
from runs.states import Channel, Delivered, Status

WEB_ADDRESS = re.compile(r"(https?://)(?:[^\s/?#]*@)?([^\s/?#@]*)\S*")


def discreet(text: str) -> str:
    """The text, with each web address in it only up to its host: whoever knows the rest of a webhook's may post there."""
    return WEB_ADDRESS.sub(r"\1\2/…", text)


def default_statuses() -> list[str]:
    """What people want to hear of unless they say otherwise."""
    return [Status.FAILED.value]


class Notifier(models.Model):
    """Whom to tell when a run of a simulation, or of any, ends in one of `statuses`."""

    simulation = models.ForeignKey(
        Simulation, models.CASCADE, related_name="notifiers", null=True, blank=True, help_text="Blank: all of them."
    )
    channel = models.CharField(max_length=10, choices=Channel.choices)
    address = models.CharField(max_length=500, help_text="An https address, or an e-mail address.")
    statuses = models.JSONField(default=default_statuses)
    secret = models.CharField(max_length=64, editable=False)  # signs webhooks; shown to whoever made the notifier
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(channel__in=Channel.values), name="notifier_channel_known")]

    def __str__(self) -> str:
        return f"{self.channel} to {self.shown_address}"

    @property
    def shown_address(self) -> str:
        """As people see it."""
        return self.address if self.channel == Channel.EMAIL else discreet(self.address)


class Delivery(models.Model):
    """One notification about one run: written in the transaction that ended the run, sent afterwards, kept with its outcome."""

    notifier = models.ForeignKey(Notifier, models.CASCADE, related_name="deliveries", db_index=False)
    run = models.ForeignKey(Run, models.CASCADE, related_name="deliveries", db_index=False)
    outcome = models.CharField(max_length=10, choices=Delivered.choices, default=Delivered.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(
        max_length=300, blank=True, help_text="What the other side said, or why it was not reached."
    )
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["notifier", "run"], name="one_delivery_per_notifier_and_run"),
            models.CheckConstraint(condition=Q(outcome__in=Delivered.values), name="delivery_outcome_known"),
        ]
        indexes = [
            # Deliveries that are due.
            models.Index(F("next_try_at"), name="delivery_due", condition=Q(outcome=Delivered.PENDING)),
            # Deliveries of a run.
            models.Index(fields=["run"], name="deliveries_of_run"),
        ]

    def __str__(self) -> str:
        return f"{self.notifier}: {self.outcome}"
