"""How values are written on pages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import groupby
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from runs.rows import drawn_row
from runs.schemas import iso
from simweb.engine import catalogue, registry

register = template.Library()
UNKNOWN = "—"
LONGEST_LINE = 300
LONGEST_VALUE = 80  # of a parameter among others
SPARK_WIDTH, SPARK_HEIGHT = 104, 22
FATE_MARKS = {"success": "✓", "failure": "✗", "pending": "…"}

register.filter("iso", iso)


@register.simple_tag(takes_context=True)
def run_row(context: template.Context, run: Any) -> SafeString:
    """The row of a history, for who looks at it."""
    return drawn_row(run, may_operate=bool(context.get("may_operate")))


@register.filter
def moment(at: datetime | None) -> SafeString | str:
    """A moment, which the page's clock makes relative; `—` for none."""
    if not at:  # a template says "" for what is not there
        return UNKNOWN
    written = str(iso(at))
    day, time = written[:10], written[11:19]
    return format_html(
        '<time datetime="{}" data-relative title="{} {} UTC">{} {}</time>', written, day, time, day, time[:5]
    )


@register.filter
def at(moment: datetime) -> SafeString:
    """A moment as date and time of day; the page's clock writes it in the reader's zone, without the date when it is today."""
    written = str(iso(moment))
    return format_html('<time class="at" datetime="{}" data-at>{} {}</time>', written, written[:10], written[11:16])


@register.filter
def why(run: Any) -> str:
    """The first line of what a run failed of."""
    line = next((line.strip() for line in run.error_message.splitlines() if line.strip()), "")
    return f"{run.error_type}: {line[:LONGEST_LINE]}" if line else str(run.error_type)


@register.filter
@cache
def status(name: str) -> SafeString:
    """A status as icon, word and colour."""
    spin = " spin" if name == "running" else ""
    return format_html(
        '<span class="status {0}"><svg class="icon{1}" aria-hidden="true"><use href="#i-{0}"/></svg><span>{2}</span></span>',
        name,
        spin,
        name.capitalize(),
    )


@register.filter
def fate_mark(outcome: str) -> str:
    """What came of a decision, as one character."""
    return FATE_MARKS[outcome]


@register.filter
def duration(milliseconds: float | None) -> str:
    """`0.4 s`, `45 s`, `1 m 05 s`, `2 h 03 m`; `—` when unknown."""
    if milliseconds is None:
        return UNKNOWN
    if 0 < milliseconds < 1000:
        return f"{max(0.1, milliseconds // 100 / 10)} s"
    seconds = int(milliseconds // 1000)
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} m {seconds:02} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} m"


@register.filter
def took(milliseconds: float | None) -> str:
    """As `duration`, but exact below a minute: `0.45 ms`, `45 ms`, `1.24 s`, `45.3 s`."""
    if milliseconds is None:
        return UNKNOWN
    if 0 < milliseconds < 9.5:
        return f"{milliseconds:.2g} ms"
    if milliseconds < 999.5:
        return f"{milliseconds:.0f} ms"
    if milliseconds < 59_950:
        return f"{milliseconds / 1000:.{2 if milliseconds < 9_995 else 1}f} s"
    return duration(milliseconds)


@register.filter
def cost(usd: Decimal | float | None) -> str:
    """Two decimals from 10 cents, three from one cent, four from a hundredth of one, else six; `—` when unknown."""
    if usd is None:
        return UNKNOWN
    least = ((Decimal("0.1"), 2), (Decimal("0.01"), 3), (Decimal("0.0001"), 4))
    digits = next((digits for limit, digits in least if usd >= limit), 6 if usd else 2)
    return f"${usd:,.{digits}f}"


@register.filter
def amount(value: Any) -> str:
    """A number for reading: thousands grouped, five significant digits or the whole part and a decimal; `—` for none."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or (abs(value) < 1e15 and float(value).is_integer()):
        return f"{int(value):,}"
    if 1e4 <= abs(value) < 1e9:
        return f"{value:,.1f}"
    return f"{value:,.5g}" if 1e-4 <= abs(value) < 1e4 else f"{value:.4e}"


@register.filter
def in_a_line(value: Any) -> str:
    """The same in one short line, whatever it is: a parameter may be a whole file."""
    line, _, more = amount(value).strip().partition("\n")
    return f"{line[: LONGEST_VALUE - 1].rstrip()}…" if more or len(line) > LONGEST_VALUE else line


@register.filter
def folded(value: Any) -> SafeString | str:
    """A value to be read: a long one is folded, and scrolls in itself."""
    told = amount(value)
    if len(told) <= LONGEST_VALUE and "\n" not in told:
        return told or UNKNOWN
    text = told if isinstance(value, str) else pretty(value)
    lines = len(text.splitlines())
    return format_html(
        '<details class="folded"><summary>{}{}</summary><pre tabindex="0">{}</pre></details>',
        in_a_line(value),
        f" ({lines:,} lines)" if lines > 1 else "",
        text,
    )


@register.filter
def measured(value: Any) -> str:
    """A measurement of any kind in one line."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {amount(item)}" for name, item in value.items()) or UNKNOWN
    if isinstance(value, list):
        return f"{len(value)} rows"
    return amount(value)


@register.filter
def largest(mapping: dict[str, Any], most: int) -> dict[str, Any]:
    """So many of the names, in their order: those with the largest values, and none that has zero."""
    known = {name: abs(value) for name, value in mapping.items() if value}
    chosen = set(sorted(known, key=lambda name: -known[name])[:most])
    return {name: value for name, value in mapping.items() if name in chosen}


@register.filter
def item(mapping: dict[str, Any], key: str) -> Any:
    """`mapping[key]`, None when it is not there."""
    return mapping.get(key)


@register.filter
def item_of(key: str, mapping: dict[str, Any]) -> Any:
    """`mapping[key]`, for a key that a template has in a variable; the key itself when it is not there."""
    return mapping.get(key, key)


@register.filter
def place_in(place: int, values: Sequence[Any]) -> Any:
    """`values[place]`, for a loop that walks another list."""
    return values[place]


@register.filter
def series_colour(place: int) -> int:
    """Which of the eight colours of series the place, from 0, has."""
    return place % 8 + 1


@register.filter
def pretty(value: Any) -> str:
    """JSON over several lines."""
    return json.dumps(value, indent=2, ensure_ascii=False)


@register.filter
def percent(rate: float | None) -> str:
    """`75.0%`; `—` when there is none."""
    return UNKNOWN if rate is None else f"{rate:.1f}%"


@register.filter
def sparkline(values: Sequence[float | None]) -> SafeString | str:
    """A small line of the values, from their lowest to their highest, broken where there is none; a lone value is a dot."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    drawn = [_stretch(list(stretch), len(values), min(known), max(known)) for stretch in _stretches(values)]
    return format_html(
        '<svg class="spark" width="{0}" height="{1}" viewBox="0 0 {0} {1}" aria-hidden="true">{2}</svg>',
        SPARK_WIDTH,
        SPARK_HEIGHT,
        SafeString("".join(drawn)),
    )


def _stretches(values: Sequence[float | None]) -> Iterator[list[tuple[int, float]]]:
    """Neighbours that have values."""
    for has_value, places in groupby(enumerate(values), key=lambda one: one[1] is not None):
        if has_value:
            yield [(place, value) for place, value in places if value is not None]


def _stretch(values: Sequence[tuple[int, float]], count: int, low: float, high: float) -> str:
    span = high / 2 - low / 2 or 1.0  # halves: the whole may be more than a float holds
    step, inner = SPARK_WIDTH / max(1, count - 1), SPARK_HEIGHT - 4
    points = [
        (place * step, SPARK_HEIGHT - 2 - (value / 2 - low / 2) / span * inner if high > low else SPARK_HEIGHT / 2)
        for place, value in values
    ]
    if len(points) > 1:
        return format_html('<polyline points="{}"/>', " ".join(f"{x:.1f},{y:.1f}" for x, y in points))
    [(x, y)] = points
    x = SPARK_WIDTH / 2 if count == 1 else min(max(x, 2.0), SPARK_WIDTH - 2.0)
    return format_html('<circle cx="{}" cy="{}" r="1.5"/>', f"{x:.1f}", f"{y:.1f}")


@register.filter
def pairs(mapping: dict[str, Any]) -> list[tuple[str, Any]]:
    """Names and values. A template's own `mapping.items` finds what goes by the name of "items" first."""
    return list(mapping.items())


@register.filter
def columns(table: list[dict[str, Any]]) -> list[str]:
    """The names of a table's columns, in the order in which its rows first have them."""
    return list(dict.fromkeys(name for row in table for name in row))


@register.filter
def cells(row: dict[str, Any], names: list[str]) -> list[Any]:
    """The row's values of these columns, None where it has none."""
    return [row.get(name) for name in names]


@register.filter
def is_table(value: Any) -> bool:
    """A table metric with at least one row."""
    return isinstance(value, list) and bool(value)


@register.filter
def is_mapping(value: Any) -> bool:
    """Numbers by name."""
    return isinstance(value, dict)


@register.filter
def is_long(value: Any) -> bool:
    """An object or a list that is better written over several lines."""
    return isinstance(value, dict | list) and len(json.dumps(value)) > 60


@register.filter
def brief(value: Any) -> str:
    """As `measured`, but of a mapping only what is not zero: a table's cell is narrow."""
    if isinstance(value, dict):
        return measured({name: number for name, number in value.items() if number}) if any(value.values()) else "0"
    return measured(value)


@register.filter
def metric_title(key: str, scenario: str) -> str:
    """The metric's title; its key when its code is gone."""
    try:
        metric = catalogue(registry.load(scenario)).get(key)
    except (registry.UnknownScenario, registry.BrokenScenario):
        return key
    return metric.title if metric else key
