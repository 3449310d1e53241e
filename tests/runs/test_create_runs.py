"""Queueing runs: what is asked for, what is taken from the simulation, what is refused and in which words."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from metrics.services import save_selection
from runs import services
from runs.models import Run, Simulation
from runs.simulations import create_simulation
from runs.specs import BadSpec, spec_of
from runs.states import Trigger
from simweb.engine.play import MAX_SEED
from tests.conftest import MakeRun

BASE = ["run.actions.total", "run.actions.total_by_type", "turn.actions.counts_by_type", "turn.actions.total"]


def refused(simulation: Simulation, **wanted: Any) -> dict[str, str]:
    """What is wrong with the request, by field."""
    with pytest.raises(BadSpec) as caught:
        services.create_runs(simulation, trigger=Trigger.MANUAL, **wanted)
    assert simulation.runs.count() == 0
    return {".".join(error.loc): error.msg for error in caught.value.errors}


def test_what_is_not_given_is_taken_from_the_simulation_and_then_from_the_scenario(db: None, make_run: MakeRun) -> None:
    tuned = create_simulation(name="Tuned", scenario="toy", params={"agents": 3, "mood": "very-loud"}, turns=9)
    run = make_run(tuned, params={"mood": "calm"})
    assert run.params == {"agents": 3, "tempo": 0.5, "mood": "calm", "polite": True, "note": ""}
    assert (run.turns, run.scenario, run.scenario_version, run.status) == (9, "toy", "7", "queued")


def test_parameters_are_what_json_says_they_are_and_a_text_is_no_number(make_run: MakeRun) -> None:
    with pytest.raises(BadSpec) as refused:
        make_run(params={"agents": "12", "tempo": "1.5", "polite": "false"})
    assert [error.loc[1] for error in refused.value.errors] == ["agents", "tempo", "polite"]


def test_a_seed_that_is_not_given_is_drawn_and_kept(make_run: MakeRun) -> None:
    seeds = {make_run().seed for _ in range(20)}
    assert len(seeds) == 20
    assert all(0 <= seed < 2**31 for seed in seeds)


@pytest.mark.parametrize("seed", [0, 1, MAX_SEED])
def test_a_given_seed_is_kept_exactly(make_run: MakeRun, seed: int) -> None:
    run = make_run(seed=seed)
    run.refresh_from_db()
    assert run.seed == seed


@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1, 2**70, True, 1.0, "seven"])
def test_a_seed_out_of_bounds_is_refused(simulation: Simulation, seed: Any) -> None:
    assert refused(simulation, seed=seed) == {"seed": f"Must be a whole number from 0 to {MAX_SEED}."}


@pytest.mark.parametrize("turns", [0, -5, 1_000_001, 2**40, True, 2.0, "many"])
def test_turns_out_of_bounds_are_refused(simulation: Simulation, turns: Any) -> None:
    assert refused(simulation, turns=turns) == {"turns": "Must be a whole number from 1 to 1000000."}


def test_the_most_turns_that_the_server_allows_are_accepted(make_run: MakeRun, settings: Any) -> None:
    settings.MAX_TURNS = 30
    assert make_run(turns=30).turns == 30


def test_everything_that_is_wrong_is_said_at_once(simulation: Simulation) -> None:
    wrong = {"agents": 0, "tempo": 9, "mood": "sad", "colour": "red"}
    assert refused(simulation, params=wrong, turns=0, seed=-1, metric_keys=["turn.no.such"]) == {
        "params.agents": "Must be at least 1.",
        "params.tempo": "Must be at most 2.0.",
        "params.mood": "Must be one of 'calm' or 'very-loud'.",
        "params.colour": "There is no such parameter.",
        "turns": "Must be a whole number from 1 to 1000000.",
        "seed": f"Must be a whole number from 0 to {MAX_SEED}.",
        "metric_keys": "Unknown metric 'turn.no.such' for toy.",
    }


def test_replicates_differ_only_in_their_consecutive_seeds(simulation: Simulation) -> None:
    runs = services.create_runs(simulation, trigger=Trigger.MANUAL, seed=40, replicates=3, turns=2)
    assert [run.seed for run in runs] == [40, 41, 42]
    assert len({(str(run.params), run.turns, str(run.metric_keys)) for run in runs}) == 1


@pytest.mark.parametrize("replicates", [0, -1, 101, "many", 2.0])
def test_a_number_of_replicates_out_of_bounds_is_refused(simulation: Simulation, replicates: Any) -> None:
    assert refused(simulation, replicates=replicates) == {"replicates": "Must be a whole number from 1 to 100."}


def test_the_seeds_of_all_replicates_must_be_within_bounds(simulation: Simulation) -> None:
    assert set(refused(simulation, seed=MAX_SEED, replicates=2)) == {"seed"}


@pytest.mark.parametrize("keys", [None, []])
def test_no_metrics_means_the_defaults_sorted(make_run: MakeRun, keys: list[str] | None) -> None:
    assert make_run(metric_keys=keys).metric_keys == BASE


def test_metric_keys_are_kept_sorted_and_once(make_run: MakeRun) -> None:
    keys = ["turn.walk.place", "run.walk.farthest", "turn.walk.place"]
    assert make_run(metric_keys=keys).metric_keys == ["run.walk.farthest", "turn.walk.place"]


def test_the_first_unknown_metric_is_named(simulation: Simulation) -> None:
    wrong = refused(simulation, metric_keys=["turn.walk.place", "turn.first.wrong", "turn.second.wrong"])
    assert wrong == {"metric_keys": "Unknown metric 'turn.first.wrong' for toy."}


def test_a_saved_selection_is_used_and_remembered(make_run: MakeRun, operator: User) -> None:
    saved = save_selection(owner=operator, scenario="toy", name="Mine", metric_keys=["turn.walk.place"])
    run = make_run(selection=saved)
    assert (run.metric_keys, run.metric_selection) == (["turn.walk.place"], saved)


def test_keys_that_are_given_win_over_a_selection(make_run: MakeRun, operator: User) -> None:
    saved = save_selection(owner=operator, scenario="toy", name="Mine", metric_keys=["turn.walk.place"])
    assert make_run(selection=saved, metric_keys=["turn.actions.total"]).metric_keys == ["turn.actions.total"]


def test_a_simulation_whose_scenario_is_gone_cannot_run(simulation: Simulation) -> None:
    Simulation.objects.filter(pk=simulation.pk).update(scenario="atlantis")
    simulation.refresh_from_db()
    assert refused(simulation) == {"scenario": "Unknown scenario 'atlantis'."}


def test_a_new_run_begins_its_history_with_who_queued_it(make_run: MakeRun, operator: User) -> None:
    run = make_run(by=operator, trigger=Trigger.API)
    assert [(event.kind, event.actor) for event in run.events.all()] == [("queued", operator)]
    assert (run.created_by, run.trigger, run.attempt, run.version) == (operator, "api", 1, 1)


def test_a_run_whose_secret_was_not_exported_cannot_be_repeated_and_says_so(db: None) -> None:
    simulation = create_simulation(name="Keys", scenario="fields", params={"secret": "open-sesame"})
    [run] = services.create_runs(simulation, trigger=Trigger.MANUAL)
    assert run.params["secret"] == "**********"
    assert spec_of(run).params["secret"] == "open-sesame"
    Run.objects.filter(pk=run.pk).update(secrets=[])  # as an import makes it
    with pytest.raises(BadSpec, match=r"params\.secret: Is a secret"):
        services.run_again(Run.objects.get(pk=run.pk), by=None)
