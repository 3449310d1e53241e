"""Presence: which processes are up, told by each of itself, and believed for as long as it goes on telling."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Now

from runs.models import ServerProcess

TELL_SECONDS = 3.0
# Five words that did not come: a duty of the upkeep may well take a second or two, and a database be away for as long.
STALE_SECONDS = 15
FORGET_SECONDS = 3600
WATCH_SECONDS = 0.5
BOOT = Path("/proc/sys/kernel/random/boot_id")


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


def own_name() -> str:
    """This server among all that share the database: one a data directory, whose lock keeps a second one out."""
    if (kept := _kept()) is None:
        _keep(_new_name())
        kept = _kept()
    assert kept is not None
    return kept[0]


def take_name() -> str:
    """Say that this server is up, under its own name; or under a new one, where its directory is a copy and the other's
    server is up as well. It would bury that one's runs.
    """
    name = own_name()
    kept = _kept()
    if (kept is not None and kept[1] == _place()) or _is_free(name):
        _keep(name)
        Presence(name, ServerProcess.Kind.WEB, 0).tell()
        return name
    _keep(_new_name())
    return take_name()


def _is_free(name: str) -> bool:
    """Nobody is up under this name. A server that was killed a moment ago is told from one that is up by what it does next."""
    last: datetime | None = None
    while (row := processes().filter(name=name).first()) is not None:
        if last is not None and row.seen_at != last:
            return False
        last = row.seen_at
        time.sleep(WATCH_SECONDS)
    return True


def _new_name() -> str:
    return f"{socket.gethostname()[:60]}-{uuid4().hex[:12]}"


def _file() -> Path:
    return Path(settings.DATA_DIR / "server-name")


def _kept() -> tuple[str, str] | None:
    """The name in the data directory, and the place that it was written in."""
    try:
        name, _, place = _file().read_text().partition("\n")
    except FileNotFoundError:
        return None
    return (name, place.strip()) if name else None


def _keep(name: str) -> None:
    """Written as a whole, into a file that is made before: its number is part of the place."""
    file = _file()
    file.touch()
    file.write_text(f"{name}\n{_place()}\n")


def _place() -> str:
    """Which directory, of which start of which machine, where it tells: a copy has another."""
    found = _file().stat()
    try:
        boot = BOOT.read_text().strip()
    except OSError:
        boot = ""
    return json.dumps([socket.gethostname(), boot, found.st_dev, found.st_ino])
