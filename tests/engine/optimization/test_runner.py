"""The runner: from a config to a result."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from simweb.engine import Faulty
from simweb.scenarios.optimization import (
    ExperimentConfig,
    ExperimentResult,
    ExperimentRunnerProtocol,
    ExperimentState,
    GenericExperimentRunner,
    OptimizationLoop,
    VerboseConfig,
    proposer_of,
)
from simweb.scenarios.optimization.seeds import iteration_seed
from simweb.scenarios.payments.files.games import game_text
from tests.engine.optimization.toy import EXPERIMENT, Proposes, Toy, experiment, policy

CASTRO = """\
name: exp1
scenario: two.yaml
evaluation: {mode: deterministic, ticks: 2}
convergence: {max_iterations: 3}
proposer: {kind: best-response}
policy_constraints:
  allowed_parameters: [{name: initial_liquidity_fraction, param_type: float, min_value: 0.0, max_value: 1.0}]
optimized_agents: [BANK_A, BANK_B]
"""


def runner_of(config: ExperimentConfig | None = None, toy: Toy | None = None) -> GenericExperimentRunner:
    return GenericExperimentRunner(config or experiment(), subject=toy or Toy())


def run(runner: ExperimentRunnerProtocol) -> ExperimentResult:
    return asyncio.run(runner.run())


def test_implements_the_runner_protocol() -> None:
    """What mypy holds for every caller of `run`; here, that it is so at run time, too."""
    runner: ExperimentRunnerProtocol = runner_of()
    assert isinstance(run(runner), ExperimentResult)
    assert isinstance(runner.get_current_state(), ExperimentState)


def test_is_created_from_a_config_alone() -> None:
    config = ExperimentConfig.from_text(CASTRO, {"two.yaml": game_text("castro-1")})
    result = run(GenericExperimentRunner(config))
    assert result.per_agent_costs == {"BANK_A": 0, "BANK_B": 2000}


def test_loads_the_scenario_from_the_path_in_the_config(tmp_path: Path) -> None:
    (tmp_path / "two.yaml").write_text(game_text("castro-1"))
    (tmp_path / "exp.yaml").write_text(CASTRO)
    config = ExperimentConfig.from_yaml(tmp_path / "exp.yaml")
    assert config.scenario_path == tmp_path / "two.yaml"
    assert run(GenericExperimentRunner(config)).num_iterations == 3


def test_uses_the_constraints_of_the_config() -> None:
    config, toy = experiment(), Toy()
    run(runner_of(config, toy))
    assert {id(seen) for seen in toy.validated} == {id(config.get_constraints())}


def test_returns_an_experiment_result() -> None:
    result = run(runner_of())
    assert (result.experiment_name, result.num_iterations, result.final_cost) == ("toy", 4, 0)
    assert [record.iteration for record in result.iterations] == [1, 2, 3, 4]
    assert result.final_policies == {"ANN": policy(0.3), "BOB": policy(0.3)}
    assert result.duration_seconds > 0
    parameters = {"ANN": {"x": 0.3}, "BOB": {"x": 0.3}}
    best = {"parameters": parameters, "costs": {"ANN": 0, "BOB": 0}, "total_cost": 0}
    assert result.as_json() == {
        "converged": False,
        "reason": "max_iterations",
        "iterations": 4,
        "final_cost": 0,
        "best_cost": 0,
        "per_agent_costs": {"ANN": 0, "BOB": 0},
        "decided_by": "last iteration",
        "baseline": {"per_agent_costs": {"ANN": 6000, "BOB": 6000}, "total_cost": 12_000},
        "final_policies": {"ANN": policy(0.3), "BOB": policy(0.3)},
        "holdout": None,
        "reference": {"seed": iteration_seed(42, 0, "ANN"), "grid": 21, "nash": [best], "social_optimum": best},
    }


def test_the_current_state_is_that_after_the_last_complete_iteration() -> None:
    runner = GenericExperimentRunner(experiment(convergence="{max_iterations: 20, stability_window: 1}"), subject=Toy())
    before = runner.get_current_state()
    assert (before.current_iteration, before.is_converged, before.policies["ANN"]) == (0, False, policy(0.9))
    run(runner)
    after = runner.get_current_state()
    assert (after.experiment_name, after.current_iteration, after.is_converged) == ("toy", 3, True)
    assert (after.convergence_reason, after.policies["ANN"]) == ("cost_stability", policy(0.3))
    assert before.current_iteration == 0


def test_iterations_that_are_used_up_are_not_convergence() -> None:
    runner = runner_of(experiment(convergence="{max_iterations: 2}"))
    run(runner)
    state = runner.get_current_state()
    assert (state.current_iteration, state.is_converged, state.convergence_reason) == (2, False, "")


def test_a_state_never_changes() -> None:
    state = ExperimentState("toy")
    later = state.with_iteration(1, {"ANN": policy(0.1)}).with_converged("cost_stability")
    assert (state.current_iteration, state.is_converged, state.policies) == (0, False, {})
    assert (later.current_iteration, later.is_converged) == (1, True)
    with pytest.raises(AttributeError):
        state.current_iteration = 5  # type: ignore[misc]


def test_generates_a_run_id_that_is_its_own() -> None:
    first, second = runner_of().run_id, runner_of().run_id
    assert first.startswith("toy-")
    assert first != second
    assert GenericExperimentRunner(experiment(), run_id="mine", subject=Toy()).run_id == "mine"


def test_the_same_experiment_has_the_same_result() -> None:
    first, second = run(runner_of()), run(runner_of())
    assert json.dumps(first.as_json()) == json.dumps(second.as_json())
    assert first.iterations == second.iterations


def test_without_optuna_its_proposer_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simweb.scenarios.optimization.proposers.tpe.find_spec", lambda name: None)
    with pytest.raises(
        Faulty, match=r'line 5, proposer: .* not installed\. Install it: pip install "simweb\[search\]"'
    ):
        runner_of(experiment(proposer="{kind: tpe}"))


def test_a_search_needs_to_know_what_it_may_change() -> None:
    text = EXPERIMENT.replace("min_value: 0.0, max_value: 1.0", "min_value: 0.0")
    with pytest.raises(Faulty, match="x needs min_value and max_value"):
        runner_of(experiment(text))
    unconstrained = "\n".join(
        line for line in EXPERIMENT.splitlines() if "policy_c" not in line and "allowed" not in line
    )
    with pytest.raises(Faulty, match="needs policy_constraints"):
        runner_of(experiment(unconstrained))


def test_agents_that_the_scenario_does_not_have_are_named_with_their_lines() -> None:
    text = CASTRO.replace("[BANK_A, BANK_B]", "[BANK_A, BANK_C]")
    config = ExperimentConfig.from_text(text, {"two.yaml": game_text("castro-1")})
    with pytest.raises(
        Faulty, match=r'line 8, optimized_agents\[1\]: The scenario has no agent "BANK_C". Did you mean'
    ):
        GenericExperimentRunner(config)


def test_what_is_wrong_with_the_scenario_is_told_with_its_file_and_line() -> None:
    config = ExperimentConfig.from_text(CASTRO, {"two.yaml": game_text("castro-1").replace("BANK_B\n", "BANK_X\n", 1)})
    with pytest.raises(Faulty, match=r"line 2, scenario: two\.yaml: line \d+, "):
        GenericExperimentRunner(config)


def test_ticks_that_are_not_the_scenarios_are_refused() -> None:
    config = ExperimentConfig.from_text(CASTRO.replace("ticks: 2", "ticks: 3"), {"two.yaml": game_text("castro-1")})
    with pytest.raises(Faulty, match=r"evaluates 3 ticks, but the scenario has 2\. Write evaluation\.ticks: 2"):
        GenericExperimentRunner(config)


def test_a_checkpoint_is_written_each_iteration_and_gone_on_from(tmp_path: Path) -> None:
    path, config = tmp_path / "toy.json", experiment()
    whole = run(GenericExperimentRunner(config, subject=Toy(), checkpoint=tmp_path / "whole.json"))
    begun = OptimizationLoop(config, Toy(), proposer_of(config))
    first = GenericExperimentRunner(config, subject=Toy(), checkpoint=path)
    first.loop.records.append(next(begun.iterations()))
    from simweb.scenarios.optimization.checkpoint import save_checkpoint, write_checkpoint

    save_checkpoint(path, write_checkpoint(config, first.loop.records))
    toy = Toy()
    gone_on = run(GenericExperimentRunner(config, subject=toy, checkpoint=path))
    assert gone_on.iterations == whole.iterations
    assert path.read_text() == (tmp_path / "whole.json").read_text()
    assert len(toy.played) > 0


def test_a_person_is_told_what_they_asked_to_be_told() -> None:
    lines: list[str] = []
    verbose = VerboseConfig(iterations=True, proposals=True, write=lines.append)
    said = Proposes(lambda r: policy(0.5) if r.agent == "ANN" else None)
    config = experiment(convergence="{max_iterations: 2}")
    run(GenericExperimentRunner(config, verbose, subject=Toy(), proposer=said))
    assert lines == [
        "Iteration 1: 12,000 cents (ANN 6,000, BOB 6,000)",
        "  ANN accepted (x 0.5): Saves 4,000 cents on average.",
        "  BOB has no proposal: Nothing was proposed.",
        "Iteration 2: 8,000 cents (ANN 2,000, BOB 6,000)",
        "Ended after 2 iterations (max_iterations): 8,000 cents; best: 8,000",
    ]
