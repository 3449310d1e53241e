"""Worlds for the tests of parameters: one field of every type there is, and models that change what they are given."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from pydantic import AliasChoices, AliasPath, BaseModel, Field, SecretStr, field_validator, model_validator

from simweb.engine import Context, Metric, Params, Scenario, TurnReport


class Colour(Enum):
    """Texts."""

    RED = "red"
    BLUE = "deep blue"


class Level(IntEnum):
    """Integers."""

    LOW = 1
    HIGH = 3


class Point(BaseModel):
    """A sub-model, one field of it with an alias."""

    x: int = 0
    y: float = Field(0.5, alias="why")


class Login(BaseModel):
    """A sub-model with a secret."""

    name: str = "nobody"
    password: SecretStr = SecretStr("")


class FieldsParams(Params):
    """One of each."""

    integer: int = Field(1, title="Integer")
    real: float = 1.0
    boolean: bool = True
    text: str = "some"
    prompt: str = Field("One.\nTwo.", json_schema_extra={"multiline": True})
    maybe_integer: int | None = 5
    maybe_real: float | None = 2.5
    maybe_boolean: bool | None = None
    maybe_text: str | None = "said"
    maybe_date: date | None = date(2026, 1, 31)
    maybe_point: Point | None = None
    colour: Colour = Colour.RED
    level: Level = Level.LOW
    maybe_level: Level | None = Level.HIGH
    words: Literal["a", "b"] = "a"
    numbers: Literal[1, 2] = 1
    switches: Literal[True, False] = True
    mixed: Literal["1", 1, None] = 1
    only: Literal["this"] = "this"
    day: date = date(2026, 1, 1)
    moment: datetime = datetime(2026, 1, 1, 12, 30)  # noqa: DTZ001 – one without a zone is what is tried
    clock: time = time(6, 30)
    span: timedelta = timedelta(hours=1)
    exact: Decimal = Decimal("1.10")
    maybe_exact: Decimal | None = None
    listed: list[int] = [1, 2]
    named: dict[str, float] = {"a": 0.5}
    pair: tuple[int, str] = (1, "one")
    many: tuple[int, ...] = (1, 2, 3)
    distinct: set[str] = {"x", "y"}
    frozen: frozenset[int] = frozenset({1})
    point: Point = Point()
    points: list[Point] = []
    either: int | str = 7
    anything: Any = None
    file: Path = Path("a/b")
    number: UUID = UUID(int=1)
    raw: bytes = b"abc"
    secret: SecretStr = SecretStr("")
    login: Login = Login()
    aliased: int = Field(4, alias="otherName")
    chosen: int = Field(4, validation_alias=AliasChoices("firstName", "second_name"))
    reached: int = Field(4, validation_alias=AliasPath("place", 0))
    percent: float = Field(50.0, validate_default=True)
    share: float = Field(0.5, description="Given in per cent.")
    split: list[str] = ["a"]
    low: int = 0
    high: int = 10

    @field_validator("percent", "share")
    @classmethod
    def a_hundredth(cls, value: float) -> float:
        return value / 100

    @field_validator("split", mode="before")
    @classmethod
    def at_spaces(cls, value: Any) -> Any:
        return value.split() if isinstance(value, str) else value

    @model_validator(mode="after")
    def in_order(self) -> FieldsParams:
        if self.low > self.high:
            raise ValueError("low must not lie above high")
        return self


def played(context: Context) -> list[dict[str, Any]]:
    """What the model was given, each value as Python writes it; a secret backwards, for the model gives none away."""
    params = context.scenario.params
    shown = {name: getattr(params, name) for name in type(params).model_fields}
    shown |= {"secret": params.secret.get_secret_value()[::-1], "login": params.login.password.get_secret_value()[::-1]}
    values = {name: sorted(value) if isinstance(value, set) else value for name, value in shown.items()}
    return [{"name": name, "value": repr(value)} for name, value in values.items()]


class Fields(Scenario):
    """Says with what it was made."""

    key = "fields"
    title = "Fields"
    default_turns = 1
    Params: Any = FieldsParams
    metrics = (Metric("run.given.params", "Given", played, scope="run", kind="table"),)
    default_metric_keys = ("run.given.params",)

    def turn(self) -> TurnReport:
        return TurnReport({"look": 1})


class KeyedParams(Params):
    """A secret that must be given."""

    api_key: SecretStr
    calls: int = Field(1, ge=1)


class Keyed(Scenario):
    """Cannot do without a secret."""

    key = "keyed"
    title = "Keyed"
    default_turns = 1
    Params: Any = KeyedParams
    metrics = (Metric("turn.key.length", "Length", lambda c: len(c.scenario.params.api_key.get_secret_value())),)

    def turn(self) -> TurnReport:
        return TurnReport({"call": 1})
