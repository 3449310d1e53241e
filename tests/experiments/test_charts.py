"""Charts of an optimisation: every value in its place, every proposal with its fate."""

from __future__ import annotations

import re

import pytest

from experiments.charts import HEIGHT, LEFT, RIGHT, TOP, WIDTH, Chart, charts_of
from simweb.scenarios.optimization.records import IterationRecord, ProposalRecord

Numbers = dict[str, float]


def proposal(agent: str, x: float, accepted: bool) -> ProposalRecord:
    return ProposalRecord(agent, 1, {"parameters": {"x": x}}, accepted, "so it is", parameters={"x": x})


def record(number: int, costs: dict[str, int], xs: Numbers, *proposals: ProposalRecord) -> IterationRecord:
    parameters = {agent: {"x": value} for agent, value in xs.items()}
    return IterationRecord(number, {}, costs, {}, {}, parameters, tuple(proposals))


def places(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", path)]


@pytest.fixture
def charts() -> list[Chart]:
    return charts_of(
        [
            record(
                1,
                {"ANN": 100, "BOB": 40},
                {"ANN": 0.5, "BOB": 0.5},
                proposal("ANN", 0.2, True),
                proposal("BOB", 0.9, False),
            ),
            record(2, {"ANN": 50, "BOB": 40}, {"ANN": 0.2, "BOB": 0.5}),
        ]
    )


def test_there_is_a_chart_of_costs_and_one_of_each_parameter(charts: list[Chart]) -> None:
    assert [(chart.title, chart.unit) for chart in charts] == [("Cost", "cents"), ("X", "")]
    assert charts[0].heads == ["Iteration", "ANN", "BOB"]
    assert charts[0].rows == [["1", "100", "40"], ["2", "50", "40"]]


def test_a_line_goes_from_the_first_iteration_to_the_last_in_proportion(charts: list[Chart]) -> None:
    ann, bob = charts[0].lines
    (x1, y1), (x2, y2) = places(ann.path)
    assert (x1, x2) == (LEFT, WIDTH - RIGHT)
    floor = charts[0].bottom
    assert floor - y1 == pytest.approx(2 * (floor - y2), abs=0.2), "100 is twice as high as 50"
    assert TOP <= y1 < y2 < HEIGHT
    assert ann.colour != bob.colour


def test_each_proposal_is_marked_with_its_fate_in_its_iteration(charts: list[Chart]) -> None:
    on_cost, on_x = ([(mark.kind, mark.x) for line in chart.lines for mark in line.marks] for chart in charts)
    assert on_cost == [("accepted", LEFT), ("rejected", LEFT)]
    assert on_x == [("accepted", LEFT), ("rejected", LEFT)]
    [mark] = charts[1].lines[0].marks
    assert mark.y == places(charts[1].lines[0].path)[-1][1], "the number that was proposed, which is played next"
    assert mark.words == "Iteration 1, ANN: accepted so it is"


def test_what_is_not_known_leaves_a_gap() -> None:
    records = [
        record(1, {"ANN": 1}, {"ANN": 0.5}),
        record(2, {"ANN": 1}, {"ANN": 0.4}),
        record(3, {"ANN": 1}, {"ANN": 0.3}),
    ]
    records[1].parameters["ANN"].clear()  # type: ignore[attr-defined]
    [line] = charts_of(records)[1].lines
    assert line.path.count("M") == 2
    assert charts_of(records)[1].rows[1] == ["2", "—"]


@pytest.mark.parametrize("costs", [(0, 0), (-50, -10), (7, 7), (10**12, 3)])
def test_any_costs_stay_inside_the_drawing(costs: tuple[int, int]) -> None:
    records = [IterationRecord(number, {}, {"ANN": cost}, {}, {}, {"ANN": {}}) for number, cost in enumerate(costs, 1)]
    [chart] = charts_of(records)
    for x, y in places(chart.lines[0].path):
        assert LEFT <= x <= WIDTH - RIGHT
        assert TOP - 1 <= y <= chart.bottom
    assert all(TOP - 1 <= y <= chart.bottom for y, _ in chart.y_labels)


def test_a_level_is_drawn_across_and_belongs_to_the_scale() -> None:
    reference = {"nash": [{"costs": {"ANN": 100}, "parameters": {"ANN": {}}}]}
    [chart] = charts_of([IterationRecord(1, {}, {"ANN": 10}, {}, {}, {"ANN": {}})], reference)
    [level] = chart.levels
    assert TOP - 1 <= level.y < chart.bottom
    assert level.words == "In equilibrium, ANN: 100"


def test_of_several_equilibria_none_is_drawn_as_the_one() -> None:
    point = {"costs": {"ANN": 100}, "parameters": {"ANN": {}}}
    [chart] = charts_of([IterationRecord(1, {}, {"ANN": 10}, {}, {}, {"ANN": {}})], {"nash": [point, point]})
    assert chart.levels == []


def test_what_could_be_saved_alone_has_a_chart_where_it_was_looked_for() -> None:
    records = [IterationRecord(1, {}, {"ANN": 10}, {}, {}, {"ANN": {}}, exploitability={"ANN": 4})]
    _, gaps = charts_of(records)
    assert (gaps.title, gaps.rows, gaps.has_marks) == ("Could save alone", [["1", "4"]], False)


def test_before_the_first_iteration_there_is_nothing_to_draw() -> None:
    assert charts_of([]) == []
