"""An experiment as its file says it: what is optimised, how a proposal is judged, when to stop, who proposes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path, PurePath
from typing import Any, Literal, cast, get_args

from simweb.engine import Fault, Faulty
from simweb.scenarios.documents.suggestions import did_you_mean
from simweb.scenarios.optimization.acceptance import Acceptance
from simweb.scenarios.optimization.constraints import PolicyConstraints

BOOTSTRAP, PAIRWISE, TEMPORAL = "bootstrap", "deterministic-pairwise", "deterministic-temporal"
Mode = Literal["bootstrap", "deterministic-pairwise", "deterministic-temporal"]
ProposerKind = Literal["best-response", "random", "scripted", "llm", "tpe"]
KINDS: tuple[str, ...] = get_args(ProposerKind)
MOST_ITERATIONS = 100_000
MOST_SEED = 2**63 - 1
DEFAULT_RETRIES = 3
DEFAULT_SAMPLES = 10
SEARCHED_FOR_EACH = 20  # sample that judges

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class EvaluationConfig:
    """How policies are evaluated. `mode` is never `deterministic`, which is read as `deterministic-pairwise`."""

    ticks: int
    mode: Mode = "bootstrap"
    num_samples: int = DEFAULT_SAMPLES
    acceptance: Acceptance = field(default_factory=Acceptance)
    holdout_samples: int = 0
    search_samples: int = DEFAULT_SAMPLES * SEARCHED_FOR_EACH
    history_days: int | None = None
    exploitability: bool = True

    @property
    def draws_samples(self) -> bool:
        """Whether policies are tried in samples; a single one is as good as none."""
        return self.mode == BOOTSTRAP and self.num_samples > 1


@dataclass(frozen=True, slots=True)
class ConvergenceConfig:
    """When the experiment has come to rest; `improvement_threshold` is kept for other programs and decides nothing."""

    max_iterations: int = 50
    stability_threshold: float = 0.05
    stability_window: int = 5
    improvement_threshold: float = 0.01
    cv_threshold: float = 0.03
    regret_threshold: float = 0.10


@dataclass(frozen=True, slots=True)
class LLMConfig:
    """The model that proposes, and how it is asked; `base_url` is a server that speaks OpenAI's protocol, other than OpenAI's."""

    model: str
    temperature: float = 0.0
    max_retries: int = DEFAULT_RETRIES
    timeout_seconds: int = 120
    max_tokens: int = 35_000
    thinking_budget: int | None = None
    reasoning_effort: str | None = None
    reasoning_summary: str | None = None
    system_prompt: str | None = None
    base_url: str | None = None


@dataclass(frozen=True, slots=True)
class BudgetConfig:
    """What all calls of models together may use; None is without bound."""

    tokens: int | None = None
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class ProposerConfig:
    """Who proposes. `grid` and `refine` are of `best-response`, `trials` of `tpe`, `proposals`, by agent, of `scripted`."""

    kind: ProposerKind
    grid: int = 21
    refine: int = 12
    trials: int = 20
    proposals: Mapping[str, tuple[Any, ...]] | None = None


@dataclass(frozen=True, slots=True)
class OutputConfig:
    """Where other programs keep results. simweb keeps them with the run."""

    directory: str = "results"
    database: str = "experiments.db"
    verbose: bool = True


@dataclass(frozen=True, slots=True)
class ExperimentConfig:
    """A whole experiment. `lines` leads from places in the file to lines, for what is found wrong only later."""

    name: str
    scenario_path: PurePath
    scenario_text: str = field(repr=False)
    evaluation: EvaluationConfig
    convergence: ConvergenceConfig
    proposer: ProposerConfig
    optimized_agents: tuple[str, ...]
    description: str = ""
    llm: LLMConfig | None = None
    prompt_customization: Mapping[str, str] | None = None
    policy_constraints: PolicyConstraints | None = None
    starting_policy: Mapping[str, Any] = field(default_factory=dict)
    output: OutputConfig | None = None
    budget: BudgetConfig = field(default_factory=BudgetConfig)
    master_seed: int = 42
    reproduce_published: bool = False
    subject: str = "payments"
    lines: Mapping[Place, int] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_yaml(cls, path: str | Path) -> ExperimentConfig:
        """Read an experiment file, and the scenario that it names. Raises Faulty: all that is wrong, with path and line."""
        from simweb.scenarios.optimization.reading import read_file

        return read_file(Path(path))

    @classmethod
    def from_text(cls, text: str, files: Mapping[str, str], name: str = "experiment.yaml") -> ExperimentConfig:
        """The same for a text and the files that it may name: their texts, by the name that it has for them or its last part.

        `name` is that of the experiment itself, where it is among the files. Nothing is read from a disk.
        """
        from simweb.scenarios.optimization.reading import read_text

        return read_text(text, files, name)

    def get_constraints(self) -> PolicyConstraints | None:
        """What a proposed policy may use; None where the file says nothing."""
        return self.policy_constraints

    def days_of(self, samples: int) -> int:
        """How many days are played for so many samples to be drawn from: as the file says, else one for each."""
        if self.evaluation.history_days is not None:
            return self.evaluation.history_days
        return 1 if self.reproduce_published else samples

    @property
    def looks_at_gaps(self) -> bool:
        """Whether best responses and equilibria are looked for; in samples a policy has no single cost to compare."""
        return self.evaluation.exploitability and not self.evaluation.draws_samples

    @property
    def max_retries(self) -> int:
        """Attempts at a valid proposal, of one agent in one iteration."""
        return self.llm.max_retries if self.llm else DEFAULT_RETRIES

    @property
    def digest(self) -> str:
        """Of all that decides the result; not of where files lie."""
        said = asdict(replace(self, scenario_path=PurePath(self.scenario_path.name), lines={}))
        return sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()

    def with_overrides(
        self,
        *,
        seed: int | None = None,
        proposer: str | None = None,
        max_iterations: int | None = None,
        model: str | None = None,
    ) -> ExperimentConfig:
        """A copy in which these are different. Raises Faulty."""
        faults = [*_override_faults(seed, proposer, max_iterations), *self._model_faults(model)]
        if faults:
            raise Faulty(faults)
        changed = self
        if seed is not None:
            changed = replace(changed, master_seed=seed)
        if proposer is not None:
            changed = replace(changed, proposer=replace(self.proposer, kind=cast(ProposerKind, proposer)))
        if max_iterations is not None:
            changed = replace(changed, convergence=replace(self.convergence, max_iterations=max_iterations))
        if model is not None and self.llm is not None:
            changed = replace(changed, llm=replace(self.llm, model=model))
        return changed

    def line_of(self, place: Place) -> int | None:
        """The line of a place in the file, or of what is nearest around it; None where there is no file."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place)

    def agent_faults(self, agents: Sequence[str]) -> list[Fault]:
        """Where the experiment names agents that its world does not have."""
        named: list[tuple[str, Place]] = [
            *((agent, ("optimized_agents", number)) for number, agent in enumerate(self.optimized_agents)),
            *((agent, ("starting_policy", agent)) for agent in self.starting_policy),
            *((agent, ("proposer", "proposals", agent)) for agent in self.proposer.proposals or {}),
        ]
        return [
            Fault(f'The scenario has no agent "{agent}".{did_you_mean(agent, agents)}', place, self.line_of(place))
            for agent, place in named
            if agent not in agents
        ]

    def _model_faults(self, model: str | None) -> list[Fault]:
        if model is None:
            return []
        if self.llm is None:
            return [
                Fault(
                    "The experiment asks no model, as it has no llm block. Add one, or leave the model out.", ("model",)
                )
            ]
        return [] if model.strip() else [Fault("Name a model, such as openai:gpt-5.", ("model",))]


def _override_faults(seed: int | None, proposer: str | None, max_iterations: int | None) -> list[Fault]:
    faults = []
    if seed is not None and not 0 <= seed <= MOST_SEED:
        faults.append(Fault(f"The seed is a whole number from 0 to {MOST_SEED:,}, not {seed}.", ("seed",)))
    if proposer is not None and proposer not in KINDS:
        known = ", ".join(KINDS)
        hint = did_you_mean(proposer, KINDS)
        faults.append(Fault(f'There is no proposer "{proposer}".{hint} There are {known}.', ("proposer",)))
    if max_iterations is not None and not 1 <= max_iterations <= MOST_ITERATIONS:
        message = f"The number of iterations is from 1 to {MOST_ITERATIONS:,}, not {max_iterations}."
        faults.append(Fault(message, ("max_iterations",)))
    return faults
