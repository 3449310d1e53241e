"""Checkpoints: stopped at any iteration and gone on, an experiment has the same result, byte for byte."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

import pytest

from simweb.engine import Faulty
from simweb.scenarios.optimization import LiveStateProvider, OptimizationLoop, Proposer, Request, proposer_of
from simweb.scenarios.optimization.checkpoint import read_checkpoint, write_checkpoint
from tests.engine.optimization.toy import Proposes, Toy, by_distance, experiment, policy

NOISY = "{mode: bootstrap, num_samples: 6, ticks: 1, holdout_samples: 3}"
MODES = [NOISY, "{mode: deterministic, ticks: 1}", "{mode: deterministic-temporal, ticks: 1}"]
TRIALS = {"best-response": "", "random": "", "tpe": ", trials: 3"}


def price(agent: str, x: float, seed: int) -> int:
    return by_distance(agent, x, seed) + seed % 5000


def told(loop: OptimizationLoop) -> str:
    """All that came of it, as bytes would have it."""
    provider = loop.provider
    assert isinstance(provider, LiveStateProvider)
    records = [record.as_json() for record in loop.records]
    events = [(event.event_type, event.iteration, event.data) for event in provider.events]
    return json.dumps([loop.result().as_json(), records, events])


@pytest.mark.parametrize("kind", ["best-response", "random", "tpe"])
@pytest.mark.parametrize("evaluation", MODES)
def test_gone_on_is_as_if_never_stopped(evaluation: str, kind: str) -> None:
    config = experiment(
        evaluation=evaluation, proposer=f"{{kind: {kind}{TRIALS[kind]}}}", convergence="{max_iterations: 7}"
    )
    proposer: Proposer = proposer_of(config)
    whole = OptimizationLoop(config, Toy(price), proposer)
    whole.run()
    expected = told(whole)
    for stop in range(len(whole.records) + 1):
        begun = OptimizationLoop(config, Toy(price), proposer)
        list(islice(begun.iterations(), stop))
        records = read_checkpoint(config, write_checkpoint(config, begun.records))
        gone_on = OptimizationLoop(config, Toy(price), proposer, records=records)
        gone_on.run()
        assert told(gone_on) == expected, f"stopped after {stop}"


def test_what_is_done_is_not_played_again() -> None:
    config, toy = experiment(), Toy()
    begun = OptimizationLoop(config, Toy(), proposer_of(config))
    list(islice(begun.iterations(), 2))
    gone_on = OptimizationLoop(config, toy, proposer_of(config), records=begun.records)
    assert gone_on.policies == begun.policies
    assert toy.played == []


def test_failures_before_the_stop_count_after_it() -> None:
    def fails(request: Request) -> Any:
        if request.agent == "BOB":
            raise ConnectionError
        return None

    config = experiment(convergence="{max_iterations: 30}")
    begun = OptimizationLoop(config, Toy(), Proposes(fails))
    list(islice(begun.iterations(), 2))
    gone_on = OptimizationLoop(config, Toy(), Proposes(fails), records=begun.records)
    with pytest.raises(Exception, match="BOB in iteration 3"):
        next(gone_on.iterations())


def test_the_checkpoint_of_another_experiment_is_refused() -> None:
    config = experiment()
    with pytest.raises(Faulty, match="another experiment"):
        read_checkpoint(config.with_overrides(seed=7), write_checkpoint(config, []))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "simweb-optimization-1"'])
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(Faulty, match="not a checkpoint"):
        read_checkpoint(experiment(), text)


def test_where_a_file_lies_does_not_make_another_experiment() -> None:
    assert experiment().digest == experiment(scenario="./world.yaml").digest
    assert experiment().digest != experiment(master_seed="7").digest


def test_a_policy_of_the_checkpoint_is_the_policy(tmp_path: Any) -> None:
    config = experiment()
    loop = OptimizationLoop(config, Toy(), Proposes(lambda r: policy(0.1 + 0.2)))
    next(loop.iterations())
    [record] = read_checkpoint(config, write_checkpoint(config, loop.records))
    assert record == loop.records[0]
