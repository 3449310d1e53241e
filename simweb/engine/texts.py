"""Texts as every database can keep them: of bounded length, without NUL and lone surrogates."""

from __future__ import annotations

import re
from typing import Any

UNKEEPABLE = re.compile("[\0\ud800-\udfff]")
NAME_CHARACTERS = 200
TEXT_CHARACTERS = 4_000
LONG_CHARACTERS = 16_000
# Below this a text is a name or a title: only its beginning is worth keeping.
SHORT_CHARACTERS = 1_000


def keepable(text: Any, most: int = TEXT_CHARACTERS) -> str:
    """The text with at most `most` characters. Of a long one beginning and end are kept, and how much is left out is said."""
    clean = UNKEEPABLE.sub("\ufffd", text if type(text) is str else text_of(text))
    if len(clean) <= most:
        return clean
    if most < SHORT_CHARACTERS:
        return clean[: most - 1] + "…"
    gap = f"\n… {len(clean) - most:,} characters are left out here …\n"
    kept = most - len(gap)
    return clean[: kept - kept // 2] + gap + clean[len(clean) - kept // 2 :]


def text_of(value: Any) -> str:
    """`str(value)`, or a sentence in its place where that fails."""
    try:
        return str(value)
    except BaseException as error:  # a model's own text may even call sys.exit
        return f"<{type(value).__name__} whose text cannot be made: {type(error).__name__}>"


def clean(value: Any) -> Any:
    """Plain JSON with every text in it, names too, as a database can keep it; nothing is cut."""
    if isinstance(value, str):
        return UNKEEPABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {clean(name): clean(item) for name, item in value.items()}
    if isinstance(value, list):
        return [clean(item) for item in value]
    return value
