"""The table of states, written out a second time."""

from __future__ import annotations

import itertools

import pytest

from runs.states import PLAYING, TERMINAL, TRANSITIONS, Act, Status, acts, sources

ALLOWED = {
    ("queued", "running"),
    ("queued", "cancelled"),
    ("running", "queued"),  # given back: nothing was recorded and its server ends
    ("running", "stuck"),
    ("running", "completed"),
    ("running", "failed"),
    ("running", "cancelled"),
    ("stuck", "running"),
    ("stuck", "completed"),
    ("stuck", "failed"),
    ("stuck", "cancelled"),
}


@pytest.mark.parametrize(("before", "after"), list(itertools.product(Status.values, repeat=2)))
def test_only_these_states_follow_each_other(before: str, after: str) -> None:
    assert (Status(after) in TRANSITIONS[Status(before)]) is ((before, after) in ALLOWED)
    assert (Status(before) in sources(Status(after))) is ((before, after) in ALLOWED)


def test_three_states_are_the_end_of_a_run() -> None:
    assert {Status.COMPLETED, Status.FAILED, Status.CANCELLED} == TERMINAL
    assert {status for status in Status if status.is_terminal} == TERMINAL
    assert {Status.RUNNING, Status.STUCK} == PLAYING


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.QUEUED, {"stop", "again"}),
        (Status.RUNNING, {"stop", "again"}),
        (Status.STUCK, {"stop", "again"}),
        (Status.COMPLETED, {"again", "verify", "delete"}),
        (Status.FAILED, {"retry", "again", "delete"}),
        (Status.CANCELLED, {"retry", "again", "delete"}),
    ],
)
def test_what_a_person_may_do_depends_on_the_state(status: Status, expected: set[str]) -> None:
    assert {act.value for act in acts(status)} == expected


def test_every_act_is_possible_in_some_state() -> None:
    assert {act for status in Status for act in acts(status)} == set(Act)
