"""Wire: a proxy in front of a server, whose lines a test may cut as a bad network does."""

from __future__ import annotations

import random
import socket
import threading
from contextlib import suppress

SOCKETS = b"GET /ws/"


class Wire:
    """Listens on a port of its own and passes everything on. `cut` breaks the sockets that are open at that moment."""

    def __init__(self, port: int) -> None:
        self.target = port
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

    def close(self) -> None:
        """Let nobody in any more."""
        self.door.close()
        for line in list(self.lines):
            _end(*line)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.door.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
                threading.Thread(target=self._pass_on, args=(client, server, True), daemon=True).start()
                threading.Thread(target=self._pass_on, args=(server, client, False), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, outwards: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if outwards and data.startswith(SOCKETS):
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
