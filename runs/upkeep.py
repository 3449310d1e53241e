"""Upkeep: what a server does by the clock, whichever executor plays. Each duty is one function; any server may do it.

A duty decides by compare-and-swap, so two servers that do it at once do it once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from django.conf import settings
from django.db import Error as DatabaseGone
from django.db import close_old_connections, connections
from django.utils import timezone

from runs import bulk, queries, removal, retention, schedules
from runs.presence import TELL_SECONDS, Presence
from runs.recording import bury

logger = logging.getLogger(__name__)
TICK_SECONDS = 1.0
PRUNE_SECONDS = 3600.0
further_duties: list[Callable[[], object]] = []  # of the rooms above, which add them where they are wired up


class Upkeep(threading.Thread):
    """One thread a server. It starts with patience: who was paused himself cannot tell the dead from the paused.

    With a presence it tells the others, every few seconds, that this process is up.
    """

    def __init__(self, presence: Presence | None = None) -> None:
        super().__init__(name="upkeep", daemon=True)
        self._ending = threading.Event()
        self._patient_until = 0.0
        self._woke_at = 0.0
        self._pruned_at = 0.0
        self._cleared_at = 0.0
        self._presence = presence
        self._told_at = 0.0

    def run(self) -> None:
        while not self._ending.wait(TICK_SECONDS):
            for duty in self.duties(time.time()):
                try:
                    duty()
                except Exception:
                    logger.exception("upkeep: %s failed; it is tried again", duty.__name__)
                    close_old_connections()
        self._leave()
        connections.close_all()

    def stop(self) -> None:
        """End after the present round."""
        self._ending.set()

    def duties(self, now: float) -> list[Callable[[], object]]:
        """What is to be done in a round that begins at `now`, by the wall's clock: it goes on while a machine sleeps."""
        if abs(now - self._woke_at) > 5 * TICK_SECONDS:
            self._patient_until = now + settings.LOST_SECONDS
        self._woke_at = now
        by_the_clock: list[Callable[[], object]] = [schedules.fire_due, bulk.advance, *further_duties]
        if self._presence is not None and not 0 <= now - self._told_at < TELL_SECONDS:
            by_the_clock.insert(0, self.be_seen)
        if not 0 <= now - self._cleared_at < PRUNE_SECONDS:
            by_the_clock.append(self.clear)
        if not 0 <= now - self._pruned_at < PRUNE_SECONDS:
            by_the_clock.append(self.prune)
        return by_the_clock if now < self._patient_until else [*by_the_clock, bury_the_lost]

    def be_seen(self) -> None:
        """Tell the others that this process is up."""
        self._told_at = self._woke_at
        if self._presence is not None:
            self._presence.tell()

    def _leave(self) -> None:
        try:
            if self._presence is not None:
                self._presence.leave()
        except DatabaseGone:
            logger.warning("upkeep: the others could not be told that this process ends; they notice by themselves")

    def clear(self) -> int:
        """Remove some rows that are of no use any more, and go on in the next round; when none is left, in an hour."""
        self._cleared_at = self._woke_at
        removed, there_is_more = removal.remove_the_useless()
        if there_is_more:
            self._cleared_at = 0.0
        return removed

    def prune(self) -> int:
        """Remove runs that are due for about a second, and go on in the next round; when none is left, in an hour."""
        self._pruned_at = self._woke_at
        until, removed = time.monotonic() + TICK_SECONDS, 0
        for number in retention.prune(timezone.now(), settings.RETENTION_DAYS):
            removed += number
            if time.monotonic() >= until:
                self._pruned_at = 0.0
                break
        return removed


def bury_the_lost() -> int:
    """Fail the runs whose player was not heard of for SIMWEB_LOST_SECONDS; how many there were."""
    buried = 0
    for run_id, lease in queries.silent(settings.LOST_SECONDS):
        words = f"Nothing was heard of the process that played this run for {settings.LOST_SECONDS} s."
        buried += bury(run_id, words, fence=lease)
    return buried
