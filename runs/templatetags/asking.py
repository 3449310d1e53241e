"""From what a text mentions to the question about it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django import template

from simweb.engine import registry

register = template.Library()
MOST_LINKS = 3


@register.filter
def asks_about(text: str, scenario: str) -> list[tuple[str, str]]:
    """What the text mentions and the scenario can be asked about: "The life of a payment: 12", and its address."""
    found: dict[str, str] = {}
    for key, title, pattern in _patterns(scenario):
        for match in pattern.finditer(text):
            asked = match.groupdict()
            query = urlencode({"tab": "explain", "question": key, **asked})
            found[f"{title}: {', '.join(asked.values())}"] = f"?{query}"
    return list(found.items())[:MOST_LINKS]


@cache
def _patterns(scenario: str) -> list[tuple[str, str, re.Pattern[str]]]:
    try:
        questions: Any = registry.load(scenario).questions
    except (registry.UnknownScenario, registry.BrokenScenario):
        return []
    return [(one.key, one.title, _pattern(one.mention)) for one in questions if one.mention]


def _pattern(mention: str) -> re.Pattern[str]:
    """Of "payment {payment}": the word, and a name of one word after it."""
    parts = re.split(r"\{(\w+)\}", mention)
    written = [f"(?P<{part}>\\w+)" if place % 2 else re.escape(part) for place, part in enumerate(parts)]
    return re.compile(rf"\b{''.join(written)}\b", re.IGNORECASE)
