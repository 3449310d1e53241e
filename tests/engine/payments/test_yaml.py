"""YAML as people write it: read as they mean it, or refused with what to write."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from simweb.engine import Fault, Faulty
from simweb.scenarios.documents import yaml_text
from simweb.scenarios.payments.files.games import GAMES, game_text
from simweb.scenarios.payments.files.scenario_file import read_scenario
from tests.engine.payments.texts import SMALLEST, fault_of, faults_of


@pytest.mark.parametrize(
    ("written", "part"),
    [
        ("010", "octal"),
        ("1:30", "base 60"),
        ("0x10", "decimal digits"),
        ("1_0", "underscores"),
        ("yes", "true or false"),
        ("1" * 31, "digits"),
        ('"5"', "whole number"),
        ("5.5", "whole number"),
        ("true", "whole number"),
    ],
)
def test_a_number_that_can_be_read_in_two_ways_is_refused_with_what_to_write(written: str, part: str) -> None:
    fault = fault_of(SMALLEST.replace("opening_balance: 100", f"opening_balance: {written}"))
    assert part in fault.message
    assert (fault.line, fault.path) == (3, ("agents", 0, "opening_balance"))


@pytest.mark.parametrize(
    ("written", "value"), [("1e3", 1000), ("1_000_000", 1_000_000), ("+5", 5), ("-5", -5), ("5.0", 5), ("0", 0)]
)
def test_a_number_is_read_as_people_mean_it(written: str, value: int) -> None:
    assert (
        read_scenario(SMALLEST.replace("opening_balance: 100", f"opening_balance: {written}")).banks[0].opening_balance
        == value
    )


def test_names_of_fields_are_texts_whatever_else_their_letters_mean() -> None:
    text = SMALLEST.replace("BANK_A", '"NO"').replace("BANK_B", '"010"')
    text = text.replace("opening_balance: 200", "opening_balance: 200, limits: {bilateral_limits: {NO: 5}}")
    assert read_scenario(text).banks[1].bilateral == {"NO": 5}


def test_a_field_that_is_written_twice_is_refused_with_both_lines() -> None:
    fault = fault_of(SMALLEST + "deferred_crediting: true\ndeferred_crediting: false\n")
    assert "on lines 5 and 6" in fault.message
    assert fault.line == 6


def test_of_a_field_that_is_written_twice_only_the_first_is_judged() -> None:
    assert "twice" in fault_of(SMALLEST + "deferred_crediting: true\ndeferred_crediting: 5\n").message


def test_a_fault_stands_on_the_line_of_its_field_wherever_the_value_is() -> None:
    text = (
        "simulation: {ticks_per_day: 10, num_days: &days 0.5, rng_seed: 1}\nagents:\n  - id: A\n    opening_balance:\n"
    )
    text += "      1.5\n    unsecured_cap: *days\n"
    assert [fault.line for fault in faults_of(text)] == [1, 4, 6]


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("", 1, "empty"),
        ("# nothing\n", 1, "empty"),
        (SMALLEST + "---\na: 1", 5, "second document"),
        ("a: b: c", 1, "colon"),
        ("a: 1\nb: 'x", 2, "quotes"),
        ("a:\n\tb: 1", 2, "tabs"),
        ("a: [1", 2, "brackets"),
        ("{a: 1", 2, "braces"),
        ("a: 1\n b: 2", 2, "indentation"),
        ("- a\nb: 1", 2, "indentation"),
        ("a: @b", 1, "special character"),
        ("a: \0", 1, "U+0000"),
        ("a: 1\nb: \ud800", 2, "U+D800"),
        ("{[1]: 2}", 1, "single word"),
        ("- 1", 1, "Write fields"),
        ("text", 1, "Write fields"),
    ],
)
def test_what_is_no_scenario_at_all_is_refused_in_plain_words(text: str, line: int, part: str) -> None:
    fault = fault_of(text)
    assert part in fault.message
    assert fault.line == line


@pytest.mark.parametrize("value", ["!!python/object/apply:os.system [ls]", "!x 5", "!!int 5"])
def test_tags_are_refused(value: str) -> None:
    fault = faults_of(SMALLEST + f"deferred_crediting: {value}")[0]
    assert "Tags such as" in fault.message
    assert fault.path == ("deferred_crediting",)


def test_without_the_compiled_parser_a_file_is_read_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    before = read_scenario(game_text("twenty-banks"))
    monkeypatch.setattr(yaml_text, "LOADER", yaml.SafeLoader)
    read_scenario.cache_clear()
    assert read_scenario(game_text("twenty-banks")) == before


@given(st.text())
def test_no_text_does_more_than_be_refused(text: str) -> None:
    with contextlib.suppress(Faulty):
        read_scenario(text)


@given(st.sampled_from(sorted(set(GAMES) - {"two-hundred-banks"})), st.data())
def test_no_damage_to_a_good_file_does_more_than_have_it_refused(key: str, data: st.DataObject) -> None:
    lines = game_text(key).splitlines()
    place = data.draw(st.integers(0, len(lines) - 1))
    start = data.draw(st.integers(0, len(lines[place])))
    end = data.draw(st.integers(start, len(lines[place])))
    piece = data.draw(st.text("{}[]:,-&*!|>'\"%@#?~<0123456789eE._ \tabnullyestrue", max_size=8))
    lines[place] = lines[place][:start] + piece + lines[place][end:]
    faults: tuple[Fault, ...] = ()
    try:
        read_scenario("\n".join(lines))
    except Faulty as faulty:
        faults = faulty.faults
    assert all(fault.line is None or 1 <= fault.line <= len(lines) + 1 for fault in faults)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(["castro-1", "castro-2", "five-banks", "twenty-banks"]), VALUES, st.data())
def test_no_value_at_any_place_does_more_than_have_a_file_refused(key: str, value: Any, data: st.DataObject) -> None:
    said = yaml.safe_load(game_text(key))
    inside = said
    while True:
        step = data.draw(st.sampled_from(sorted(inside) if isinstance(inside, dict) else range(len(inside))))
        if not isinstance(inside[step], dict | list) or not inside[step] or data.draw(st.booleans()):
            break
        inside = inside[step]
    inside[step] = value
    with contextlib.suppress(Faulty):
        read_scenario(yaml.safe_dump(said))
