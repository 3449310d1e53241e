"""Wire: a proxy in front of a server, whose lines a test may cut as a bad network does."""

from __future__ import annotations

import random
import socket
import threading
from contextlib import suppress

SOCKETS = b"GET /ws/"


class Wire:
    """Listens on a port of its own and passes everything on. `cut` breaks some of the lines that are open at that moment:
    of those that have sent what begins so, which the pages' sockets do.
    """

    def __init__(self, port: int, beginning: bytes = SOCKETS) -> None:
        self.target = port
        self.beginning = beginning
        self.is_away = self.is_silent = False
        self.unanswered: list[socket.socket] = []
        self.door = socket.create_server(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{self.door.getsockname()[1]}"
        self.lines: list[tuple[socket.socket, socket.socket]] = []
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, chance: random.Random, most: int) -> None:
        """Break up to so many of the open sockets, chosen at random, without a word to either end."""
        for line in chance.sample(self.lines, min(most, len(self.lines))):
            with suppress(ValueError):
                self.lines.remove(line)
                self.cuts += 1
            _end(*line)

    def go_away(self, *, silently: bool) -> None:
        """Break all lines; who comes now is sent away, or is let in and hears nothing."""
        self.is_silent, self.is_away = silently, True
        for line in list(self.lines):
            _end(*line)

    def come_back(self) -> None:
        """Pass everything on again."""
        self.is_away = False
        _end(*self.unanswered)
        self.unanswered.clear()

    def close(self) -> None:
        """Let nobody in any more."""
        self.door.close()
        _end(*self.unanswered)
        for line in list(self.lines):
            _end(*line)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.door.accept()
                if self.is_away:
                    self.unanswered.append(client) if self.is_silent else _end(client)
                    continue
                server = socket.create_connection(("127.0.0.1", self.target))
                threading.Thread(target=self._pass_on, args=(client, server, True), daemon=True).start()
                threading.Thread(target=self._pass_on, args=(server, client, False), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, outwards: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if outwards and data.startswith(self.beginning) and (source, target) not in self.lines:
                    self.lines.append((source, target))
                target.sendall(data)
        with suppress(ValueError):
            self.lines.remove((source, target) if outwards else (target, source))
        _end(source, target)


def _end(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
