"""Presence: which processes are up, told by each of itself, and believed for as long as it goes on telling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet
from django.db.models.functions import Now

from runs.models import ServerProcess

TELL_SECONDS = 3.0
# Five words that did not come: a duty of the upkeep may well take a second or two, and a database be away for as long.
STALE_SECONDS = 15
FORGET_SECONDS = 3600


@dataclass
class Presence:
    """This process, in words for the others. `sockets` is asked from another thread."""

    name: str
    kind: ServerProcess.Kind
    slots: int
    sockets: Callable[[], int] = lambda: 0

    def tell(self) -> None:
        """Say what it is and that it is up."""
        told = ServerProcess(name=self.name, kind=self.kind, slots=self.slots, sockets=self.sockets(), seen_at=Now())
        changing = ["kind", "slots", "sockets", "seen_at"]
        ServerProcess.objects.bulk_create([told], update_conflicts=True, unique_fields=["name"], update_fields=changing)

    def leave(self) -> None:
        """It is going down."""
        ServerProcess.objects.filter(name=self.name).delete()


def processes() -> QuerySet[ServerProcess]:
    """Those that are up: heard of within the last seconds, by the database's clock."""
    return ServerProcess.objects.filter(seen_at__gte=Now() - timedelta(seconds=STALE_SECONDS))


def forget_the_gone() -> int:
    """Remove those that were killed and never came back; how many there were."""
    return ServerProcess.objects.filter(seen_at__lt=Now() - timedelta(seconds=FORGET_SECONDS)).delete()[0]
