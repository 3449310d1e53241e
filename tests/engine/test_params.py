"""Parameters as JSON: read strictly, spelled out so that they can be read again, secrets apart."""

from __future__ import annotations

import json
from enum import IntEnum
from typing import Any, Literal

import pytest
from pydantic import Field, SecretStr, ValidationError, field_validator

from simweb.engine import Params
from simweb.engine.params import read_params, spelled_out
from simweb.engine.secrets import MASK, hide, reveal
from tests.fields import FieldsParams


class Size(IntEnum):
    """Integers."""

    SMALL = 1


class Strict(Params):
    """Kinds that Python takes for one another."""

    whole: int = 1
    real: float = 1.0
    flag: bool = True
    one: Literal[1] = 1
    yes: Literal[True] = True
    size: Size = Size.SMALL
    maybe_size: Size | None = None
    nested: list[dict[str, int]] = []
    sizes: list[Size] = []


@pytest.mark.parametrize(
    "given",
    [
        {"whole": True},
        {"whole": "3"},
        {"whole": 3.0},
        {"whole": 3e2},
        {"real": "3"},
        {"real": True},
        {"flag": 1},
        {"flag": "true"},
        {"one": True},
        {"one": 1.0},
        {"yes": 1},
        {"size": True},
        {"size": 1.0},
        {"maybe_size": True},
        {"nested": [{"a": "1"}]},
        {"nested": [{"a": True}]},
        {"sizes": [True]},
    ],
)
def test_what_json_tells_apart_is_not_taken_for_one_another(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read_params(Strict, given)


def test_a_whole_number_is_a_number_and_is_kept_as_one() -> None:
    assert spelled_out(Strict, {"real": 3})["real"] == 3
    assert json.dumps(spelled_out(Strict, {"real": 3})["real"]) == "3.0"


def test_what_earlier_versions_stored_is_read_as_it_was() -> None:
    stored = FieldsParams().model_dump(mode="json", exclude={"percent", "share"})
    read, plain = read_params(FieldsParams, stored), read_params(FieldsParams, spelled_out(FieldsParams, {}))
    assert {name: getattr(read, name) for name in stored} == {name: getattr(plain, name) for name in stored}


def test_what_is_spelled_out_stays_the_same_when_it_is_spelled_out_again() -> None:
    given = {"percent": 10, "share": 20, "split": "a b", "otherName": 5, "distinct": ["b", "a"]}
    once = spelled_out(FieldsParams, given)
    assert spelled_out(FieldsParams, once) == once
    read, plain = read_params(FieldsParams, once), read_params(FieldsParams, given)
    names = ("percent", "share", "split", "aliased", "distinct", "point")
    assert [getattr(read, name) for name in names] == [getattr(plain, name) for name in names]


class Keyed(Params):
    """Secrets in many places, one of them changed by its validator."""

    keys: dict[str, SecretStr] = {}
    trimmed: SecretStr = SecretStr("")
    both: list[SecretStr | int] = []
    plain: str = Field("")

    @field_validator("trimmed")
    @classmethod
    def without_spaces(cls, value: SecretStr) -> SecretStr:
        return SecretStr(value.get_secret_value().strip())


def test_secrets_are_hidden_wherever_they_lie_and_come_back_to_their_places() -> None:
    given = {"keys": {"a": "one", "b": "two"}, "trimmed": " three ", "both": ["four", 5], "plain": "one"}
    hidden, secrets = hide(Keyed, given)
    assert hidden == {"keys": {"a": MASK, "b": MASK}, "trimmed": MASK, "both": [MASK, 5], "plain": "one"}
    assert reveal(hidden, secrets) == given
    assert reveal({**hidden, "trimmed": "new"}, secrets)["trimmed"] == "new"
