"""ForkServer: our end of the warm engine process that makes, by fork, the process of each run."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
from typing import IO
from uuid import uuid4

from django.conf import settings

from runs.conductor import PlayerDied
from runs.executors.surroundings import environment_of_engine
from simweb.engine.processes import carrying, kill

PATIENCE_SECONDS = 5.0  # it may be in the middle of its imports when it is told to end
START_SECONDS = 120.0  # a machine that does much else takes long over the imports
ANSWER_SECONDS = 20.0
MARK = "SIMWEB_FORK_SERVER"


class Child:
    """A process of one run: its pipes, and how it ends."""

    def __init__(self, server: ForkServer, pid: int, pipes: tuple[int, int, int]) -> None:
        self._server = server
        self.pid = pid
        self.exit = os.pidfd_open(pid)  # readable once the process has ended
        self.stdin: IO[bytes] = os.fdopen(pipes[0], "wb")
        self.stdout, self.stderr = pipes[1:]

    def has_ended(self, within: float | None) -> bool:
        """Wait at most so many seconds for its end, or as long as it takes."""
        waiting = select.poll()
        waiting.register(self.exit, select.POLLIN)
        return bool(waiting.poll(None if within is None else max(0.0, within) * 1000))

    def signal_group(self, number: signal.Signals) -> None:
        """To the process and all that it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def close(self) -> int | None:
        """Let go of it when it has ended; its exit status, or None when its fork server has died with it."""
        with contextlib.suppress(BrokenPipeError):
            self.stdin.close()
        for descriptor in (self.stdout, self.stderr, self.exit):
            os.close(descriptor)
        return self._server.wait(self.pid)


class ForkServer:
    """Used by one thread alone. It ends, and whoever it made, when our end of its socket is closed: by `close`, or by the
    kernel when this process dies. When it is killed itself, the next fork starts another.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._mark = ""  # of all that come from it

    def fork(self) -> Child:
        """A process that waits for its spec. Raises PlayerDied when none can be made."""
        for _ in range(2):  # it may have been killed since it was last asked
            with contextlib.suppress(OSError):
                return self._fork()
            self.close()
        raise PlayerDied("The process that should play this run could not be started.")

    @property
    def trouble(self) -> str:
        """Why no process can be had of it just now; blank when nothing is known. May be asked from any thread."""
        process = self._process
        if process is None:
            return ""
        try:
            found = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WSTOPPED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:  # somebody has just seen it to its end
            return "its fork server has ended"
        if found is None:
            return ""
        return "its fork server is stopped" if found.si_code == os.CLD_STOPPED else "its fork server has ended"

    def wait(self, pid: int) -> int | None:
        """The exit status of a process that has ended: negative for a signal, None when the fork server cannot tell."""
        with contextlib.suppress(OSError, ValueError):
            if not self.trouble:
                return int(self._ask(f"wait {pid}"))
        self.close()  # what it says later would be taken for the answer to another question
        return None

    def close(self) -> None:
        """End it, and whoever it made; what their models have started, too, where it was killed and could not do so."""
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            try:
                self._process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            for pid in carrying(self._mark):
                kill(pid)
        self._process = self._control = None

    def _fork(self) -> Child:
        if self._process is None:
            self._start()
        assert self._control is not None
        ours, theirs = [], []
        try:
            for writes in (True, False, False):
                read, write = os.pipe()
                ours.append(write if writes else read)
                theirs.append(read if writes else write)
            pid = int(self._ask("fork", theirs))
            self._control.settimeout(ANSWER_SECONDS)
            return Child(self, pid, (ours[0], ours[1], ours[2]))
        except (OSError, ValueError) as error:
            for descriptor in ours:
                os.close(descriptor)
            raise ConnectionError("the fork server does not answer") from error
        finally:
            for descriptor in theirs:
                os.close(descriptor)

    def _start(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(START_SECONDS)
        self._mark = f"{MARK}={uuid4().hex}"
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-u", "-m", "simweb.engine", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd=settings.BASE_DIR,
                env={**environment_of_engine(), MARK: self._mark.partition("=")[2]},
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )

    def _ask(self, request: str, descriptors: list[int] | None = None) -> bytes:
        if self._control is None:
            raise ConnectionError("the fork server is closed")
        socket.send_fds(self._control, [request.encode()], descriptors or [])
        return self._control.recv(32)
