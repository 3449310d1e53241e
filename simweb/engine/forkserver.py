"""The fork server: a warm process that plays nothing itself and makes, by fork, one process for each run.

A fork of what is already imported is ready in milliseconds, where a new interpreter takes a second. The server that
started it asks over a socket of whole messages: `fork`, with three file descriptors (standard input, output and error of
the new process), is answered by a process id; `wait PID` by the exit status of that process, which stays a zombie until
then, so that its id cannot become another's while somebody may still signal it. Whatever that process had started is
ended before the answer, in a session of its own too: orphans come to the fork server.

It has one thread and must keep it so: a fork copies no other.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
from collections.abc import Iterable, Sequence

from simweb.engine.processes import adopt_orphans, descendants, die_with_parent, end_descendants, go_first, reap_strays

LONGEST_REQUEST = 64


def serve(control: socket.socket) -> bool:
    """Answer until the asking side is gone, then end whoever is left; False then. In a forked process, True at once.

    The asking side is gone when its end of the socket is closed, by itself or by the kernel after a `kill -9`.
    """
    gc.collect()
    gc.freeze()  # what is shared stays shared: a collection in a fork would copy every page it looks at
    adopt_orphans()
    ours = set(descendants(os.getpid()))  # such as who compiles rules for all
    made: set[int] = set()
    signal.signal(signal.SIGCHLD, lambda number, frame: reap_strays(made))
    while True:
        request, descriptors, _, _ = socket.recv_fds(control, LONGEST_REQUEST, 3)
        if not request:
            end_groups(made)
            end_descendants(ours)
            return False
        verb, _, argument = request.decode().partition(" ")
        if verb == "fork":
            parent = os.getpid()
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # until it is known as made
            pid = os.fork()
            if pid == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
                control.close()
                become_player(descriptors, parent)
                return True
            made.add(pid)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            for descriptor in descriptors:
                os.close(descriptor)
            control.send(str(pid).encode())
        else:
            pid, status = os.waitpid(int(argument), 0)
            made.discard(pid)
            end_descendants([*ours, *made])
            reap_strays(made)
            control.send(str(os.waitstatus_to_exitcode(status)).encode())


def end_groups(players: Iterable[int]) -> None:
    """Each with all that its model has started: what it left behind would be nobody's."""
    for pid in players:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def become_player(descriptors: Sequence[int], parent: int) -> None:
    """Stand on its own: a session, three pipes, a death with its parent, and before others when memory runs out."""
    os.setsid()  # a process group of its own: what the model starts ends with it
    go_first()
    die_with_parent(parent)
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
