"""When a payment of a list arrives, and when it is due."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simweb.scenarios.payments.market import Market
from tests.engine.payments.lists import DAY, WEEK, cells, one
from tests.engine.payments.texts import list_faults


@pytest.mark.parametrize(
    ("time", "tick"), [("00:00", 0), ("09:30", 9), ("9:59:59", 9), ("10:00", 10), ("23:59:59", 23)]
)
def test_a_time_of_day_is_the_tick_in_which_it_lies(time: str, tick: int) -> None:
    assert one(cells(tick=None, time=time)).tick == tick


@pytest.mark.parametrize(("time", "tick"), [("07:00", 0), ("07:29:59", 0), ("07:30", 1), ("18:59:59", 23)])
def test_the_ticks_divide_the_day_that_the_list_names(time: str, tick: int) -> None:
    assert one(cells("07:00-19:00", tick=None, time=time)).tick == tick


def test_a_day_counts_from_one_and_a_tick_with_a_day_is_one_of_that_day() -> None:
    assert one(cells(tick=None, time="01:00", day=3), WEEK).tick == 49
    assert one(cells(day=3), WEEK).tick == 51
    assert one(cells(tick=119), WEEK).tick == 119


@pytest.mark.parametrize(
    ("said", "path", "market"),
    [
        ({"tick": 24}, "tick", DAY),
        ({"tick": -1}, "tick", DAY),
        ({"tick": 120}, "tick", WEEK),
        ({"tick": 24, "day": 2}, "tick", WEEK),
        ({"day": 0}, "day", WEEK),
        ({"day": 6}, "day", WEEK),
        ({"tick": None, "time": "24:00"}, "time", DAY),
        ({"tick": None, "time": "9.30"}, "time", DAY),
        ({"tick": None, "time": "9:60"}, "time", DAY),
        ({"tick": None, "time": "25:00"}, "time", DAY),
        ({"tick": None, "time": "9:30 PM"}, "time", DAY),
        ({"tick": None, "time": ""}, "time", DAY),
    ],
)
def test_an_arrival_outside_the_run_is_refused(said: dict[str, object], path: str, market: Market) -> None:
    assert [fault.path for fault in list_faults(cells(**said), market)] == [(path,)]


def test_a_time_outside_the_named_day_is_refused() -> None:
    [fault] = list_faults(cells("07:00-18:00", tick=None, time="18:00"), DAY)
    assert "closes" in fault.message
    [fault] = list_faults(cells("07:00-18:00", tick=None, time="06:59"), DAY)
    assert "06:59 is outside the day, which goes from 07:00 to 18:00" in fault.message


def test_times_of_several_days_need_a_column_of_days() -> None:
    [fault] = list_faults(cells(tick=None, time="07:00"), WEEK)
    assert 'Add a column "day", from 1 to 5' in fault.message


@pytest.mark.parametrize("day", ["7-18", "18:00-07:00", "07:00-07:00", "Monday", ""])
def test_a_day_that_is_none_is_refused(day: str) -> None:
    [fault] = list_faults(f"# day: {day}\n" + cells(), DAY)
    assert fault.line == 1


def test_a_day_below_the_header_is_refused() -> None:
    [fault] = list_faults(cells() + "\n# day: 07:00-18:00", DAY)
    assert "above the header" in fault.message


@pytest.mark.parametrize(
    ("said", "deadline"),
    [
        ({"deadline": 1}, 4),
        ({"deadline": 500}, 503),
        ({"deadline": "05:00"}, 5),
        ({"deadline": "24:00"}, 23),
        (
            {"tick": None, "time": "03:10", "deadline": "03:50"},
            4,
        ),  # later, but in the tick of the arrival: the next one
        ({"tick": None, "time": "03:10", "deadline": "07:00"}, 7),
    ],
)
def test_a_deadline_is_ticks_after_the_arrival_or_a_time_of_its_day(said: dict[str, object], deadline: int) -> None:
    assert one(cells(**said)).deadline == deadline


def test_a_deadline_by_time_is_of_the_day_of_the_payment() -> None:
    assert one(cells(tick=None, time="03:00", day=2, deadline="07:00"), WEEK).deadline == 31


def test_where_deadlines_are_capped_the_last_tick_of_the_day_is_the_latest() -> None:
    capped = replace(WEEK, deadline_cap_at_eod=True)
    assert one(cells(deadline=30), capped).deadline == 23
    assert one(cells(deadline=3, tick=46), capped).deadline == 47
    assert one(cells(deadline=3, tick=47), capped).deadline == 48  # never before the tick after the arrival


@pytest.mark.parametrize(
    "said",
    [
        {"deadline": 0},
        {"deadline": "soon"},
        {"deadline": "03:59"},
        {"tick": None, "time": "09:00", "deadline": "09:00"},
        {"tick": None, "time": "09:00", "deadline": "08:00"},
    ],
)
def test_a_deadline_that_is_not_after_the_arrival_is_refused(said: dict[str, object]) -> None:
    assert [fault.path for fault in list_faults(cells(**said), DAY)] == [("deadline",)]


@pytest.mark.parametrize("said", [{"tick": None, "time": "09:30"}, {"deadline": "09:30"}])
def test_times_of_a_day_that_nobody_named_are_refused(said: dict[str, object]) -> None:
    text = "\n".join(line for line in cells(**said).split("\n") if not line.startswith("#"))
    [fault] = list_faults(text, DAY)
    assert (
        'Say which times of day the ticks divide, in a line above the header, such as "# day: 07:00-18:00".'
        in fault.message
    )


def test_a_deadline_may_be_a_tick_of_the_run_and_must_be_after_the_arrival() -> None:
    assert one(cells(tick=3, deadline_tick=7)).deadline == 7
    [fault] = list_faults(cells(tick=8, deadline_tick=5), DAY)
    assert (fault.path, fault.message) == (
        ("deadline_tick",),
        "Tick 5 is not after the arrival in tick 8. Write a later one.",
    )


def test_a_deadline_is_said_once() -> None:
    [fault] = list_faults(cells(deadline=3, deadline_tick=7), DAY)
    assert '"deadline_tick", not both' in fault.message
