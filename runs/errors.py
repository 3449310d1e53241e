"""Error groups: what failures have in common, so that "timeout after 31 s" and "timeout after 32 s" are counted as one."""

from __future__ import annotations

import re

LONGEST = 100
# In this order: a number within an id or a path is part of it.
MASKS = (
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\b(?:0x)?(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{6,}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"(?<![\w/])(?:[A-Za-z]:)?(?:[/\\][^\s/\\'\"():,;]+){2,}"), "<path>"),
    (re.compile(r"[0-9]+(?:[.,][0-9]+)*(?:e[+-]?[0-9]+)?", re.IGNORECASE), "#"),
)


def error_group(error_type: str, message: str) -> str:
    """The type and the first line of the message, ids, paths and numbers masked; at most 100 characters."""
    line = next((line.strip() for line in message.splitlines() if line.strip()), "")
    for pattern, mask in MASKS:
        line = pattern.sub(mask, line)
    return f"{error_type}: {line}"[:LONGEST].strip() if line else error_type[:LONGEST]
