"""Play on Celery workers: any number of machines, with PostgreSQL and Redis."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from django.db import close_old_connections, connections
from django.utils.module_loading import import_string
from kombu.exceptions import OperationalError

from runs import queries
from runs.executors import Executor

logger = logging.getLogger(__name__)
# A queued run is nudged again after so long: its message may be lost with a broker, or came when there was no room.
NUDGE_SECONDS = 5.0
NUDGED_AT_ONCE = 200


def celery_app() -> Any:
    """The site's Celery application, imported when it is needed: another executor has no use for it."""
    return import_string("simweb.celery.app")


def unread_messages() -> int:
    """How many messages the broker keeps for workers that have no slot free. Raises OperationalError."""
    app = celery_app()
    with app.connection_for_read() as connection:
        connection.ensure_connection(max_retries=1, timeout=2)
        try:
            return int(connection.channel().queue_declare(app.conf.task_default_queue, passive=True).message_count)
        except connection.channel_errors:  # there is no such queue: Redis knows none that is empty
            return 0


class CeleryExecutor(Executor):
    """Sends ids. Whoever gets one claims the run in the table, or finds that it is gone."""

    def __init__(self) -> None:
        self._nudged: dict[int, float] = {}
        self._ending = threading.Event()
        self._nudger = threading.Thread(target=self._nudge_forever, name="nudger", daemon=True)

    def start(self) -> None:
        self._nudger.start()

    def stop(self) -> None:
        self._ending.set()
        if self._nudger.is_alive():
            self._nudger.join(10)

    @property
    def state(self) -> str:
        try:
            with celery_app().connection_for_read() as connection:
                connection.ensure_connection(max_retries=1, timeout=2)
        except OperationalError as error:
            return f"the broker does not answer: {error}"
        return "ok"

    def run_queued(self, run_id: int) -> None:
        self._nudged[run_id] = time.monotonic()
        try:
            celery_app().send_task("simweb.conduct", (run_id,), ignore_result=True)
        except OperationalError as error:
            logger.warning("run %s: the broker is away (%s); it is nudged again", run_id, error)

    def run_ended(self, run_id: int) -> None:
        """Its worker learns it from its next heartbeat, within a second."""

    def _nudge_forever(self) -> None:
        while not self._ending.wait(1.0):
            try:
                self._nudge()
            except OperationalError as error:
                logger.warning("nudging: the broker is away (%s); it is asked again", error)
            except Exception:
                logger.exception("nudging failed; it is tried again")
                close_old_connections()
        connections.close_all()

    def _nudge(self) -> None:
        now = time.monotonic()
        waiting = queries.next_queued_ids(NUDGED_AT_ONCE)
        self._nudged = {run_id: at for run_id, at in self._nudged.items() if run_id in set(waiting)}
        if not waiting or unread_messages() >= len(waiting):
            return  # the workers are busy: more messages would only lie before those of the next runs
        for run_id in waiting:
            if now - self._nudged.get(run_id, 0.0) > NUDGE_SECONDS:
                self.run_queued(run_id)
