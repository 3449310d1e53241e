"""Playing a run in the terminal of a command, with a progress bar; it is recorded like any other."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from runs import services
from runs.conductor import conduct
from runs.events import run_changed
from runs.executors import on_run_changed
from runs.executors.child import WarmChild
from runs.models import Run


@contextmanager
def played_here() -> Iterator[None]:
    """What is queued meanwhile is for this command to play: the executor of this process must not take it too."""
    run_changed.disconnect(on_run_changed, dispatch_uid="executors")
    try:
        yield
    finally:
        run_changed.connect(on_run_changed, dispatch_uid="executors")


def play(run: Run) -> Run:
    """Play the run and show how far it is, on standard error; Ctrl+C cancels it. Returns it as it ended."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=sys.stderr)) as progress:
        task = progress.add_task(f"Run {run.pk}", total=run.turns)

        def advance(*, run_id: int, **news: Any) -> None:
            progress.update(task, completed=Run.objects.values_list("turns_done", flat=True).get(pk=run_id))

        run_changed.connect(advance)
        player = WarmChild()
        try:
            if not conduct(run.pk, player):  # a running server was quicker: watch it play
                while not Run.objects.get(pk=run.pk).is_terminal:
                    advance(run_id=run.pk)
                    time.sleep(0.2)
        except KeyboardInterrupt:
            services.cancel(run, by=None, reason="Ctrl+C in the terminal")
        finally:
            player.close()
            run_changed.disconnect(advance)
    return Run.objects.get(pk=run.pk)
