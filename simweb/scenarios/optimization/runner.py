"""The runner: an experiment from its config to its result, whoever asks: a script, a page or a command."""

from __future__ import annotations

import asyncio
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path

from simweb.engine import Amount
from simweb.scenarios.optimization.checkpoint import read_checkpoint, save_checkpoint, write_checkpoint
from simweb.scenarios.optimization.config import ExperimentConfig
from simweb.scenarios.optimization.events import LiveStateProvider
from simweb.scenarios.optimization.loop import OptimizationLoop
from simweb.scenarios.optimization.proposers import Proposer, proposer_of
from simweb.scenarios.optimization.records import IterationRecord
from simweb.scenarios.optimization.state import ExperimentResult, ExperimentState
from simweb.scenarios.optimization.subject import Subject
from simweb.scenarios.optimization.subjects import subject_of
from simweb.scenarios.optimization.verbose import VerboseConfig


class GenericExperimentRunner:
    """Runs any experiment. Subject and proposer are those that the config names, unless others are given.

    With a checkpoint's path it writes one after each iteration, and goes on from the one that is there.

    Raises Faulty for what can be found wrong before anything is played.
    """

    def __init__(
        self,
        config: ExperimentConfig,
        verbose_config: VerboseConfig | None = None,
        run_id: str | None = None,
        *,
        subject: Subject | None = None,
        proposer: Proposer | None = None,
        checkpoint: str | Path | None = None,
    ) -> None:
        self.config = config
        self.verbose = verbose_config or VerboseConfig()
        self.run_id = run_id or new_run_id(config.name)
        self.provider = LiveStateProvider()
        self.subject = subject or subject_of(config)
        self._checkpoint = Path(checkpoint) if checkpoint is not None else None
        done = self._done()
        self.loop = OptimizationLoop(
            config,
            self.subject,
            proposer or proposer_of(config, sum((record.spent for record in done), Amount())),
            self.provider,
            records=done,
        )

    async def run(self) -> ExperimentResult:
        """Iterate to the end, each iteration in a thread, so that others are served meanwhile. Raises what the loop raises."""
        began = time.monotonic()
        iterations = self.loop.iterations()
        while (record := await asyncio.to_thread(next, iterations, None)) is not None:
            self._keep(record)
        result = await asyncio.to_thread(self.loop.result)
        self.verbose.tell_result(result)
        duration = time.monotonic() - began
        return ExperimentResult(
            result.iterations, result.holdout, result.reference, self.config.name, self.run_id, duration
        )

    def get_current_state(self) -> ExperimentState:
        """Where the experiment stands, after the last complete iteration."""
        records = self.loop.records
        state = ExperimentState(self.config.name, policies=self.loop.policies)
        if not records:
            return state
        state = state.with_iteration(records[-1].iteration, self.loop.policies)
        return state.with_converged(records[-1].ended) if self.loop.has_converged else state

    def _done(self) -> tuple[IterationRecord, ...]:
        if self._checkpoint is None or not self._checkpoint.exists():
            return ()
        return read_checkpoint(self.config, self._checkpoint.read_text(encoding="utf-8"))

    def _keep(self, record: IterationRecord) -> None:
        if self._checkpoint is not None:
            save_checkpoint(self._checkpoint, write_checkpoint(self.config, self.loop.records))
        self.verbose.tell(record)


def new_run_id(name: str) -> str:
    """`exp1-20260131-093000-a1b2c3`: another one each time."""
    return f"{name}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
