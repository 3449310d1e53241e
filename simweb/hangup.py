"""SIGHUP, when the terminal is gone, and SIGQUIT: a process that ends in good order at SIGTERM does so at these, too."""

from __future__ import annotations

import signal

LIKE_SIGTERM = (signal.SIGHUP, signal.SIGQUIT)
# Under nohup we were started with a deaf ear for a hangup, and keep it.
_ignored = frozenset(number for number in LIKE_SIGTERM if signal.getsignal(number) is signal.SIG_IGN)


def end_like_sigterm() -> None:
    """From now on; call it in the main thread when SIGTERM has its handler."""
    handler = signal.getsignal(signal.SIGTERM)
    for number in LIKE_SIGTERM:
        signal.signal(number, signal.SIG_IGN if number in _ignored else handler)
