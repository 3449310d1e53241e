"""What this server logs, without what lets somebody in: links that sign in, tokens, passwords, keys."""

from __future__ import annotations

import logging
import re

from simweb.engine.redaction import known_secrets, redacted
from simweb.engine.secrets import MASK

LETS_IN = re.compile(r"(/sign-in/|\bsimweb_|[?&](?:token|key|secret|signature|sig)=)[\w%~.-]{8,}")


class DiscreetFormatter(logging.Formatter):
    """A line, its traceback included; whoever wrote it need not think of secrets."""

    def format(self, record: logging.LogRecord) -> str:
        line: str = redacted(super().format(record), known_secrets())
        return LETS_IN.sub(rf"\g<1>{MASK}", line)
