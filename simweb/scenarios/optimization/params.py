"""What a person can set of an optimisation: the experiment as a file, the files it names, and what is to be different."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Literal

from pydantic import Field, JsonValue, model_validator

from simweb.engine import Amount, Fault, Faulty, Params
from simweb.scenarios.optimization.config import MOST_ITERATIONS, BudgetConfig, ExperimentConfig
from simweb.scenarios.optimization.loop import OptimizationLoop
from simweb.scenarios.optimization.proposers import proposer_of
from simweb.scenarios.optimization.reading import FaultyFile
from simweb.scenarios.optimization.records import IterationRecord
from simweb.scenarios.optimization.subjects import subject_of, templates

MOST_CHARACTERS = 2_000_000
MOST_FILES = 20
MOST_TOKENS = 10**12
MOST_USD = 10**6
AS_WRITTEN = "as-written"
PROPOSERS: dict[str, JsonValue] = {
    AS_WRITTEN: "As the file says",
    "best-response": "Best response",
    "tpe": "TPE (Optuna)",
    "random": "Random",
    "scripted": "Scripted",
    "llm": "Language model",
}
Files = tuple[tuple[str, str], ...]


class OptimizationParams(Params):
    """One experiment."""

    experiment: str = Field(
        default_factory=lambda: next(iter(templates().values())).text,
        title="Experiment file",
        max_length=MOST_CHARACTERS,
        description="YAML, as docs/optimization.md describes it; SimCash's files load as they are.",
        json_schema_extra={"multiline": True, "rows": 20, "language": "yaml", "upload": ".yaml,.yml"},
    )

    files: dict[str, str] = Field(
        {},
        title="Files that it names",
        max_length=MOST_FILES,
        description='Scenario, prompts or proposals, by the name that the experiment has for them: {"market.yaml": "…"}. '
        "Ready-made scenarios, such as castro-1.yaml, need not be given.",
        json_schema_extra={"rows": 4, "language": "json", "upload": ".yaml,.yml,.txt,.json", "uploads_named": True},
    )
    proposer: Literal["as-written", "best-response", "tpe", "random", "scripted", "llm"] = Field(
        "as-written",
        title="Proposer",
        description="Who changes the policies, over what the file says.",
        json_schema_extra={"choices": PROPOSERS},
    )
    model: str = Field("", title="Model", max_length=200, description="Of the llm proposer, over what the file says.")
    max_iterations: int | None = Field(
        None, title="Iterations at most", ge=1, le=MOST_ITERATIONS, description="Over what the file says."
    )

    budget_tokens: int | None = Field(
        None,
        title="Budget in tokens",
        ge=1,
        le=MOST_TOKENS,
        description="Of all calls of a model, over what the file says.",
    )
    budget_cost_usd: float | None = Field(
        None, title="Budget in USD", gt=0, le=MOST_USD, description="Of all calls of a model, over what the file says."
    )

    @model_validator(mode="after")
    def _can_begin(self) -> OptimizationParams:
        """The file is seen whole only with the files that it names, and with what is to be different."""
        try:
            begin(config_of(self))
        except FaultyFile as faulty:
            raise Faulty([*faulty.faults, *_of_subject(faulty)], "experiment") from None
        except Faulty as faulty:
            raise Faulty(faulty.faults, "experiment") from None
        return self


def _of_subject(file: FaultyFile) -> Sequence[Fault]:
    """What is wrong with the scenario and its agents, too, where what is wrong with the file leaves it to be seen."""
    if not file.config.scenario_text or any(fault.path[:1] in ((), ("evaluation",)) for fault in file.faults):
        return ()
    try:
        subject_of(file.config)
    except Faulty as faulty:
        return faulty.faults
    return ()


def config_of(params: OptimizationParams) -> ExperimentConfig:
    """The experiment that these parameters say. Raises Faulty."""
    config = read_experiment(params.experiment, tuple(params.files.items()))
    budget = BudgetConfig(
        tokens=config.budget.tokens if params.budget_tokens is None else params.budget_tokens,
        cost_usd=config.budget.cost_usd if params.budget_cost_usd is None else params.budget_cost_usd,
    )
    return replace(config, budget=budget).with_overrides(
        proposer=None if params.proposer == AS_WRITTEN else params.proposer,
        model=params.model or None,
        max_iterations=params.max_iterations,
    )


def begin(config: ExperimentConfig, records: Sequence[IterationRecord] = ()) -> OptimizationLoop:
    """The experiment before its first iteration, or after those that are done, whose calls count against its budget.

    Raises Faulty: all that can be found wrong before anything is played.
    """
    spent = sum((record.spent for record in records), Amount())
    return OptimizationLoop(config, subject_of(config), proposer_of(config, spent), records=records)


@lru_cache(maxsize=16)
def read_experiment(text: str, files: Files) -> ExperimentConfig:
    """The experiment as its file says it. Raises Faulty."""
    return ExperimentConfig.from_text(text, dict(files))
