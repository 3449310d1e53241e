"""Terms: what may be asked of a run by name, in words a database answers. One table serves searching and sorting."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Expression, F, FloatField, Func, Q, TextField
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Collate, Upper
from django.db.models.lookups import Contains, Exact, GreaterThan, GreaterThanOrEqual, IsNull, LessThan, LessThanOrEqual
from django.utils import timezone

from runs.models import Simulation
from runs.specs import BadSpec, FieldError
from runs.states import FailureKind, Status, Trigger

LOOKUPS: dict[str, Any] = {"<": LessThan, "<=": LessThanOrEqual, ">": GreaterThan, ">=": GreaterThanOrEqual}
SAME = (":", "=")
LARGEST = 2**63 - 1
MILLISECONDS = {"ms": 1, "": 1000, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
NAMED = re.compile(r"(param|metric)\.([\w.-]{1,200})")


class BadTerm(ValueError):
    """The term cannot be asked; the message says what to write instead."""


class JsonValue(Func):
    """A number, or a text, at a path of a JSON column; null where there is something else. SQLite and PostgreSQL."""

    def __init__(self, column: str, path: list[str], *, is_number: bool) -> None:
        super().__init__(F(column), output_field=FloatField() if is_number else TextField())
        self.path, self.is_number = path, is_number

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, tuple[str | int, ...]]:
        column, _ = compiler.compile(self.source_expressions[0])
        path = "$" + "".join(f'."{name}"' for name in self.path)
        if self.is_number:
            words = f"CASE WHEN JSON_TYPE({column}, %s) IN ('integer', 'real') THEN JSON_EXTRACT({column}, %s) END"
            return words, (path, path)
        yes_no = "WHEN 'true' THEN 'true' WHEN 'false' THEN 'false'"
        return f"CASE JSON_TYPE({column}, %s) {yes_no} WHEN 'text' THEN JSON_EXTRACT({column}, %s) END", (path, path)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list[Any]]:
        column, _ = compiler.compile(self.source_expressions[0])
        marks = ", ".join(["%s"] * len(self.path))
        place = f"ARRAY[{marks}]::text[]"
        kinds, cast = ("'number'", "::double precision") if self.is_number else ("'string', 'boolean'", "")
        words = f"CASE WHEN jsonb_typeof({column} #> {place}) IN ({kinds}) THEN ({column} #>> {place}){cast} END"
        return words, [*self.path, *self.path]


def number_at(name: str) -> JsonValue:
    """The number that a parameter or a run metric is."""
    return JsonValue(*_place(name), is_number=True)


def text_at(name: str) -> JsonValue:
    """The text, or yes and no as `true` and `false`, that a parameter or a run metric is."""
    return JsonValue(*_place(name), is_number=False)


def _place(name: str) -> tuple[str, list[str]]:
    kind, _, key = name.partition(".")
    return ("params", key.split(".")) if kind == "param" else ("run_metrics", [key])


@dataclass(frozen=True, slots=True)
class Field:
    """A name that may be asked for: how a comparison with a text becomes a condition, and whether an index serves it."""

    compare: Callable[[str, str], Q]
    indexed: bool = False


def condition(name: str, op: str, value: str, quoted: bool) -> Q:
    """The condition of one term, never null, so that its opposite is exact. Raises BadTerm."""
    if NAMED.fullmatch(name):
        return _json(name, op, value, quoted)
    return FIELDS[name].compare(op, value)


def is_known(name: str) -> bool:
    """Whether there is a term of this name."""
    return name in FIELDS or NAMED.fullmatch(name) is not None


def is_indexed(name: str) -> bool:
    """Whether the term is found by an index; others look at row after row."""
    return name in FIELDS and FIELDS[name].indexed


def word(text: str) -> Q:
    """The text occurs in the simulation's name, the error's type or message, the notes or a tag, in any case of letters."""
    named = list(Simulation.objects.filter(holds("name", text)).order_by().values_list("pk", flat=True))
    tags = Q(Contains(Cast("tags", TextField()), _escaped(text.lower())))
    found = holds("error_message", text) | holds("error_type", text) | holds("notes", text) | tags
    return found | Q(simulation_id__in=named) if named else found


def holds(column: str, text: str) -> Q:
    """The text occurs in the column, in any case of letters, of whatever alphabet."""
    if text.isascii():
        return Q(**{f"{column}__icontains": text})
    if connection.vendor == "sqlite":  # its LIKE knows the case of ASCII only; its REGEXP is Python's
        return Q(**{f"{column}__iregex": re.escape(text)})
    # What LIKE and UPPER know depends on the locale of the database, and Unicode's does not.
    return Q(Contains(Upper(Collate(column, "und-x-icu")), text.upper()))


def _escaped(text: str) -> str:
    """The text as the database has it within JSON."""
    return json.dumps(text, ensure_ascii=connection.vendor == "sqlite")[1:-1]


def _compared(of: Combinable, op: str, value: Any) -> Q:
    known = Q(IsNull(of, False))
    if op in SAME:
        return known & Q(Exact(of, value))
    return known & ~Q(Exact(of, value)) if op == "!=" else known & Q(LOOKUPS[op](of, value))


def _only_same(op: str, found: Q) -> Q:
    if op in LOOKUPS:
        raise BadTerm("it cannot be larger or smaller: write :, = or !=")
    return ~found if op == "!=" else found


def _choice(column: str, values: list[str]) -> Callable[[str, str], Q]:
    def compare(op: str, value: str) -> Q:
        if value.lower() not in values:
            raise BadTerm(f"write one of {', '.join(values)}")
        return _only_same(op, Q(**{column: value.lower()}))

    return compare


def _simulation(op: str, value: str) -> Q:
    pk = Simulation.objects.filter(slug=value).order_by().values_list("pk", flat=True).first()
    return _only_same(op, Q(simulation_id=pk or 0))


def _tag(op: str, value: str) -> Q:
    needle = f'"{_escaped(" ".join(value.split()).lower())}"'
    return _only_same(op, Q(Contains(Cast("tags", TextField()), needle)))


def _is(op: str, value: str) -> Q:
    if value not in MARKS:
        raise BadTerm(f"write one of {', '.join(f'is:{name}' for name in MARKS)}")
    return _only_same(op, MARKS[value]())


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise BadTerm("write a number, such as 500 or 0.25")
    return number


def _whole(column: str) -> Callable[[str, str], Q]:
    def compare(op: str, value: str) -> Q:
        if not re.fullmatch(r"[0-9]{1,19}", value) or int(value) > LARGEST:
            raise BadTerm("write a whole number, such as 42")
        return _compared(F(column), op, int(value))

    return compare


def _cost(op: str, value: str) -> Q:
    number = _number(value.removeprefix("$"))
    if abs(number) >= 1e8:
        raise BadTerm("write an amount of dollars, such as 0.25")
    return _compared(F("total_cost_usd"), op, Decimal(str(number)).quantize(Decimal("0.000001")))


def _duration(op: str, value: str) -> Q:
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|h|d|)", value, re.ASCII)
    if found is None:
        raise BadTerm("write a time such as 500ms, 10s, 5m or 2h")
    return _compared(F("duration_ms"), op, round(float(found[1]) * MILLISECONDS[found[2]]))


def _moment(column: str) -> Callable[[str, str], Q]:
    def compare(op: str, value: str) -> Q:
        begin, end = _span(value)
        since, before = Q(**{f"{column}__gte": begin}), Q(**{f"{column}__lt": end})
        known = Q(**{f"{column}__isnull": False})
        inside = since & before if end > begin else since
        choices = {">": Q(**{f"{column}__gte": end}), ">=": since, "<": Q(**{f"{column}__lt": begin}), "<=": before}
        if op == "!=":
            return known & ~inside
        return known & choices.get(op, inside) if column != "created_at" else choices.get(op, inside)

    return compare


def _span(value: str) -> tuple[datetime, datetime]:
    """From when to when a text means: a day, a minute, a second, or the moment so long ago. Times are UTC."""
    words = "write a day such as 2026-11-01, a time such as 2026-11-01T10:30, or how long ago: 90m, 24h, 7d"
    if ago := re.fullmatch(r"([0-9]{1,6})(m|h|d)", value, re.ASCII):
        milliseconds = int(ago[1]) * MILLISECONDS[ago[2]]
        if milliseconds > 36_500 * MILLISECONDS["d"]:
            raise BadTerm("write at most 36500d")
        moment = timezone.now() - timedelta(milliseconds=milliseconds)
        return moment, moment
    shape = re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{6})?)?)?Z?", value, re.ASCII)
    try:
        begin = datetime.fromisoformat(value.removesuffix("Z")).replace(tzinfo=UTC) if shape else None
    except ValueError:
        begin = None
    if begin is None or shape is None or not 1900 <= begin.year <= 9000:
        raise BadTerm(words)
    steps = (timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1), timedelta(microseconds=1))
    return begin, begin + steps[sum(part is not None for part in shape.groups())]


def _json(name: str, op: str, value: str, quoted: bool) -> Q:
    try:
        number = None if quoted else _number(value)
    except BadTerm:
        number = None
    if number is not None:
        return _compared(number_at(name), op, number)
    if op in LOOKUPS:
        raise BadTerm("write a number to compare with, such as 500 or 0.25")
    return _compared(text_at(name), op, value)


def _by(op: str, value: str) -> Q:
    return _only_same(op, Q(created_by__isnull=False) & Q(created_by__username=value))


MARKS: dict[str, Callable[[], Q]] = {
    "starred": lambda: Q(is_starred=True),
    "verified": lambda: Q(verification__isnull=False) & Q(verification__status="verified"),
    "retry": lambda: Q(retry_of__isnull=False),
    "tagged": lambda: ~Q(tags=[]),
}
FIELDS: dict[str, Field] = {
    "status": Field(_choice("status", list(Status.values)), indexed=True),
    "trigger": Field(_choice("trigger", list(Trigger.values))),
    "error": Field(lambda op, value: _only_same(op, Q(error_group=value) | Q(error_type=value))),
    "failure": Field(_choice("failure_kind", list(FailureKind.values))),
    "simulation": Field(_simulation, indexed=True),
    "scenario": Field(lambda op, value: _only_same(op, Q(scenario=value))),
    "tag": Field(_tag),
    "is": Field(_is),
    "by": Field(_by),
    "id": Field(_whole("id"), indexed=True),
    "seed": Field(_whole("seed")),
    "created": Field(_moment("created_at"), indexed=True),
    "started": Field(_moment("started_at")),
    "duration": Field(_duration),
    "tokens": Field(_whole("total_tokens")),
    "cost": Field(_cost),
    "turns": Field(_whole("turns")),
    "problems": Field(_whole("problem_count")),
}


@dataclass(frozen=True, slots=True)
class Key:
    """One value that rows are ordered by. A cursor holds it as JSON; `read` makes it a value again."""

    of: Expression | F
    read: Callable[[Any], Any]
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class Sort:
    """An order of runs, the number of the run always being its last word."""

    name: str
    descending: bool
    keys: tuple[Key, ...]

    def __str__(self) -> str:
        return f"{'-' if self.descending else ''}{self.name}"


def _read_moment(value: Any) -> datetime:
    return datetime.fromisoformat(value).astimezone(UTC)


def _read_whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST:
        raise ValueError(value)
    return value


def _read_text(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(value)
    return value


def _read_number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(value)
    return float(value)


SORTS: dict[str, tuple[Key, ...]] = {
    "created": (Key(F("created_at"), _read_moment, nullable=False),),
    "started": (Key(F("started_at"), _read_moment),),
    "duration": (Key(F("duration_ms"), _read_whole),),
    "tokens": (Key(F("total_tokens"), _read_whole),),
    "cost": (Key(Cast("total_cost_usd", FloatField()), _read_number),),
    "seed": (Key(F("seed"), _read_whole, nullable=False),),
    "turns": (Key(F("turns"), _read_whole, nullable=False),),
    "problems": (Key(F("problem_count"), _read_whole, nullable=False),),
    "status": (Key(F("status"), _read_text, nullable=False),),
    "simulation": (Key(F("simulation__name"), _read_text, nullable=False),),
    "id": (),
}


def sort_of(text: str) -> Sort:
    """The order that a text such as `-duration` or `param.agents` asks for; newest first when blank. Raises BadSpec."""
    text = text.strip() or "-created"
    name = text.removeprefix("-")
    if name in SORTS:
        return Sort(name, text.startswith("-"), SORTS[name])
    if NAMED.fullmatch(name):
        keys = (Key(number_at(name), _read_number), Key(text_at(name), _read_text))
        return Sort(name, text.startswith("-"), keys)
    known = ", ".join(SORTS)
    raise BadSpec(
        [FieldError(("sort",), f"Write one of {known}, param.NAME or metric.KEY, with - before it to reverse.")]
    )
