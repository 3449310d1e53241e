"""Experiment files: what is read, and what is refused, with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from simweb.engine import Faulty
from simweb.scenarios.optimization import Acceptance, ExperimentConfig, ParameterRule
from simweb.scenarios.optimization.config import BudgetConfig
from tests.engine.optimization.toy import EXPERIMENT, experiment

# A file as SimCash's paper has them (aerugo/SimCash, exp2), with other texts.
PUBLISHED = """\
name: exp2
description: "Twelve periods"
scenario: ../configs/exp2_12period.yaml
evaluation:
  mode: bootstrap
  num_samples: 50
  ticks: 12
  acceptance:
    require_statistical_significance: true
    max_coefficient_of_variation: 0.5
convergence:
  max_iterations: 25
  stability_threshold: 0.05
  stability_window: 5
llm:
  model: "openai:gpt-5.2"
  temperature: 0.5
  max_retries: 3
  timeout_seconds: 900
  reasoning_effort: "high"
  reasoning_summary: "detailed"
policy_constraints:
  allowed_parameters:
    - name: initial_liquidity_fraction
      param_type: float
      min_value: 0.0
      max_value: 1.0
      description: "Share of the pool."
    - name: urgency_threshold
      param_type: int
      min_value: 0
      max_value: 20
  allowed_fields:
    - system_tick_in_day
    - balance
  allowed_actions:
    payment_tree: [Release, Hold]
    bank_tree: [NoAction]
    collateral_tree: [PostCollateral]
prompt_customization:
  all: |
    The decision is the fraction at the start.
  BANK_A: Be careful.
optimized_agents:
  - BANK_A
  - BANK_B
output:
  directory: results
  database: exp2.db
  verbose: true
master_seed: 42
"""
WORLD = {"world.yaml": "nothing: here"}


def faults_of(text: str, files: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(Faulty) as caught:
        ExperimentConfig.from_text(text, WORLD if files is None else files)
    return [str(fault) for fault in caught.value.faults]


def refused(**replaced: str) -> str:
    """The one thing that is wrong with the toy's experiment when lines are replaced."""
    with pytest.raises(Faulty) as caught:
        experiment(**replaced)
    [fault] = caught.value.faults
    return str(fault)


def test_a_published_file_loads_as_it_is() -> None:
    config = ExperimentConfig.from_text(PUBLISHED, {"exp2_12period.yaml": "text: of it"})
    assert (config.name, config.description, config.scenario_text) == ("exp2", "Twelve periods", "text: of it")
    evaluation, llm, constraints = config.evaluation, config.llm, config.get_constraints()
    assert (evaluation.mode, evaluation.num_samples, evaluation.ticks) == ("bootstrap", 50, 12)
    assert evaluation.acceptance == Acceptance(True, 0.5)
    assert (config.convergence.max_iterations, config.convergence.stability_window) == (25, 5)
    assert llm is not None
    assert (llm.model, llm.temperature, llm.timeout_seconds) == ("openai:gpt-5.2", 0.5, 900)
    assert (llm.reasoning_effort, llm.reasoning_summary, llm.system_prompt) == ("high", "detailed", None)
    assert constraints is not None
    assert constraints.allowed_parameters == (
        ParameterRule("initial_liquidity_fraction", "float", 0.0, 1.0, (), "Share of the pool."),
        ParameterRule("urgency_threshold", "int", 0, 20),
    )
    assert constraints.allowed_fields == ("system_tick_in_day", "balance")
    assert constraints.allowed_actions is not None
    assert constraints.allowed_actions["payment_tree"] == ("Release", "Hold")
    assert config.prompt_customization == {
        "all": "The decision is the fraction at the start.\n",
        "BANK_A": "Be careful.",
    }
    assert config.optimized_agents == ("BANK_A", "BANK_B")
    assert config.output is not None
    assert (config.output.database, config.master_seed, config.proposer.kind) == ("exp2.db", 42, "llm")


def test_a_file_that_says_little_has_the_described_defaults() -> None:
    config = ExperimentConfig.from_text(
        "name: few\nscenario: world.yaml\nevaluation: {ticks: 3}\nconvergence: {}\nllm: {model: 'a:b'}\noptimized_agents: [A]",
        WORLD,
    )
    evaluation, convergence, llm = config.evaluation, config.convergence, config.llm
    assert (evaluation.mode, evaluation.num_samples, evaluation.holdout_samples) == ("bootstrap", 10, 0)
    assert (evaluation.search_samples, evaluation.history_days) == (200, None)
    assert evaluation.acceptance == Acceptance(False, None, 0.0, None)
    assert (convergence.max_iterations, convergence.stability_threshold, convergence.stability_window) == (50, 0.05, 5)
    assert (convergence.improvement_threshold, convergence.cv_threshold, convergence.regret_threshold) == (
        0.01,
        0.03,
        0.1,
    )
    assert llm is not None
    assert (llm.temperature, llm.max_retries, llm.timeout_seconds, llm.max_tokens) == (0.0, 3, 120, 35_000)
    assert config.get_constraints() is None
    assert (config.master_seed, config.output, config.reproduce_published) == (42, None, False)


@pytest.mark.parametrize(
    ("said", "mode"),
    [
        ("bootstrap", "bootstrap"),
        ("deterministic", "deterministic-pairwise"),
        ("deterministic-pairwise", "deterministic-pairwise"),
        ("deterministic-temporal", "deterministic-temporal"),
    ],
)
def test_deterministic_is_another_word_for_pairwise(said: str, mode: str) -> None:
    assert experiment(evaluation=f"{{mode: {said}, ticks: 1}}").evaluation.mode == mode


@pytest.mark.parametrize(
    ("profile", "samples", "rules"),
    [
        ("conservative", 100, Acceptance(True, 0.3, 0.02, 0.95)),
        ("moderate", 50, Acceptance(True, 0.5, 0.0, 0.95)),
        ("aggressive", 20, Acceptance(False, 1.0, 0.0, 0.95)),
    ],
)
def test_a_profile_says_what_the_file_does_not(profile: str, samples: int, rules: Acceptance) -> None:
    said = f"{{ticks: 1, acceptance: {{profile: {profile}}}}}"
    evaluation = experiment(evaluation=said, min_settlement_rate="0.95").evaluation
    assert (evaluation.num_samples, evaluation.acceptance) == (samples, rules)
    own = f"{{ticks: 1, num_samples: 7, acceptance: {{profile: {profile}, max_coefficient_of_variation: 9}}}}"
    evaluation = experiment(evaluation=own).evaluation
    assert (evaluation.num_samples, evaluation.acceptance.max_coefficient_of_variation) == (7, 9)


def test_a_config_never_changes_and_overrides_make_a_copy() -> None:
    config = experiment(llm='{model: "a:b"}')
    with pytest.raises(AttributeError):
        config.master_seed = 1  # type: ignore[misc]
    changed = config.with_overrides(seed=7, proposer="random", max_iterations=9, model="c:d")
    assert (changed.master_seed, changed.proposer.kind, changed.convergence.max_iterations) == (7, "random", 9)
    assert changed.llm is not None
    assert changed.llm.model == "c:d"
    assert (config.master_seed, config.proposer.kind, config.convergence.max_iterations) == (42, "best-response", 4)
    assert config.with_overrides() == config


def test_overrides_that_make_no_sense_are_refused_all_at_once() -> None:
    with pytest.raises(Faulty) as caught:
        experiment().with_overrides(seed=-1, proposer="best-respons", max_iterations=0, model="a:b")
    assert [fault.path for fault in caught.value.faults] == [("seed",), ("proposer",), ("max_iterations",), ("model",)]
    assert 'Did you mean "best-response"?' in caught.value.faults[1].message


def test_missing_fields_are_told_together() -> None:
    assert faults_of("description: nothing else") == [
        'line 1, name: "name" is missing here.',
        'line 1, scenario: "scenario" is missing here.',
        'line 1, optimized_agents: "optimized_agents" is missing here.',
        'line 1, evaluation: "evaluation" is missing here.',
        'line 1, convergence: "convergence" is missing here.',
        "line 1, proposer: Say who proposes: proposer: {kind: best-response}, or an llm block with its model.",
    ]


def test_everything_that_is_wrong_is_told_at_once_with_its_line() -> None:
    text = EXPERIMENT.replace("ticks: 1", "ticks: none, num_sample: 3").replace("max_value: 1.0", "max_value: -1.0")
    assert faults_of(text + "master_sed: 3\n") == [
        'line 3, evaluation.ticks: Write a whole number from 1 to 1,000,000 here, not "none".',
        'line 3, evaluation.num_sample: "num_sample" is not a field that is known here. Did you mean "num_samples"?',
        "line 7, policy_constraints.allowed_parameters[0].min_value: 0 is more than max_value, -1. Exchange them.",
        'line 9, master_sed: "master_sed" is not a field that is known here. Did you mean "master_seed"?',
    ]


@pytest.mark.parametrize(
    ("replaced", "message"),
    [
        ({"name": "5"}, 'Write a text here, not 5. If it is a name, put it in quotes: "5".'),
        ({"optimized_agents": "[]"}, "Name at least one agent to optimise."),
        ({"optimized_agents": "[ANN, ANN]"}, '"ANN" stands here twice. Remove one of them.'),
        ({"evaluation": "{mode: bootstap, ticks: 1}"}, 'Did you mean "bootstrap"?'),
        ({"evaluation": "{ticks: 1, acceptance: {profile: bold}}"}, "conservative, moderate or aggressive"),
        ({"proposer": "{kind: guess}"}, "best-response, random, scripted, llm or tpe"),
        ({"proposer": "{kind: llm}"}, "The llm proposer needs an llm block with its model."),
        ({"proposer": "{kind: random, grid: 3}"}, '"grid" is not a field that is known here.'),
        ({"proposer": "{kind: tpe, trials: 0}"}, "Write a whole number from 1 to 10,000 here, not 0."),
        ({"evaluation": "{ticks: 1, history_days: 0}"}, "Write a whole number from 1 to 100,000 here, not 0."),
        ({"evaluation": "{ticks: 1, search_samples: 0}"}, "Write a whole number from 1 to 2,000,000 here, not 0."),
        ({"evaluation": "{ticks: 1, exploitability: 1}"}, "Write true or false here, not 1."),
        ({"proposer": "{kind: scripted}"}, "needs proposals, a list for each agent, or a file"),
        ({"proposer": "{kind: scripted, proposals: {ANN: [0.5, half]}}"}, 'not "half"'),
        ({"constraints": "castro.constraints.CASTRO"}, "names Python code, which is not run here"),
        ({"subject": "weather"}, 'Write payments here, not "weather".'),
        ({"min_settlement_rate": "95"}, "Write a number from 0 to 1 here, not 95."),
        ({"prompt_customization": "{al: x}"}, 'Did you mean "all"?'),
        ({"llm": "{temperature: 3, model: 'a:b'}"}, "Write a number from 0 to 2 here, not 3."),
        ({"llm": "{model: ''}"}, "Write a text here; this one is empty."),
    ],
)
def test_what_cannot_be_meant_is_refused(replaced: dict[str, str], message: str) -> None:
    assert message in refused(**replaced)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("127.0.0.1:80/v1", "Write the address of a server"),
        ("ftp://host/v1", "Write the address of a server"),
        ("http://[bad/v1", "Write the address of a server"),
        ("http://me:secret-word@host/v1", "holds a name, a password or a key"),
        ("http://host/v1?key=secret-word", "holds a name, a password or a key"),
    ],
)
def test_the_address_of_a_model_is_an_address_without_secrets(address: str, message: str) -> None:
    told = refused(llm=f'{{model: "openai:m", base_url: "{address}"}}')
    assert told.startswith("line 9, llm.base_url: ")
    assert message in told
    assert "secret-word" not in told


def test_a_budget_and_an_address_are_read_and_make_another_experiment() -> None:
    said = '{model: "openai:m", base_url: "http://127.0.0.1:8089/v1"}'
    config = experiment(llm=said, budget="{tokens: 5000, cost_usd: 0.5}")
    assert config.llm is not None
    assert config.llm.base_url == "http://127.0.0.1:8089/v1"
    assert config.budget == BudgetConfig(5000, 0.5)
    assert experiment(llm=said).budget == BudgetConfig(None, None)
    assert len({config.digest, experiment(llm=said).digest, experiment(llm='{model: "openai:m"}').digest}) == 3


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        ("{tokens: 0}", "line 9, budget.tokens: Write a whole number from 1"),
        ("{cost_usd: 0}", "line 9, budget.cost_usd: Write a number from 0.0001"),
        ("{hours: 2}", 'line 9, budget.hours: "hours" is not a field'),
        ("5", "line 9, budget: Write a block of fields"),
    ],
)
def test_a_budget_that_cannot_be_kept_is_refused(budget: str, message: str) -> None:
    assert message in refused(budget=budget)


def test_parameters_of_constraints_are_checked() -> None:
    rules = (
        "[{name: x, param_type: real}, {name: x, param_type: enum}, {name: y, param_type: enum, allowed_values: [a]}]"
    )
    text = EXPERIMENT.replace("[{name: x, param_type: float, min_value: 0.0, max_value: 1.0}]", rules)
    told = "\n".join(faults_of(text))
    assert "Write int, float or enum here" in told
    assert '"x" is described above already' in told
    assert "needs allowed_values, a list" in told
    assert 'Parameters are numbers; write one here, not "a".' in told


def test_a_script_may_be_inline_or_in_a_file_of_its_own() -> None:
    inline = experiment(proposer="{kind: scripted, proposals: {ANN: [0.5, null, {x: 0.2}, {policy: {x: 0.1}}]}}")
    assert inline.proposer.proposals == {"ANN": (0.5, None, {"x": 0.2}, {"policy": {"x": 0.1}})}
    text = EXPERIMENT.replace("{kind: best-response}", "{kind: scripted, file: script.yaml}")
    files = {**WORLD, "script.yaml": "ANN: [0.5]\nBOB: []\n"}
    assert ExperimentConfig.from_text(text, files).proposer.proposals == {"ANN": (0.5,), "BOB": ()}
    files["script.yaml"] = "ANN: [0.5]\nBOB: [most]\n"
    assert faults_of(text, files) == [
        "line 5, proposer.file: script.yaml: line 2, BOB[0]: Write a number, numbers by their names, {policy: …} or null "
        'here, not "most".'
    ]


def test_tpe_has_twenty_trials_in_a_turn_unless_the_file_says_it() -> None:
    assert experiment(proposer="{kind: tpe}").proposer.trials == 20
    assert experiment(proposer="{kind: tpe, trials: 7}").proposer.trials == 7


def test_a_prompt_may_be_in_a_file_of_its_own_and_the_text_in_place_wins() -> None:
    files = {**WORLD, "prompt.txt": "from the file"}
    text = EXPERIMENT + "llm: {model: 'a:b', system_prompt_file: prompt.txt"
    from_file, in_place = (ExperimentConfig.from_text(text + end, files).llm for end in ("}", ", system_prompt: here}"))
    assert from_file is not None
    assert from_file.system_prompt == "from the file"
    assert in_place is not None
    assert in_place.system_prompt == "here"


@pytest.mark.parametrize("text", ["", "- a\n- b", "name: [", "a: &a [*a]", "x" * 600_000], ids=range(5))
def test_what_is_no_experiment_is_refused(text: str) -> None:
    assert faults_of(text)


def test_aliases_that_grow_without_bounds_are_refused() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))
    assert "values, counted as often as aliases repeat them" in faults_of(bomb)[-1]


class TestFiles:
    """The scenario of an experiment on a disk: beside it, and nowhere else."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        for name in ("study/experiments", "study/configs", "elsewhere"):
            (tmp_path / name).mkdir(parents=True)
        for name in ("study/experiments/world.yaml", "study/configs/world.yaml", "elsewhere/world.yaml"):
            (tmp_path / name).write_text(name)
        return tmp_path / "study/experiments"

    def load(self, folder: Path, scenario: str) -> ExperimentConfig:
        (folder / "exp.yaml").write_text(EXPERIMENT.replace("world.yaml", scenario))
        return ExperimentConfig.from_yaml(folder / "exp.yaml")

    @pytest.mark.parametrize("scenario", ["world.yaml", "./world.yaml", "../experiments/world.yaml"])
    def test_a_scenario_beside_the_experiment_is_read(self, folder: Path, scenario: str) -> None:
        config = self.load(folder, scenario)
        assert config.scenario_path == folder / "world.yaml"
        assert config.scenario_text == "study/experiments/world.yaml"

    def test_a_folder_beside_that_of_the_experiment_is_read(self, folder: Path) -> None:
        assert self.load(folder, "../configs/world.yaml").scenario_text == "study/configs/world.yaml"

    @pytest.mark.parametrize(
        ("scenario", "message"),
        [
            ("../../elsewhere/world.yaml", "lies outside"),
            ("../configs/../../elsewhere/world.yaml", "lies outside"),
            ("/etc/hostname", "relative to the experiment's file"),
            ("..\\\\configs\\\\world.yaml", "with forward slashes"),
            ("../configs/wrld.yaml", "There is no file"),
            ("../configs", "There is no file"),
            ("x" * 300, "cannot be read: File name too long"),
        ],
    )
    def test_a_scenario_elsewhere_is_refused_with_the_line(self, folder: Path, scenario: str, message: str) -> None:
        with pytest.raises(Faulty) as caught:
            self.load(folder, f'"{scenario}"')
        [fault] = caught.value.faults
        assert (fault.path, fault.line) == (("scenario",), 2)
        assert message in fault.message

    @pytest.mark.parametrize("link", ["linked.yaml", "linked"])
    def test_links_are_not_followed(self, folder: Path, link: str) -> None:
        target = folder.parents[1] / "elsewhere"
        (folder / link).symlink_to(target if link == "linked" else target / "world.yaml")
        with pytest.raises(Faulty, match="links are not followed"):
            self.load(folder, link if link.endswith(".yaml") else f"{link}/world.yaml")

    def test_a_file_that_is_no_text_is_refused(self, folder: Path) -> None:
        (folder / "binary.yaml").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(Faulty, match="not a text in UTF-8"):
            self.load(folder, "binary.yaml")
        (folder / "large.yaml").write_text("x" * 2_000_001)
        with pytest.raises(Faulty, match="more than 2,000,000 bytes"):
            self.load(folder, "large.yaml")

    def test_an_experiment_that_is_not_there_is_refused(self, folder: Path) -> None:
        with pytest.raises(Faulty, match="There is no file"):
            ExperimentConfig.from_yaml(folder / "none.yaml")

    def test_of_uploaded_files_the_one_with_the_same_name_is_meant(self) -> None:
        text = EXPERIMENT.replace("world.yaml", "../configs/world.yaml")
        assert ExperimentConfig.from_text(text, {"../configs/world.yaml": "a"}).scenario_text == "a"
        assert ExperimentConfig.from_text(text, {"world.yaml": "b"}).scenario_text == "b"
        assert faults_of(text, {"word.yaml": "c"}) == [
            'line 2, scenario: "../configs/world.yaml" is not among the files that came with the experiment. There are '
            'word.yaml. Did you mean "word.yaml"?'
        ]
