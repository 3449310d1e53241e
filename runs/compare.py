"""The page of a comparison. All its state is in the address: /compare/?runs=1,2,3&metric=…"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from metrics.series import kept_places
from runs.comparison import MOST_RUNS, Comparison, compare, find_runs, read_ids
from runs.specs import BadSpec
from runs.views import caller
from simweb.access.doors import page

TABLE_ROWS = 200


@page()
def compare_runs(request: HttpRequest) -> HttpResponse:
    """Runs beside each other; without any, how to choose them. Scripts fetch the series; others ask for `tables`."""
    ids, words = read_ids([*request.GET.getlist("runs"), *request.GET.getlist("add")])
    runs, missing = find_runs(caller(request), ids[:MOST_RUNS])
    notices = []
    if words:
        notices.append(f"{', '.join(words)}: no number of a run.")
    if missing:
        notices.append(f"There is no run {', '.join(map(str, missing))}.")
    if len(ids) > MOST_RUNS:
        notices.append(f"At most {MOST_RUNS} runs can be compared; the first {MOST_RUNS} are.")
    context: dict[str, Any] = {"section": "compare", "notices": notices}
    if not runs:
        return render(request, "runs/compare_empty.html", context)
    try:
        comparison = _wanted(request, runs, notices)
    except BadSpec as error:
        return render(request, "runs/compare_empty.html", {**context, "notices": [*notices, str(error)]})
    context |= {
        "comparison": comparison,
        "ids": ",".join(str(run.pk) for run in runs),
        "address": request.get_full_path(),
    }
    if "tables" in request.GET:
        context["rows"] = _rows(comparison)
    return render(request, "runs/compare.html", context)


def _wanted(request: HttpRequest, runs: list[Any], notices: list[str]) -> Comparison:
    """With the metric asked for; with another when that was not measured."""
    metric, carry = request.GET.get("metric", ""), request.GET.get("carry") != "0"
    try:
        return compare(runs, metric, carry=carry)
    except BadSpec as error:
        if not metric or error.errors[0].loc != ("metric",):
            raise
        notices.append(error.errors[0].msg)
        return compare(runs, carry=carry)


def _rows(comparison: Comparison) -> list[tuple[int, list[tuple[int, Any, Any, Any]]]]:
    """The chart's numbers as rows: a turn, and of each group n, mean, low, high. Of a long run the peaks of group A."""
    if not len(comparison.turns):
        return []
    columns = [
        list(zip(band.n.tolist(), *map(_known, (band.mean, band.low, band.high)), strict=True))
        for band in comparison.bands
    ]
    places = kept_places(comparison.bands[0].mean, TABLE_ROWS)
    return [(int(comparison.turns[place]), [column[place] for column in columns]) for place in places]


def _known(numbers: Any) -> list[float | None]:
    return [None if number != number else number for number in numbers.tolist()]
