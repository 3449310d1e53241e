"""Mail with one deadline for all of it: smtplib's own holds for each read, and a server that drips would never pass it."""

from __future__ import annotations

import smtplib
import socket
import threading
from contextlib import suppress
from typing import Any

from django.core.mail.backends import smtp

# From the connection to the last answer. Shorter than a courier's claim: no other server may send it meanwhile.
DEADLINE_SECONDS = 15.0


class MailTooSlow(Exception):
    """The mail server was not done within the deadline."""


class PunctualSMTP(smtplib.SMTP):
    """Its line is cut at the deadline, whatever the other end does."""

    _alarm: threading.Timer | None = None
    _was_cut = False

    def _get_socket(self, *place: Any) -> socket.socket:
        line: socket.socket = super()._get_socket(*place)  # type: ignore[misc]
        self._alarm = threading.Timer(DEADLINE_SECONDS, self._cut, [line])
        self._alarm.daemon = True
        self._alarm.start()
        return line

    def _cut(self, line: socket.socket) -> None:
        self._was_cut = True
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)

    def getreply(self) -> tuple[int, bytes]:
        """Raises MailTooSlow besides what smtplib raises."""
        try:
            return super().getreply()
        except smtplib.SMTPServerDisconnected:
            if self._was_cut:
                raise MailTooSlow(f"the mail server took longer than {DEADLINE_SECONDS:g} s") from None
            raise

    def close(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        super().close()


class EmailBackend(smtp.EmailBackend):
    """Django's, with the deadline."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return PunctualSMTP

    def close(self) -> None:
        """Whatever comes of the farewell: by now the message was taken, or it is known why not."""
        with suppress(OSError, MailTooSlow):  # smtplib's are OSErrors
            super().close()
