"""A world that can be gone on with: it notes every turn that it really plays, and breaks where it is told to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from simweb.engine import Metric, Params, Scenario, TurnReport


class ResumingParams(Params):
    """Where it notes what it plays; while the file `broken` lies beside it, the third turn raises."""

    notes: str = Field("", title="Notes")


class Resuming(Scenario):
    """A sum of what it draws."""

    key = "resuming"
    title = "Resuming"
    Params = ResumingParams
    metrics = (Metric("turn.resuming.sum", "Sum", lambda context: context.scenario.sum),)
    default_metric_keys = ("turn.resuming.sum",)

    def __init__(self, params: Any, rng: Any) -> None:
        super().__init__(params, rng)
        self.number = self.sum = 0
        self.told: list[int] = []

    def resume(self, checkpoints: Sequence[Mapping[str, Any]]) -> None:
        self.told = [checkpoint["sum"] for checkpoint in checkpoints]
        self.rng.integers(100, size=len(checkpoints))

    def checkpoint(self) -> Mapping[str, Any]:
        return {"sum": self.sum}

    def turn(self) -> TurnReport:
        self.number += 1
        if self.number <= len(self.told):
            self.sum = self.told[self.number - 1]
            return TurnReport({"draw": 1})
        notes = Path(self.params.notes)
        if self.number == 3 and notes.with_name("broken").exists():
            raise RuntimeError("it is broken")
        with notes.open("a") as file:
            file.write(f"{self.number}\n")
        self.sum += int(self.rng.integers(100))
        return TurnReport({"draw": 1})
