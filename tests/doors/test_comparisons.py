"""Comparisons as they come over the wire: what is pooled, and what is not."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.doors.browser import signed_in
from tests.web.server import Lab, Server

PLACE = "turn.walk.place"


def compared(lab: Lab, *runs: int, **more: Any) -> dict[str, Any]:
    answer = lab.client.get("/compare", params={"runs": ",".join(map(str, runs)), **more})
    return dict(answer.raise_for_status().json())


def ended(lab: Lab, slug: str, *wanted: dict[str, Any]) -> list[int]:
    runs = [lab.run(slug, **one) for one in wanted]
    for run in runs:
        lab.ended(run)
    return runs


def test_runs_of_different_lengths_are_no_replicates(lab: Lab) -> None:
    slug = lab.simulation("Two lengths", "toy", 5)
    runs = ended(lab, slug, *({"seed": n, "turns": 10 if n < 3 else 1000} for n in (1, 2, 3, 4)))
    told = compared(lab, *runs)
    assert [group["runs"] for group in told["groups"]] == [runs[:2], runs[2:]]
    assert {"name": "turns", "title": "Turns", "values": [10, 1000]} in told["differences"]


def test_only_completed_runs_are_counted_and_a_retry_stands_for_what_it_retried(lab: Lab) -> None:
    slug = lab.simulation("Some failed", "flaky", 6)
    failed, good = ended(lab, slug, {"seed": 7}, {"seed": 8})
    assert lab.get(failed)["status"] == "failed"
    retry = int(lab.client.post(f"/runs/{failed}/retry").raise_for_status().json()["id"])
    assert lab.ended(retry)["status"] == "completed"
    running = lab.run(lab.paced("Still running", 0.05, turns=10_000))
    [group] = compared(lab, failed, good, retry)["groups"]
    assert (group["runs"], group["counted"]) == ([failed, good, retry], [good, retry])
    assert group["apart"] == [{"run": failed, "why": f"failed; run {retry} has its seed and completed"}]
    told = compared(lab, failed, good, retry, running)
    assert told["groups"][1]["counted"] == []
    table = {(row["metric"], row["how"]): row["groups"][0] for row in told["table"]}
    assert table["run.actions.total", "run"]["n"] == 2
    lab.cancel(running)


def test_runs_that_finished_early_keep_their_last_value_unless_they_are_left_out(lab: Lab) -> None:
    slug = lab.simulation("Towns", "early", 12, metric_keys=["turn.early.left"])
    runs = ended(lab, slug, *({"seed": seed} for seed in (1, 2, 3)))
    done = [lab.get(run)["turns_done"] for run in runs]
    assert min(done) < max(done) <= 12
    [band] = compared(lab, *runs, metric="turn.early.left")["bands"]
    assert band["n"] == [3] * max(done)
    assert band["mean"][-1] == 0
    [band] = compared(lab, *runs, metric="turn.early.left", carry=0)["bands"]
    assert band["n"] == [sum(turns >= turn for turns in done) for turn in range(1, max(done) + 1)]


@pytest.mark.parametrize(("one", "other"), [(0.1, 0.2), (0.7, 0.7)])
def test_constants_have_no_spread_and_no_effect_size(lab: Lab, one: float, other: float) -> None:
    slug = lab.simulation(f"Constants {one} {other}", "constant", 3)
    wanted = [{"seed": n, "params": {"value": value}} for value in (one, other) for n in range(3)]
    runs = ended(lab, slug, *wanted, *({"seed": n, "params": {"value": other}} for n in range(3, 7)))
    if one == other:
        runs = runs[:3] + runs[6:]
    rows = compared(lab, *runs)["table"]
    [row] = [row for row in rows if (row["metric"], row["how"]) == ("turn.constant.value", "mean of turns")]
    assert {cell["sd"] for cell in row["groups"]} == {0}
    if one != other:
        last = row["groups"][1]
        assert (last["cohens_d"], last["hedges_g"], last["note"]) == (None, None, "no spread")
        assert last["difference"] == pytest.approx(0.1)


def test_vast_numbers_are_compared_like_others(lab: Lab) -> None:
    slug = lab.simulation("Vast constants", "constant", 4)
    wanted = [{"seed": n, "params": {"value": value}} for n, value in enumerate((1.7e308, 1.7e308))]
    wanted += [{"seed": n, "params": {"value": value}} for n, value in enumerate((-1.7e308, 5e-324))]
    runs = ended(lab, slug, *wanted)
    answer = lab.client.get("/compare", params={"runs": ",".join(map(str, runs)), "metric": "turn.constant.value"})
    rows = {(row["metric"], row["how"]): row["groups"] for row in strict(answer)["table"]}
    first = rows["turn.constant.value", "mean of turns"][0]
    assert (first["mean"], first["sd"]) == (1.7e308, 0)


def strict(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200
    assert "Infinity" not in answer.text
    return dict(answer.json())


def test_tables_that_are_not_compared_are_named(lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("With a table", "odd-tables", 2), 1)
    assert compared(lab, run)["left_out"] == ["turn.odd.table"]


def test_the_lists_groups_are_those_of_a_comparison(lab: Lab, server: Server) -> None:
    slug = lab.simulation("Grouped alike", "toy", 5)
    runs = ended(lab, slug, {"seed": 1}, {"seed": 2}, {"seed": 2}, {"seed": 1, "turns": 6})
    groups = compared(lab, *reversed(runs))["groups"]
    assert [sorted(group["counted"]) for group in groups] == [[runs[3]], [runs[0], runs[2]]]
    with signed_in(server) as pages:
        page = pages.get("/runs/", params={"q": f"simulation:{slug}", "group": "run.actions.total"}).text
    assert f"/compare/?runs={runs[2]},{runs[0]}" in page
    assert page.count("agents 10") == 2
