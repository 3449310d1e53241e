"""Checkpoint: all that is needed to go on after an iteration, as plain JSON. Policies and detectors follow from the records."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from simweb.engine import Fault, Faulty
from simweb.scenarios.optimization.config import ExperimentConfig
from simweb.scenarios.optimization.records import IterationRecord

FORMAT = "simweb-optimization-2"


def write_checkpoint(config: ExperimentConfig, records: Sequence[IterationRecord]) -> str:
    """The text of a checkpoint."""
    said = {"format": FORMAT, "config": config.digest, "records": [record.as_json() for record in records]}
    return json.dumps(said, separators=(",", ":"))


def read_checkpoint(config: ExperimentConfig, text: str) -> tuple[IterationRecord, ...]:
    """The iterations that are done. Raises Faulty for what is no checkpoint, or that of another experiment."""
    try:
        said = json.loads(text)
        is_ours = said["format"] == FORMAT
        is_same = is_ours and said["config"] == config.digest
        records = tuple(map(IterationRecord.from_json, said["records"])) if is_same else ()
    except (ValueError, KeyError, TypeError):
        is_ours = is_same = False
        records = ()
    if not is_ours:
        raise Faulty([Fault("This is not a checkpoint of an experiment, or one that was cut off. Begin without it.")])
    if not is_same:
        raise Faulty(
            [Fault("The checkpoint is that of another experiment, or its file was changed. Begin without it.")]
        )
    return records


def save_checkpoint(path: Path, text: str) -> None:
    """Whoever reads the file finds this checkpoint or the one before, whole."""
    beside = path.with_name(f"{path.name}.new")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
