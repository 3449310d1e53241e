"""What people type: numbers as JSON writes them; what may be read in two ways is refused, with how to write it."""

from __future__ import annotations

from typing import Any

import pytest

from runs import typed


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), ("+3", 3), ("-3", -3), ("2.5", 2.5), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("1.000", 1.0)],
)
def test_a_number_is_written_as_json_writes_it(text: str, value: Any) -> None:
    assert typed.number(text) == value


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("2,5", "Write 2.5, with a point."),
        ("1.000,5", "Write 1000.5, with a point."),
        ("1,000.5", "Write 1000.5, with a point."),
        ("1,000", "Write 1000, or 1.000: a comma may mean either."),
        ("1 000", "Write 1000, without separators."),
        ("1'000", "Write 1000, without separators."),
        ("1_000", "Write 1000, without separators."),
        ("1,234,567", "Write 1234567, without separators."),
        ("1.234.567", "Write 1234567, without separators."),
        ("１２", "Write 12, in plain digits."),
        ("٣", "Write 3, in plain digits."),
        ("many", ""),
        ("0x10", ""),
        ("1,2,3", "Write 123, without separators."),
    ],
)
def test_another_spelling_is_refused_with_how_to_write_it(text: str, hint: str) -> None:
    assert typed.number(text) == typed.Unreadable("Must be a number.", hint)
    assert typed.decimal(text) == typed.Unreadable("Must be a number.", hint)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("1,5", ""),
        ("1.5", ""),
        ("1,000", "Write 1000, without separators."),
        ("1.000", "Write 1000, without separators."),
        ("1 000", "Write 1000, without separators."),
        ("１２", "Write 12, in plain digits."),
        ("1e3", ""),
        ("--5", ""),
    ],
)
def test_a_whole_number_has_nothing_but_digits(text: str, hint: str) -> None:
    assert typed.whole(text) == typed.Unreadable("Must be a whole number.", hint)


@pytest.mark.parametrize("text", ["nan", "-inf", "Infinity", "1e999"])
def test_a_number_is_finite(text: str) -> None:
    assert typed.number(text) == typed.Unreadable("Must be a finite number.")


def test_json_has_no_nan_and_no_bottomless_nesting() -> None:
    assert isinstance(typed.structure("[NaN]"), typed.Unreadable)
    assert isinstance(typed.structure("[" * 100_000), typed.Unreadable)
    assert typed.structure('{"a": [1, null]}') == {"a": [1, None]}
