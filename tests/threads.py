"""Threads: several that do one thing at the same moment, each with a database connection of its own; one that serves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import HTTPServer
from typing import Any, TypeVar

from django.db import connections

AServer = TypeVar("AServer", bound=HTTPServer)


@contextmanager
def serving(server: AServer) -> Iterator[AServer]:
    """The server answers as long as it is asked."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def at_once(*actions: Callable[[], Any]) -> Sequence[Any]:
    """What each action returned, or the exception that it raised; all begin together."""
    gate = threading.Barrier(len(actions))

    def act(action: Callable[[], Any]) -> Any:
        gate.wait(10)
        try:
            return action()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(actions)) as threads:
        return list(threads.map(act, actions))
