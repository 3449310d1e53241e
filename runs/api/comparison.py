"""API of comparisons."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import numpy as np
from django.http import HttpRequest, HttpResponseBase
from ninja import Query, Router, Schema
from numpy.typing import NDArray

from metrics.series import kept_places
from metrics.statistics import Band
from runs import csv_lines
from runs.api.answers import Bom, answer, caller, csv_file
from runs.api.transfer import Ids
from runs.comparison import Comparison, Group, compare, find_runs
from runs.models import Run
from runs.replicates import files_of
from runs.series import points_each
from runs.specs import BadSpec, FieldError

router = Router(tags=["comparison"])
Numbers = list[float | None]
Part = Literal["all", "series", "table"]


class Apart(Schema):
    """A run that is in no statistic, and why."""

    run: int
    why: str


class GroupOut(Schema):
    """Replicates: equal in all but their seeds. `counted` are those that the statistics are of: completed, one of each seed."""

    label: str
    simulation: str
    scenario: str
    scenario_version: str
    params: dict[str, Any]
    turns: int
    files: dict[str, str]
    runs: list[int]
    counted: list[int]
    apart: list[Apart]


class RunSeries(Schema):
    run: int
    group: str
    turns: list[int]
    values: Numbers


class BandOut(Schema):
    """Mean and 95 % interval (Student's t) of a group by turn; null where fewer than two replicates have a value."""

    group: str
    turns: list[int]
    n: list[int]
    mean: Numbers
    low: Numbers
    high: Numbers


class DifferenceOut(Schema):
    name: str
    title: str
    values: list[Any]


class Cell(Schema):
    """A group's sample, and what sets it apart from the first group's; `note` says why there is no effect size."""

    n: int
    mean: float | None
    sd: float | None
    low: float | None
    high: float | None
    difference: float | None
    cohens_d: float | None
    hedges_g: float | None
    note: str


class Line(Schema):
    metric: str
    title: str
    how: str
    groups: list[Cell]


class DivergenceOut(Schema):
    same: bool
    turn: int | None
    metric: str | None


class ComparisonOut(Schema):
    metric: str | None
    groups: list[GroupOut]
    series: list[RunSeries] = []
    bands: list[BandOut] = []
    differences: list[DifferenceOut] = []
    table: list[Line] = []
    divergence: DivergenceOut | None = None
    left_out: list[str] = []


@router.get("/compare", response=ComparisonOut, summary="Runs beside each other: series, bands, differences, effects")
def get_comparison(
    request: HttpRequest,
    runs: Ids,
    metric: str = "",
    max_points: Annotated[int, Query(1000, ge=4, le=20_000, description="Of each series.")] = 1000,
    format: Literal["json", "csv"] = "json",
    part: Annotated[
        Part, Query("all", description="Only the series, or only what is not; a CSV is one of them.")
    ] = "all",
    carry: Annotated[
        bool,
        Query(description="Bands count a run that finished early with its last value in the turns it did not need."),
    ] = True,
    bom: Bom = False,
) -> HttpResponseBase:
    found, missing = find_runs(caller(request), [int(text) for text in runs.split(",")])
    if missing:
        raise BadSpec([FieldError(("runs",), f"There is no run {', '.join(map(str, missing))}.")])
    comparison = compare(found, metric, carry=carry)
    if format == "json":
        return answer(_json(comparison, part, max_points))
    lines = _table_csv(comparison) if part == "table" else _series_csv(comparison)
    return csv_file(lines, "comparison", bom=bom)


def _json(comparison: Comparison, part: Part, most: int) -> dict[str, Any]:
    groups = [_group_json(group) for group in comparison.groups]
    told: dict[str, Any] = {"metric": comparison.metric or None, "groups": groups}
    if part != "table":
        told |= _drawn_json(comparison, most)
    if part != "series":
        told |= _tables_json(comparison)
    return told


def _drawn_json(comparison: Comparison, most: int) -> dict[str, Any]:
    most = points_each(most, len(comparison.runs) + 3 * len(comparison.groups))  # a band has three lines
    labels = {run.pk: group.label for group in comparison.groups for run in group.runs}
    bands = zip(comparison.groups, comparison.bands, strict=True)
    return {
        "series": [_series_json(comparison, run, labels[run.pk], most) for run in comparison.runs],
        "bands": [_band_json(comparison, group, band, most) for group, band in bands],
    }


def _tables_json(comparison: Comparison) -> dict[str, Any]:
    parting = comparison.divergence
    return {
        "differences": [{"name": d.name, "title": d.title, "values": d.values} for d in comparison.differences],
        "table": [
            {
                "metric": row.metric,
                "title": row.title,
                "how": row.how,
                "groups": [{**_fields(one), **_fields(apart)} for one, apart in row.cells],
            }
            for row in comparison.table
        ],
        "left_out": comparison.left_out,
        "divergence": parting and {"same": parting.same, "turn": parting.turn, "metric": parting.metric},
    }


def _group_json(group: Group) -> dict[str, Any]:
    run = group.first
    return {
        "label": group.label,
        "simulation": run.simulation.slug,
        "scenario": run.scenario,
        "scenario_version": run.scenario_version,
        "params": run.params,
        "turns": run.turns,
        "files": files_of(run),
        "runs": [one.pk for one in group.runs],
        "counted": [one.pk for one in group.counted],
        "apart": [{"run": one.pk, "why": why} for one, why in group.apart],
    }


def _series_json(comparison: Comparison, run: Run, label: str, most: int) -> dict[str, Any]:
    found = comparison.measured.get(run.pk)
    points = found.points(most) if found else []
    turns, values = [turn for turn, _ in points], [value for _, value in points]
    return {"run": run.pk, "group": label, "turns": turns, "values": values}


def _band_json(comparison: Comparison, group: Group, band: Band, most: int) -> dict[str, Any]:
    places = kept_places(band.mean, most)
    columns = {"mean": band.mean, "low": band.low, "high": band.high}
    counts = {"turns": comparison.turns[places].tolist(), "n": band.n[places].tolist()}
    return {"group": group.label, **counts, **{name: _known(column[places]) for name, column in columns.items()}}


def _known(numbers: NDArray[np.float64]) -> Numbers:
    return [None if np.isnan(number) else number for number in numbers.tolist()]


def _fields(one: Any) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__slots__}


def _provenance(comparison: Comparison) -> Iterator[str]:
    for group in comparison.groups:
        told = {**_group_json(group), "seeds": [run.seed for run in group.runs]}
        yield csv_lines.note_json(f"group {group.label}", told)


def _series_csv(comparison: Comparison) -> Iterator[str]:
    """A row per turn: each group's n, mean and interval, then each run's value."""
    yield from _provenance(comparison)
    yield csv_lines.note_json(
        "low and high are the 95 % interval of the mean by Student's t; metric", comparison.metric
    )
    heads = [f"{group.label} {name}" for group in comparison.groups for name in ("n", "mean", "low", "high")]
    yield csv_lines.row(["turn", *heads, *(f"run {run.pk}" for run in comparison.runs)])
    columns: list[list[Any]] = [comparison.turns.tolist()]
    for band in comparison.bands:
        columns += [band.n.tolist(), _known(band.mean), _known(band.low), _known(band.high)]
    columns += [_known(comparison.numbers(run)) for run in comparison.runs]
    for row in zip(*columns, strict=True):
        yield csv_lines.row(list(row))


def _table_csv(comparison: Comparison) -> Iterator[str]:
    """A row per metric and group."""
    yield from _provenance(comparison)
    yield csv_lines.note(
        "against the first group: difference", "cohens_d (pooled sd)", "hedges_g (d for small samples)"
    )
    names = list(Cell.model_fields)
    yield csv_lines.row(["metric", "how", "group", *names])
    for row in comparison.table:
        for group, (one, apart) in zip(comparison.groups, row.cells, strict=True):
            told = {**_fields(one), **_fields(apart)}
            yield csv_lines.row([row.metric, row.how, group.label, *(told[name] for name in names)])
