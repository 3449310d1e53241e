"""From what a text mentions to the question about it."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import urlencode

from django import template

from simweb.engine.answers import questions_of

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


@register.filter
def can_be_asked(scenario: str) -> bool:
    """Whether the scenario answers questions about its runs."""
    return bool(questions_of(scenario))


@cache
def _patterns(scenario: str) -> list[tuple[str, str, re.Pattern[str]]]:
    return [(one.key, one.title, _pattern(one.mention)) for one in questions_of(scenario) if one.mention]


def _pattern(mention: str) -> re.Pattern[str]:
    """Of "payment {payment}": the word, and after it a name or number of one word, one that has a digit or a capital: no verb."""
    parts = re.split(r"\{(\w+)\}", mention)
    written = [
        f"(?P<{part}>(?=\\w*[0-9A-Z])\\w+)" if place % 2 else re.escape(part) for place, part in enumerate(parts)
    ]
    return re.compile(rf"\b(?i:{written[0]}){''.join(written[1:])}\b")
