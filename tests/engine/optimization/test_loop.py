"""The loop: evaluate, propose, compare, accept, stop."""

from __future__ import annotations

from collections import Counter
from typing import Any
from zlib import crc32

import pytest

from simweb.engine import Faulty
from simweb.scenarios.optimization import (
    ExperimentConfig,
    IterationRecord,
    LiveStateProvider,
    OptimizationLoop,
    ProposerFailed,
    Request,
)
from simweb.scenarios.optimization.seeds import day_seeds, iteration_seed, sample_seeds, search_seed
from tests.engine.optimization.toy import BEST, Proposes, Toy, by_distance, experiment, policy

SAMPLES = "{mode: bootstrap, num_samples: 8, ticks: 1}"
LONG = "{max_iterations: 30}"


def loop_of(said: Any, config: ExperimentConfig | None = None, toy: Toy | None = None) -> OptimizationLoop:
    return OptimizationLoop(config or experiment(), toy or Toy(), Proposes(said))


def nothing(request: Request) -> None:
    return None


def better(request: Request) -> dict[str, Any]:
    """Halfway to the best."""
    return policy((request.values["x"] + BEST) / 2)


def worse(request: Request) -> dict[str, Any]:
    return policy(1.0)


def test_runs_until_max_iterations() -> None:
    result = loop_of(better).run()
    assert (result.num_iterations, result.converged, result.convergence_reason) == (4, False, "max_iterations")


def test_the_last_iteration_is_evaluated_but_proposes_nothing() -> None:
    *others, last = loop_of(better).run().iterations
    assert [len(record.proposals) for record in others] == [2, 2, 2]
    assert last.proposals == ()


def test_stops_on_convergence() -> None:
    result = loop_of(nothing, experiment(convergence=LONG)).run()
    assert (result.num_iterations, result.converged, result.convergence_reason) == (6, True, "cost_stability")


def test_evaluates_policies_each_iteration() -> None:
    first, second, *_ = loop_of(better).run().iterations
    assert first.costs_per_agent == {"ANN": 6000, "BOB": 6000}
    assert second.costs_per_agent == {"ANN": 3000, "BOB": 3000}
    assert (first.total_cost, second.total_cost) == (12_000, 6_000)
    assert second.parameters == {"ANN": {"x": 0.6}, "BOB": {"x": 0.6}}


def test_optimizes_each_agent_in_the_order_of_the_file() -> None:
    proposer = Proposes(nothing)
    OptimizationLoop(experiment(optimized_agents="[BOB, ANN]"), Toy(), proposer).run()
    assert [request.agent for request in proposer.asked] == ["BOB", "ANN"] * 3


def test_agents_that_are_not_optimised_keep_their_policy() -> None:
    result = loop_of(better, experiment(optimized_agents="[BOB]")).run()
    assert result.final_policies["ANN"] == policy(0.9)
    assert result.per_agent_costs.keys() == {"BOB"}


def test_accepts_improved_policies() -> None:
    record = next(loop_of(better).iterations())
    assert record.accepted_changes == {"ANN": True, "BOB": True}
    assert record.proposals[0].delta_sum == 3000


@pytest.mark.parametrize("said", [worse, lambda request: request.policy], ids=["worse", "the same"])
def test_rejects_policies_that_save_nothing(said: Any) -> None:
    loop = loop_of(said)
    record = next(loop.iterations())
    assert record.accepted_changes == {"ANN": False, "BOB": False}
    assert loop.policies == {"ANN": policy(0.9), "BOB": policy(0.9)}


def test_what_is_accepted_counts_at_once_for_the_next_agent() -> None:
    toy = Toy()
    next(loop_of(better, toy=toy).iterations())
    seed = iteration_seed(42, 0, "BOB")
    assert ((0.6, 0.6), seed) in toy.played
    assert ((0.9, 0.6), seed) not in toy.played


def test_old_and_new_are_compared_in_the_same_samples() -> None:
    toy = Toy(lambda agent, x, seed: by_distance(agent, x, seed) + seed % 1000)
    record = next(loop_of(better, experiment(evaluation=SAMPLES), toy).iterations())
    compared = record.proposals[1].comparison
    assert compared is not None
    assert compared.seeds == sample_seeds(iteration_seed(42, 0, "ANN"), 8)
    assert set(compared.deltas) == {3000}  # what differs from sample to sample cancels out
    assert len(set(compared.old)) == 8


def test_each_iteration_has_samples_of_its_own() -> None:
    first, second, *_ = loop_of(better, experiment(evaluation=SAMPLES)).run().iterations
    assert not {seed for p in first.proposals for seed in p.comparison.seeds} & {  # type: ignore[union-attr]
        seed
        for p in second.proposals
        for seed in p.comparison.seeds  # type: ignore[union-attr]
    }


def test_a_proposer_searches_in_other_samples_than_those_that_judge_it() -> None:
    toy = Toy()

    def searching(request: Request) -> Any:
        request.cost_of(policy(0.123))
        return None

    next(loop_of(searching, experiment(evaluation=SAMPLES), toy).iterations())
    [searched] = {call[2] for call in toy.played if call[:2] == ("ANN", 0.123)}
    assert searched == sample_seeds(search_seed(42), 160)
    assert not set(searched) & set(sample_seeds(iteration_seed(42, 0, "ANN"), 8))


def test_a_search_plays_nothing_twice_while_policies_stay() -> None:
    toy = Toy()

    def searching(request: Request) -> Any:
        request.cost_of(policy(0.123))
        return policy(0.8) if (request.agent, request.index) == ("ANN", 1) else None

    loop_of(searching, experiment(evaluation=SAMPLES, convergence="{max_iterations: 5}"), toy).run()
    searched = [call[0] for call in toy.played if call[1] == 0.123]
    assert searched == ["ANN", "BOB"] * 2  # in the first iteration, and in the third, which follows a change
    assert toy.played.count(("history", day_seeds(search_seed(42), 160))) == 2


def test_what_is_far_too_dear_is_not_tried_in_all_samples() -> None:
    toy = Toy(lambda agent, x, seed: round(1_000 * x) + seed % 100)
    costs: dict[float, float] = {}

    def searching(request: Request) -> Any:
        costs.update({x: request.cost_of(policy(x)) for x in (0.9, 0.1, 0.15, 1.0)})

    next(loop_of(searching, experiment(evaluation="{mode: bootstrap, num_samples: 10, ticks: 1}"), toy).iterations())
    tried = {x: [len(call[2]) for call in toy.played if call[:2] == ("ANN", x) and len(call[2]) != 10] for x in costs}
    assert tried == {0.9: [200], 0.1: [20, 180], 0.15: [20, 180], 1.0: [20]}
    assert costs[1.0] - costs[0.1] == pytest.approx(900)


def test_samples_are_drawn_from_as_many_days_as_there_are_samples() -> None:
    toy = Toy()
    next(loop_of(nothing, experiment(evaluation=SAMPLES), toy).iterations())
    assert ("history", day_seeds(iteration_seed(42, 0, "ANN"), 8)) in toy.played
    for more in (
        {"evaluation": f"{SAMPLES[:-1]}, history_days: 1}}"},
        {"evaluation": SAMPLES, "reproduce_published": "true"},
    ):
        toy = Toy()
        next(loop_of(nothing, experiment(**more), toy).iterations())
        assert ("history", (iteration_seed(42, 0, "ANN"),)) in toy.played


def test_in_samples_an_experiment_rests_with_its_policies() -> None:
    """Costs that vary from sample to sample never rest."""
    toy = Toy(lambda agent, x, seed: by_distance(agent, x, seed) + seed % 100_000)
    result = loop_of(nothing, experiment(evaluation=SAMPLES, convergence=LONG), toy).run()
    assert (result.num_iterations, result.convergence_reason) == (5, "policy_stability")


def test_nothing_is_played_twice_in_an_iteration() -> None:
    for evaluation in ("{mode: deterministic, ticks: 1}", SAMPLES):
        toy = Toy()

        def wavering(request: Request) -> Any:
            request.cost_of(request.policy)
            request.cost_of(policy(0.5))
            return policy(0.5)

        next(loop_of(wavering, experiment(evaluation=evaluation), toy).iterations())
        assert toy.played
        assert max(Counter(toy.played).values()) == 1


def test_one_sample_is_as_good_as_none() -> None:
    toy = Toy()
    loop_of(better, experiment(evaluation="{mode: bootstrap, num_samples: 1, ticks: 1}"), toy).run()
    assert not [call for call in toy.played if call[0] == "history"]


def test_means_of_samples_are_whole_cents_cut_off() -> None:
    toy = Toy(lambda agent, x, seed: 10 if seed % 2 else 11)
    record = next(loop_of(nothing, experiment(evaluation=SAMPLES), toy).iterations())
    seeds = sample_seeds(iteration_seed(42, 0, "ANN"), 8)
    assert 0 < sum(seed % 2 for seed in seeds) < 8
    assert record.costs_per_agent == {"ANN": 10, "BOB": 10}


def test_costs_are_integer_cents() -> None:
    result = loop_of(better, experiment(evaluation=SAMPLES)).run()
    costs = [cost for record in result.iterations for cost in (record.total_cost, *record.costs_per_agent.values())]
    compared = [p.comparison for record in result.iterations for p in record.proposals]
    costs += [cost for one in compared if one for cost in (*one.old, *one.new, *one.deltas)]
    assert {type(cost) for cost in (*costs, result.final_cost, result.best_cost)} == {int}


def test_temporal_mode_accepts_every_valid_proposal_without_comparing() -> None:
    record = next(loop_of(worse, experiment(evaluation="{mode: deterministic-temporal, ticks: 1}")).iterations())
    assert record.accepted_changes == {"ANN": True, "BOB": True}
    assert record.proposals[0].comparison is None


def test_temporal_mode_rests_when_policies_do() -> None:
    # A cost that never rests, so that only the policies can.
    toy = Toy(lambda agent, x, seed: seed % 100_000)
    mode = "{mode: deterministic-temporal, ticks: 1}"
    result = loop_of(lambda r: policy(0.5), experiment(evaluation=mode, convergence=LONG), toy).run()
    assert (result.num_iterations, result.convergence_reason) == (5, "policy_stability")


def test_records_events_to_the_state_provider() -> None:
    provider = LiveStateProvider()
    said = Proposes(lambda r: better(r) if r.agent == "ANN" else worse(r))
    loop = OptimizationLoop(experiment(), Toy(), said, provider)
    result = loop.run()
    assert [event.event_type for event in provider.events_of(1)] == [
        "iteration_start",
        "evaluation",
        "policy_change",
        "policy_rejected",
        "iteration_metrics",
    ]
    assert provider.events[0].event_type == "experiment_start"
    assert provider.events[-1].event_type == "experiment_end"
    assert provider.final_result == result.as_json()
    assert (provider.total_iterations, provider.costs_of(2)) == (4, {"ANN": 3000, "BOB": 6000})
    assert provider.accepted_of(1) == {"ANN": True, "BOB": False}
    assert provider.policies_of(2)["ANN"] == policy(0.6)


def test_the_same_experiment_tells_the_same_events() -> None:
    told = []
    for _ in range(2):
        provider = LiveStateProvider()
        OptimizationLoop(experiment(evaluation=SAMPLES), Toy(), Proposes(better), provider).run()
        told.append(provider.events)
    assert told[0] == told[1]


def test_an_invalid_proposal_is_made_again_with_what_was_wrong() -> None:
    proposer = Proposes(lambda r: policy(2.0 if r.attempt == 1 else 0.5))
    record = next(OptimizationLoop(experiment(), Toy(), proposer).iterations())
    assert [str(fault) for fault in proposer.asked[1].faults] == ["x: x must be from 0 to 1."]
    assert record.proposals[0].accepted
    assert (record.proposals[0].attempts, record.proposals[0].faults) == (2, ("x: x must be from 0 to 1.",))


def fails(request: Request) -> Any:
    raise ConnectionError("no answer")


def test_a_proposer_that_fails_three_times_in_a_row_ends_the_experiment() -> None:
    provider = LiveStateProvider()
    loop = OptimizationLoop(experiment(), Toy(), Proposes(fails), provider)
    with pytest.raises(ProposerFailed, match=r"that of ANN in iteration 2\. ConnectionError: no answer"):
        loop.run()
    assert [event.event_type for event in provider.events].count("proposer_error") == 3


def test_proposals_that_are_never_valid_end_it_too() -> None:
    with pytest.raises(ProposerFailed, match="x must be from 0 to 1"):
        loop_of(lambda r: policy(2.0)).run()


def test_an_agent_whose_proposer_always_fails_is_not_hidden_by_another() -> None:
    loop = loop_of(lambda r: fails(r) if r.agent == "BOB" else better(r), experiment(convergence=LONG))
    with pytest.raises(ProposerFailed, match="BOB in iteration 3"):
        loop.run()


def test_a_failure_is_never_taken_for_rest() -> None:
    """BOB fails in every other iteration, and nothing ever changes: rest would need five changes in a row."""
    config = experiment(convergence="{max_iterations: 12, stability_window: 2}")
    result = loop_of(lambda r: fails(r) if r.agent == "BOB" and r.index % 2 else None, config).run()
    assert result.convergence_reason == "max_iterations"
    assert all(record.has_failed for record in result.iterations[1:-1:2])


def test_a_proposal_that_json_does_not_have_is_a_failure() -> None:
    record = next(loop_of(lambda r: {"x": float("nan")} if r.agent == "ANN" else None).iterations())
    assert record.proposals[0].failure.startswith("ValueError")


def test_held_out_plays_decide_what_is_reported() -> None:
    evaluation = "{mode: deterministic, ticks: 1, holdout_samples: 5}"
    toy = Toy(lambda agent, x, seed: by_distance(agent, x, seed) + seed % 3_000)
    loop = loop_of(better, experiment(evaluation=evaluation), toy)
    result = loop.run()
    holdout, said = result.holdout, result.as_json()
    assert holdout is not None
    assert (said["decided_by"], said["per_agent_costs"]) == ("held-out", holdout.per_agent_costs)
    assert said["final_cost"] == sum(holdout.per_agent_costs.values()) != result.iterations[-1].total_cost
    assert said["baseline"]["per_agent_costs"] == holdout.starting_costs
    assert holdout.num_samples == 5
    assert holdout.saved["ANN"] == (pytest.approx(5250), pytest.approx(0))
    assert holdout.starting_costs["ANN"] - holdout.per_agent_costs["ANN"] == 5250


def test_without_an_effect_significance_lets_little_through() -> None:
    """Cost is chance alone, drawn anew for each policy; the proposer searches for what looks cheap."""
    rule = "acceptance: {require_statistical_significance: true}"
    evaluation = f"{{mode: bootstrap, num_samples: 10, search_samples: 10, ticks: 1, {rule}}}"
    accepted = turns = 0
    for seed in range(60):
        toy = Toy(lambda agent, x, seed: crc32(f"{agent} {x} {seed}".encode()) % 100_000)
        config = experiment(evaluation=evaluation, convergence="{max_iterations: 6}", master_seed=str(seed))
        for record in loop_of(_cheapest_looking, config, toy).run().iterations:
            turns += len(record.proposals)
            accepted += sum(record.accepted_changes.values())
    assert turns >= 500
    assert accepted / turns <= 0.05 + 3 * (0.05 * 0.95 / turns) ** 0.5


def _cheapest_looking(request: Request) -> Any:
    return min((policy((request.index * 10 + step) / 1000) for step in range(10)), key=request.cost_of)


def test_a_starting_policy_is_the_files() -> None:
    record: IterationRecord = next(loop_of(nothing, experiment(starting_policy="{BOB: 0.4}")).iterations())
    assert record.policies == {"ANN": policy(0.9), "BOB": policy(0.4)}


def test_starting_policies_that_cannot_be_used_are_refused_all_at_once() -> None:
    with pytest.raises(Faulty) as caught:
        loop_of(nothing, experiment(starting_policy="{BOB: four, ANN: 7.5}"))
    assert [str(fault) for fault in caught.value.faults] == [
        "line 9, starting_policy.ANN.x: x must be from 0 to 1.",
        "line 9, starting_policy.BOB: A policy is a number.",
    ]


def test_a_result_is_asked_for_too_early() -> None:
    with pytest.raises(ValueError, match="not over"):
        loop_of(nothing).result()
