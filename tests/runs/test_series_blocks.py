"""Long series are packed while they are recorded; whatever is asked of them, the answer is what the turns say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runs import blocks
from runs.models import Run, SeriesBlock
from tests.conftest import Api, MakeRun
from tests.runs.lives import claimed, turn

TURNS = 8
NUMBERS = st.one_of(st.none(), st.integers(-9, 9), st.floats(allow_nan=False, allow_infinity=False))
MAPPINGS = st.one_of(st.none(), st.dictionaries(st.sampled_from(["", "a", "b", "c"]), NUMBERS))
VALUES = st.one_of(st.lists(NUMBERS, min_size=1, max_size=40), st.lists(MAPPINGS, min_size=1, max_size=40))
METRIC = "turn.walk.place"


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of eight turns: the same rules, quicker."""
    monkeypatch.setattr(blocks, "TURNS", TURNS)


def record(run: Run, values: list[Any], at_once: int) -> Run:
    player = claimed(run)
    turns = [turn(number, metrics={METRIC: value}) for number, value in enumerate(values, 1)]
    for start in range(0, len(turns), at_once):
        assert player.add(turns[start : start + at_once])
    return run


@given(values=VALUES, at_once=st.integers(1, 20), after=st.integers(0, 45), length=st.integers(0, 45))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_packed_turns_say_what_the_turns_say(
    api: Api, make_run: MakeRun, values: list[Any], at_once: int, after: int, length: int
) -> None:
    run = record(make_run(turns=100), values, at_once)
    assert run.series_blocks.count() == len(values) // TURNS
    asked = {"metric": METRIC, "after": after, "until": max(1, after + length)}
    packed = api.get(f"/runs/{run.pk}/series", **asked).json()
    SeriesBlock.objects.filter(run=run).delete()
    told = api.get(f"/runs/{run.pk}/series", **asked).json()
    assert points_of(packed) == points_of(told)


def points_of(told: dict[str, Any]) -> dict[str, Any]:
    """The points that have a value, by name: a name that a stretch does not have may be told or left out."""
    lines = told["series"] or {"": told["points"]}
    found = {name: [point for point in points if point[1] is not None] for name, points in lines.items()}
    return {name: points for name, points in found.items() if points}


def test_a_chart_of_a_long_run_reads_no_turn_that_is_packed(api: Api, make_run: MakeRun) -> None:
    run = record(make_run(turns=100), list(range(20)), 7)
    run.turn_rows.filter(number__in=range(2, 17)).delete()
    told = api.get(f"/runs/{run.pk}/series", metric=METRIC).json()
    assert told["points"] == [[number, number - 1] for number in range(1, 21)]


def test_a_block_that_is_missing_is_read_from_the_turns(api: Api, make_run: MakeRun) -> None:
    run = record(make_run(turns=100), list(range(30)), 30)
    run.series_blocks.filter(first=9).delete()
    told = api.get(f"/runs/{run.pk}/series", metric=METRIC).json()
    assert told["points"] == [[number, number - 1] for number in range(1, 31)]


def test_a_mapping_of_very_many_names_is_left_in_the_turns(api: Api, make_run: MakeRun) -> None:
    wide = {f"name {number}": number for number in range(blocks.MOST_NAMES + 1)}
    run = record(make_run(turns=100), [wide] * 9, 9)
    assert not run.series_blocks.exists()
    assert len(api.get(f"/runs/{run.pk}/series", metric=METRIC).json()["series"]) == len(wide)


def test_an_imported_run_is_packed_like_a_played_one(api: Api, make_run: MakeRun) -> None:
    run = record(make_run(turns=100), list(range(20)), 20)
    api.post(f"/runs/{run.pk}/cancel")
    exported = json.loads(b"".join(api.get(f"/runs/{run.pk}/export", format="json").streaming_content))
    told = api.post("/runs/import", exported)
    assert told.status_code == 201, told.content
    [other] = told.json()
    assert list(SeriesBlock.objects.filter(run=other["id"]).values_list("metric", "first", "values")) == list(
        run.series_blocks.values_list("metric", "first", "values")
    )
