"""ServerProcess: who is up, of all that share the database; WriteProbe: that it can be written."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class ServerProcess(models.Model):
    """A web server or a Celery worker, as it told of itself last. `runs.presence` writes and reads it."""

    class Kind(models.TextChoices):
        WEB = "web"
        WORKER = "worker"

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=6, choices=Kind.choices)
    slots = models.PositiveIntegerField(default=0, help_text="Runs that it can play at once.")
    sockets = models.PositiveIntegerField(default=0, help_text="Open socket connections.")
    seen_at = models.DateTimeField()  # by the database's clock

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "server processes"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["web", "worker"]), name="server_process_kind_known"),
        ]

    def __str__(self) -> str:
        return self.name


class WriteProbe(models.Model):
    """One row, written whenever somebody asks whether the database can be written."""

    written_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"written at {self.written_at}"
