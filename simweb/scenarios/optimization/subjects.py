"""Which subjects there are, and how one is made: by a name in this list, found when it is needed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import NamedTuple, Protocol, cast

from simweb.engine import Fault, Faulty
from simweb.scenarios.optimization.config import ExperimentConfig
from simweb.scenarios.optimization.subject import Subject

SUBJECTS = {"payments": "simweb.scenarios.payments.experiments"}


class Template(NamedTuple):
    """An experiment to start from."""

    key: str
    title: str
    text: str


class Room(Protocol):
    """The module of a subject."""

    def subject(self, text: str, ticks: int, repeats_published: bool) -> Subject:
        """The subject of a scenario's text. Raises Faulty."""

    def ready_made(self, name: str) -> str | None:
        """The text of a scenario that comes with the subject; None for another name."""

    def templates(self) -> Mapping[str, tuple[str, str]]:
        """Experiments to start from: by key, title and YAML."""


def subject_of(config: ExperimentConfig) -> Subject:
    """What the experiment optimises. Raises Faulty: for what is wrong with the scenario, and for agents that it does not have."""
    try:
        subject = _room(config.subject).subject(
            config.scenario_text, config.evaluation.ticks, config.reproduce_published
        )
    except Faulty as faulty:
        raise Faulty(_within(config, fault) for fault in faulty.faults) from None
    faults = config.agent_faults(subject.agents)
    if faults:
        raise Faulty(faults)
    return subject


def ready_made(subject: str, name: str) -> str | None:
    """The text of a scenario that comes with a subject; None for another name."""
    return _room(subject).ready_made(name)


def templates() -> dict[str, Template]:
    """Experiments to start from, of every subject, by key."""
    return {
        key: Template(key, title, text)
        for subject in SUBJECTS
        for key, (title, text) in _room(subject).templates().items()
    }


def _room(subject: str) -> Room:
    return cast(Room, import_module(SUBJECTS[subject]))


def _within(config: ExperimentConfig, fault: Fault) -> Fault:
    """A fault of the scenario's file, told as one of the experiment's: the line is that of `scenario`."""
    return Fault(f"{config.scenario_path.name}: {fault}", ("scenario",), config.line_of(("scenario",)))
