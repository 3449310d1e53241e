"""What heartbeat and lease cost: turns written with them and without, in turns, in one process on one database."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any

from bench.server import ROOT
from bench.worlds import SETTING

if TYPE_CHECKING:
    from runs.recording import Recording

# Turns in a write: how often that many are written. 500 is what a run of 10,000 turns/s gathers between two writes.
SIZES = {500: 60, 1: 1500}
INTERVAL = 0.05  # SIMWEB_RECORD_INTERVAL_MS: turns are written together at most this often


def bench() -> list[tuple[str, str, str]]:
    """What heartbeat and lease take of the turns per second, and of a second. (what, measured, goal)"""
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "SIMWEB_DATA_DIR": folder, "SIMWEB_SCENARIOS": SETTING}
        command = [sys.executable, "-m", "bench.heartbeat"]
        output = subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout
    many, single = json.loads(output).values()
    extra = single["with"] - single["without"]
    rate = {name: 500 / seconds for name, seconds in many.items()}
    speed = f"{rate['with']:,.0f} of {rate['without']:,.0f} turns/s: {100 * (1 - rate['with'] / rate['without']):.1f} %"
    return [
        ("heartbeat and lease, 500 turns a write", speed, "<2 %"),
        ("heartbeat and lease, a write", f"{1000 * extra:.2f} ms of 50 ms: {100 * extra / INTERVAL:.1f} %", "<2 %"),
    ]


def measure() -> dict[int, dict[str, float]]:
    """For each number of turns, the seconds of a write with heartbeat and lease, and without."""
    from django.core.management import call_command

    from runs import recording, services
    from runs.simulations import create_simulation
    from runs.states import Trigger

    call_command("migrate", verbosity=0)
    simulation = create_simulation(name="Trivial", scenario="trivial", turns=1_000_000)
    [run] = services.create_runs(simulation, trigger=Trigger.API)
    whole = recording.claim(run.pk)
    assert whole is not None
    bare = _bare(whole)
    found, written = {}, 0
    for size, times in SIZES.items():
        seconds: tuple[list[float], list[float]] = ([], [])
        for number in range(times):
            for which in (0, 1) if number % 2 else (1, 0):
                seconds[which].append(_write((bare, whole)[which], written, size))
                written += size
        found[size] = {"without": statistics.median(seconds[0]), "with": statistics.median(seconds[1])}
    return found


def _bare(held: Recording) -> Recording:
    """A recording that writes no heartbeat, asks for no lease and beats never."""
    from django.db.models import F
    from django.utils import timezone

    from runs.models import Run
    from runs.recording import Recording

    class Bare(Recording):
        def _touch(self, **changes: Any) -> bool:
            changed = {"version": F("version") + 1, "changed_at": timezone.now(), **changes}
            return bool(Run.objects.filter(pk=self.run.pk).update(**changed))

    return Bare(held.run, held.lease)


def _write(recording: Recording, written: int, turns: int) -> float:
    messages = [
        {
            "type": "turn",
            "number": number,
            "duration_ms": 0.1,
            "actions": {"act": 1},
            "metrics": {"turn.actions.total": 1, "turn.actions.counts_by_type": {"act": 1}},
            "problems": [],
            "tokens": None,
            "cost_usd": None,
        }
        for number in range(written + 1, written + 1 + turns)
    ]
    began = time.perf_counter()
    assert recording.add(messages)
    return time.perf_counter() - began


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "simweb.settings")
    django.setup()
    print(json.dumps(measure()))
