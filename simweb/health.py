"""Is the server alive, and is it ready for work?"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, connection, connections, transaction
from django.db.models.functions import Now
from django.http import HttpRequest, JsonResponse

from runs.executors import get_executor
from runs.models import WriteProbe
from simweb import schema

# A part that has not answered by then is said not to answer: whoever asks must not wait for it.
DEADLINE_SECONDS = 5.0
KEPT_SECONDS = 1.0  # whoever may ask, and however often, it is made no more than so often
LOCKED_SECONDS = 3  # another's transaction on the database may take so long
MIB = 1 << 20


class Check:
    """One part. It is asked by a thread of its own, which may hang; then it is not asked again before it is done."""

    def __init__(self, name: str, ask: Callable[[], str]) -> None:
        self.name = name
        self._ask = ask
        self._said = ""
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Ask, unless the answer to the last time is still awaited."""
        if self._thread is None or not self._thread.is_alive():
            self._said = ""
            self._thread = threading.Thread(target=self._run, name=f"check {self.name}", daemon=True)
            self._thread.start()

    def end(self, until: float) -> str:
        """ "ok" or what is wrong; that it does not answer when it has not by then."""
        assert self._thread is not None
        self._thread.join(max(0.0, until - time.monotonic()))
        return f"no answer within {DEADLINE_SECONDS:g} s" if self._thread.is_alive() else self._said

    def _run(self) -> None:
        try:
            self._said = self._ask()
        except Exception as error:  # whatever it is, the part is not ready
            self._said = str(error) or type(error).__name__
        finally:
            connections.close_all()


class Readiness:
    """All parts, asked at once, and the answer kept for a second. Who comes while they are being asked is told the answer
    before, and waits only where there was none: a part that hangs takes one thread of those that answer.
    """

    def __init__(self, *checks: Check) -> None:
        self._checks = checks
        self._lock = threading.Lock()
        self._told_at = 0.0
        self._told: dict[str, str] = {}

    def tell(self) -> dict[str, str]:
        """Each part's name, and "ok" or what is wrong with it."""
        if not self._lock.acquire(blocking=not self._told):
            return self._told
        try:
            if not self._told or time.monotonic() - self._told_at >= KEPT_SECONDS:
                self._told = self._asked()
                self._told_at = time.monotonic()
            return self._told
        finally:
            self._lock.release()

    def _asked(self) -> dict[str, str]:
        until = time.monotonic() + DEADLINE_SECONDS
        for check in self._checks:
            check.begin()
        return {check.name: check.end(until) for check in self._checks}


def health(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """Database, disk, channel layer and executor, each "ok" or what is wrong; 503 unless all are."""
    parts = readiness.tell()
    good = all(state == "ok" for state in parts.values())
    return JsonResponse({"status": "ok" if good else "not ready", **parts}, status=200 if good else 503)


def _database() -> str:
    """It is of this code's age, and takes a row."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {LOCKED_SECONDS * 1000}")
    if refusal := schema.refusal():
        return refusal
    if missing := schema.missing_migrations():
        return f"it is older than this version, which migrates it when it serves: it has no {', '.join(missing[-3:])}"
    try:
        _write()
    except DatabaseError as error:
        return f"cannot be written: {error}"
    return "ok"


@transaction.atomic
def _write() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # for this transaction alone: a pooler lends the connection to others
            cursor.execute(f"SET LOCAL statement_timeout = '{LOCKED_SECONDS}s'")
    row = WriteProbe(pk=1, written_at=Now())
    WriteProbe.objects.bulk_create([row], update_conflicts=True, unique_fields=["id"], update_fields=["written_at"])


def _disk() -> str:
    """There is room for what runs record."""
    free = shutil.disk_usage(settings.DATA_DIR).free // MIB
    return "ok" if free >= settings.LEAST_FREE_MB else f"only {free} MiB are free where {settings.DATA_DIR} lies"


def _channel_layer() -> str:
    if not settings.REDIS_URL:
        return "ok"
    import redis  # only where it is configured

    redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2).ping()
    return "ok"


def _executor() -> str:
    return get_executor().state


readiness = Readiness(
    Check("database", _database),
    Check("disk", _disk),
    Check("channel_layer", _channel_layer),
    Check("executor", _executor),
)
