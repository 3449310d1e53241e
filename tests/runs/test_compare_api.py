"""Comparing runs through the API."""

from __future__ import annotations

import csv
import json
from hashlib import sha256
from typing import Any

import numpy as np
import pytest
from django.test import Client
from scipy import stats

from runs.models import Run
from tests.conftest import Api, MakeRun
from tests.runs.lives import claimed, lead_to, played, turn

PLACE = "turn.walk.place"


def measured(make_run: MakeRun, places: list[Any], steps: float = 55, **wanted: Any) -> Run:
    """A completed run whose walk went through these places."""
    run = make_run(turns=max(5, len(places)), **wanted)
    holder = claimed(run)
    parts = [{"odd": n % 2, "place": place or 0} for n, place in enumerate(places)]
    holder.add([turn(n, metrics={PLACE: place, "turn.walk.parts": parts[n - 1]}) for n, place in enumerate(places, 1)])
    fingerprint = sha256(f"{places} {steps}".encode()).hexdigest()
    holder.complete(played(run_metrics={"run.walk.farthest": steps}, fingerprint=fingerprint))
    return Run.objects.get(pk=run.pk)


def ask(api: Api, *runs: Run, **query: Any) -> Any:
    answer = api.get("/compare", runs=",".join(str(run.pk) for run in runs), **query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_runs_that_differ_only_in_their_seeds_are_replicates_of_one_group(api: Api, make_run: MakeRun) -> None:
    one, two = (measured(make_run, [1, 2], seed=seed) for seed in (1, 2))
    other = measured(make_run, [1, 2], seed=1, params={"agents": 20})
    told = ask(api, one, other, two)
    assert [(group["label"], group["runs"]) for group in told["groups"]] == [("A", [one.pk, two.pk]), ("B", [other.pk])]
    assert [(row["run"], row["group"]) for row in told["series"]] == [(one.pk, "A"), (other.pk, "B"), (two.pk, "A")]


def test_a_seed_that_was_played_twice_is_no_second_replicate(api: Api, make_run: MakeRun) -> None:
    runs = [measured(make_run, [1, 2], seed=seed) for seed in (7, 7, 8)]
    told = ask(api, *runs, metric=PLACE)
    assert told["groups"][0]["counted"] == [runs[0].pk, runs[2].pk]
    assert told["bands"][0]["n"] == [2, 2]


def test_the_band_is_scipys_interval_of_the_mean(api: Api, make_run: MakeRun) -> None:
    walks = np.random.default_rng(5).normal(3, 2, (6, 12)).tolist()
    runs = [measured(make_run, walk, seed=seed) for seed, walk in enumerate(walks)]
    [told] = ask(api, *runs, metric=PLACE)["bands"]
    mean, error = np.mean(walks, axis=0), stats.sem(walks)
    low, high = stats.t.interval(0.95, 5, loc=mean, scale=error)
    assert told["turns"] == list(range(1, 13))
    for ours, theirs in ((told["mean"], mean), (told["low"], low), (told["high"], high)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def test_runs_of_different_lengths_and_with_gaps_are_counted_turn_by_turn(api: Api, make_run: MakeRun) -> None:
    runs = [measured(make_run, places, seed=seed) for seed, places in enumerate([[1, None, 5], [3, 4]])]
    told = ask(api, *runs, metric=PLACE, carry=0)
    assert told["series"][0] == {"run": runs[0].pk, "group": "A", "turns": [1, 2, 3], "values": [1, None, 5]}
    [band] = told["bands"]
    assert (band["n"], band["mean"], band["low"][1:]) == ([2, 1, 1], [2.0, 4.0, 5.0], [None, None])


def test_one_name_of_a_mapping_can_be_compared(api: Api, make_run: MakeRun) -> None:
    told = ask(api, measured(make_run, [4, 6]), metric="turn.walk.parts/place")
    assert told["series"][0]["values"] == [4, 6]


def test_the_metric_of_the_simulations_sparkline_is_chosen_unless_another_is_named(api: Api, make_run: MakeRun) -> None:
    run = measured(make_run, [4, 6])
    assert ask(api, run)["metric"] == PLACE
    run.simulation.headline_metric = "turn.walk.parts/odd"
    run.simulation.save()
    assert ask(api, run)["metric"] == "turn.walk.parts/odd"


def test_series_are_thinned_so_that_a_peak_survives(api: Api, make_run: MakeRun) -> None:
    run = measured(make_run, [999 if n == 321 else n % 3 for n in range(600)])
    told = ask(api, run, metric=PLACE, max_points=20)
    assert len(told["series"][0]["values"]) <= 20
    assert 999 in told["series"][0]["values"]
    assert 999 in told["bands"][0]["mean"]


def test_only_the_parameters_that_differ_are_told(api: Api, make_run: MakeRun) -> None:
    one = measured(make_run, [1, 2], params={"agents": 10, "tempo": 0.5})
    two = measured(make_run, [1, 2], params={"agents": 30, "tempo": 0.5})
    assert ask(api, one, two)["differences"] == [{"name": "agents", "title": "Agents", "values": [10, 30]}]


def test_a_group_is_captioned_with_what_sets_it_apart_and_how_it_ended(browser: Client, make_run: MakeRun) -> None:
    one = measured(make_run, [1, 2], params={"agents": 10})
    two = make_run(params={"agents": 30})
    lead_to(two, "failed")
    page = browser.get(f"/compare/?runs={one.pk},{two.pk}").getvalue().decode()
    assert "Agents 10 · 1 of 1 completed" in page
    assert "Agents 30 · 0 of 1 completed" in page


def test_the_table_has_run_metrics_last_values_and_means_with_their_effects(api: Api, make_run: MakeRun) -> None:
    firsts = [measured(make_run, [0, n], steps=n, seed=n) for n in (1, 2, 3)]
    others = [measured(make_run, [0, n], steps=n, seed=n, params={"agents": 20}) for n in (3, 4, 5)]
    rows = {(row["metric"], row["how"]): row["groups"] for row in ask(api, *firsts, *others)["table"]}
    first, other = rows["run.walk.farthest", "run"]
    assert (first["mean"], first["sd"], first["difference"], first["cohens_d"]) == (2.0, 1.0, 0.0, 0.0)
    assert (other["mean"], other["difference"], other["cohens_d"]) == (4.0, 2.0, 2.0)
    assert other["hedges_g"] == pytest.approx(2 * 0.7978845608028654, rel=1e-9)
    assert rows[PLACE, "last turn"][1]["mean"] == 4.0
    assert rows[PLACE, "mean of turns"][1]["mean"] == 2.0
    assert rows["turn.walk.parts/place", "last turn"][0]["mean"] == 2.0


def test_a_turn_without_a_value_is_left_out_of_the_mean(api: Api, make_run: MakeRun) -> None:
    rows = ask(api, measured(make_run, [2, None, 4]))["table"]
    [mean] = [row["groups"][0]["mean"] for row in rows if (row["metric"], row["how"]) == (PLACE, "mean of turns")]
    assert mean == 3.0


def test_two_runs_are_told_where_they_part(api: Api, make_run: MakeRun) -> None:
    one, two = measured(make_run, [1, 2, 3]), measured(make_run, [1, 2, 4])
    assert ask(api, one, two)["divergence"] == {"same": False, "turn": 3, "metric": "turn.walk.parts"}
    twin = measured(make_run, [1, 2, 3])
    assert ask(api, one, twin)["divergence"]["same"] is True
    assert ask(api, one, two, twin)["divergence"] is None


def test_a_run_that_has_no_turn_yet_is_compared_by_what_it_is(api: Api, make_run: MakeRun) -> None:
    told = ask(api, make_run(), make_run(params={"agents": 11}))
    assert (told["metric"], told["table"]) == (None, [])
    assert [row["values"] for row in told["series"]] == [[], []]
    assert told["differences"][0]["values"] == [10, 11]


def test_the_csv_says_what_it_was_made_of_and_has_every_turn(api: Api, make_run: MakeRun) -> None:
    runs = [measured(make_run, [1, n], seed=n) for n in (2, 4)]
    answer = api.get("/compare", runs=f"{runs[0].pk},{runs[1].pk}", metric=PLACE, format="csv")
    lines = answer.getvalue().decode().splitlines()
    provenance = [line for line in lines if line.startswith("#")]
    group = json.loads(provenance[0].removeprefix("# group A: "))
    assert (group["scenario_version"], group["seeds"]) == ("7", [2, 4])
    head, *rows = csv.reader(lines[len(provenance) :])
    assert head == ["turn", "A n", "A mean", "A low", "A high", f"run {runs[0].pk}", f"run {runs[1].pk}"]
    assert rows[0] == ["1", "2", "1.0", "1.0", "1.0", "1.0", "1.0"]
    assert [float(cell) for cell in rows[1][:3]] == [2, 2, 3]


def test_the_metric_table_is_a_csv_too(api: Api, make_run: MakeRun) -> None:
    run = measured(make_run, [1, 2])
    answer = api.get("/compare", runs=str(run.pk), format="csv", part="table")
    lines = [line for line in answer.getvalue().decode().splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(lines))
    assert {"metric": "run.walk.farthest", "group": "A", "mean": "55.0"}.items() <= rows[0].items()


def test_numbers_of_which_there_is_no_run_are_named(api: Api, make_run: MakeRun) -> None:
    run = measured(make_run, [1])
    answer = api.get("/compare", runs=f"{run.pk},987654,999999999999999999")
    assert answer.status_code == 422
    assert answer.json()["detail"] == "runs: There is no run 987654, 999999999999999999."


@pytest.mark.parametrize("metric", ["turn.no.such", 'turn."', "run.walk.farthest", "turn.walk.parts"])
def test_a_metric_that_is_no_series_is_refused(api: Api, make_run: MakeRun, metric: str) -> None:
    run = measured(make_run, [1])
    answer = api.get("/compare", runs=str(run.pk), metric=metric)
    assert answer.status_code == 422
    assert metric in answer.json()["detail"]


def test_more_turns_than_can_be_read_at_once_are_refused(api: Api, make_run: MakeRun) -> None:
    run = make_run()
    Run.objects.filter(pk=run.pk).update(turns=2_500_000, turns_done=2_500_000)
    answer = api.get("/compare", runs=str(run.pk))
    assert answer.status_code == 422
    assert "2,000,000 turns" in answer.json()["detail"]


def test_the_database_is_asked_as_often_for_many_runs_as_for_three(
    api: Api, make_run: MakeRun, django_assert_max_num_queries: Any
) -> None:
    runs = [measured(make_run, [1, 2, 3], seed=seed) for seed in range(12)]
    with django_assert_max_num_queries(8):
        ask(api, *runs, metric=PLACE)
