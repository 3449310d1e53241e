"""Which subjects there are, and how one is made: by a name in this list, found when it is needed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from simweb.engine import Fault, Faulty
from simweb.scenarios.optimization.config import ExperimentConfig
from simweb.scenarios.optimization.subject import Subject

# Of each name the "module:function" that makes it from the scenario's text, its ticks, and whether to repeat published defects.
# It raises Faulty.
SUBJECTS = {"payments": "simweb.scenarios.payments.optimizing:market_subject"}
Factory = Callable[[str, int, bool], Subject]


def subject_of(config: ExperimentConfig) -> Subject:
    """What the experiment optimises. Raises Faulty: for what is wrong with the scenario, and for agents that it does not have."""
    module, _, name = SUBJECTS[config.subject].partition(":")
    factory = cast(Factory, getattr(import_module(module), name))
    try:
        subject = factory(config.scenario_text, config.evaluation.ticks, config.reproduce_published)
    except Faulty as faulty:
        raise Faulty(_within(config, fault) for fault in faulty.faults) from None
    faults = config.agent_faults(subject.agents)
    if faults:
        raise Faulty(faults)
    return subject


def _within(config: ExperimentConfig, fault: Fault) -> Fault:
    """A fault of the scenario's file, told as one of the experiment's: the line is that of `scenario`."""
    return Fault(f"{config.scenario_path.name}: {fault}", ("scenario",), config.line_of(("scenario",)))
