"""Scenario: a kind of world, with its parameters, its metrics, and how one turn goes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from simweb.engine.blocks import Block, Question
from simweb.engine.decision import Decision, Settled
from simweb.engine.view import View

if TYPE_CHECKING:
    from simweb.engine.metric import Metric

Severity = Literal["critical", "warning", "minor"]
SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "minor")


FILES_READ: set[tuple[str, str]] = set()  # (folder, name) of the files that the run of this process has asked for


class Params(BaseModel):
    """Base of every scenario's parameters: unknown names, NaN and infinity are refused.

    A field's `title`, `description`, bounds and `json_schema_extra={"unit": "agents"}` are what form, API and command show.
    """

    # What was given may be a secret, and the text of an error is shown.
    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, use_enum_values=True, hide_input_in_errors=True
    )


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong or doubtful in a run. `source` says who noticed: a metric's key, or blank for the scenario itself.

    `decision` is the key of the decision it came from, if it came from one.
    """

    severity: Severity
    description: str
    source: str = ""
    root_cause: str = ""
    suggested_fix: str = ""
    decision: str = ""

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES:
            raise ValueError(f"severity must be one of {', '.join(SEVERITIES)}, not {self.severity!r}")


@dataclass(frozen=True, slots=True)
class TurnReport:
    """What happened in one turn.

    `actions` counts what agents did, by type. `facts` is whatever the scenario's own metrics want to read about the turn.
    `decisions` are those worth keeping; `settled` is what came of earlier ones that were pending. `tokens` and `cost_usd` stay
    None where no model was called: unknown is not zero. Left out, they are the sums of the decisions'.
    """

    actions: Mapping[str, int]
    problems: Sequence[Problem] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    tokens: int | None = None
    cost_usd: float | None = None
    decisions: Sequence[Decision] = ()
    settled: Sequence[Settled] = ()


class Scenario:
    """A world that is advanced turn by turn. Subclasses set the class attributes and write `__init__` and `turn`.

    All randomness must come from `rng`; give each concern a stream of its own with `rng.spawn(n)`, so that
    one more draw in one place does not change all the others.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    version: ClassVar[str] = "1"
    description: ClassVar[str] = ""
    default_turns: ClassVar[int] = 50
    deterministic: ClassVar[bool] = True
    metrics: ClassVar[tuple[Metric, ...]] = ()
    default_metric_keys: ClassVar[tuple[str, ...]] = ()
    Params: ClassVar[type[BaseModel]] = Params
    questions: ClassVar[tuple[Question, ...]] = ()  # what can be asked of a run afterwards

    finished: bool = False
    narrative: str = ""  # what happened, in a few sentences; left blank, simweb words it
    output_data: Mapping[str, Any] | None = (
        None  # what the run returns beside its metrics, as JSON; read after its last turn
    )

    def __init__(self, params: Any, rng: np.random.Generator) -> None:
        self.params = params
        self.rng = rng

    def turn(self) -> TurnReport:
        """Advance the world by one turn and say what happened."""
        raise NotImplementedError

    @classmethod
    def length(cls, params: Any) -> int | None:
        """How many turns a world of these parameters has; None: as many as are asked for."""
        return None

    @classmethod
    def preview(cls, params: Any) -> Sequence[Block]:
        """What these parameters stand for, to be shown beside the form; it must be quick, and changes nothing."""
        return ()

    @classmethod
    def examples(cls, field: str) -> Mapping[str, str]:
        """Texts by title that the field of this name may start from, so that nobody has to begin with an empty one."""
        return {}

    @classmethod
    def prepare(cls) -> None:
        """Make ready what all runs share and what takes long; called in the process that forks them, before it does."""

    def answer(self, question: str, asked: Any, turns: int) -> Sequence[Block]:
        """Answer one of `questions` by playing this fresh world, at most so many turns; `asked` is checked.

        Raises ValueError, worded for a person, for what there is no answer to.
        """
        raise NotImplementedError

    def checkpoint(self) -> Mapping[str, Any] | None:
        """After each turn: what it takes to tell that turn again without playing it, as JSON; None where nothing is kept.

        A run that is tried again is given the checkpoints of the one before, and goes on after them.
        """
        return None

    def unfinished(self) -> Mapping[str, Any] | None:
        """After a turn that came to no end: what there is of it, as JSON, to be shown and not to be gone on from."""
        return None

    def resume(self, checkpoints: Sequence[Mapping[str, Any]]) -> None:
        """Before the first turn: tell the turns of these checkpoints as they were, then go on as if they had been played."""
        raise NotImplementedError

    def view(self) -> View | None:
        """What the world looks like now, for people; asked at most 200 times a run. It must change nothing and draw no chance."""
        return None


def data_file(name: str, *, folder: str) -> Path:
    """The file `name` in `folder` of the data directory (`SIMWEB_DATA_DIR`, else `var`).

    What a run reads through this is part of what it was played with: its digest is kept in the run's environment.
    Raises ValueError, with the name a person typed, for anything that is not a plain file in just that folder.
    """
    root = (Path(os.environ.get("SIMWEB_DATA_DIR") or "var") / folder).resolve()
    path = (root / name).resolve()
    if path.parent != root:
        raise ValueError(f"{name!r} must be the plain name of a file in {folder}/ of the data directory")
    if not path.is_file():
        present = ", ".join(sorted(p.name for p in root.glob("*.*"))[:10]) or "none"
        raise ValueError(f"there is no file {name!r} in {folder}/ of the data directory (files there: {present})")
    FILES_READ.add((folder, name))
    return path


def file_digest(folder: str, name: str) -> str:
    """SHA-256 of a file of the data directory. Raises ValueError as `data_file` does."""
    with data_file(name, folder=folder).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
