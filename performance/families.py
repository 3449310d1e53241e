"""What is measured for Prometheus: read from the database, in as many queries with one simulation as with a thousand."""

from __future__ import annotations

import platform
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import accumulate
from typing import Any

import django
from django.conf import settings
from django.db.models import Count, Sum, Value

from performance.exposition import family, label, labels
from performance.models import ErrorTotals, ExecutionTotals
from performance.models.totals import BOUNDS_MS, BUCKETS
from runs import presence, queries
from runs.models import Run, Simulation
from runs.models.simulation import success_rate
from runs.states import PLAYING, Status

ENDS = (Status.COMPLETED, Status.FAILED, Status.CANCELLED)
LIVE = (Status.QUEUED, Status.RUNNING, Status.STUCK)
BOUNDS = (*(f"{bound / 1000:g}" for bound in BOUNDS_MS), "+Inf")
COUNTERS = tuple(f"totals__{name}" for name in (*ENDS, "duration_ms", *BUCKETS))
TOTAL, TIMES, ERRORS = "agent_execution_total", "agent_execution_duration_seconds", "agent_execution_errors_total"
RATE, TURNS = "agent_success_rate", "simweb_turns_recorded_total"
# The lines of one simulation: its numbers are put in, then its name.
AGENT = "<AGENT>"
TOTAL_LINES = "\n".join(f'{TOTAL}{{agent_id="{AGENT}",status="{end}"}} %s' for end in ENDS)
TIME_LINES = "\n".join(
    [
        *(f'{TIMES}_bucket{{agent_id="{AGENT}",le="{bound}"}} %s' for bound in BOUNDS),
        f'{TIMES}_count{{agent_id="{AGENT}"}} %s',
        f'{TIMES}_sum{{agent_id="{AGENT}"}} %s',
    ]
)


def exposition() -> str:
    """All families. A simulation is its `agent_id`; those that are archived or deleted are left out."""
    return "".join([*_of_simulations(), *_of_the_lab()])


def _of_simulations() -> Iterator[str]:
    columns = ("pk", "slug", "completed_runs", "failed_runs", *COUNTERS)
    shown = Simulation.objects.filter(is_archived=False).order_by("slug").values_list(*columns)
    agents: dict[int, str] = {}
    rows = []
    for pk, slug, completed, failed, *numbers in shown:
        agents[pk] = label(slug)
        rows.append((agents[pk], completed, failed, [number or 0 for number in numbers]))
    yield family(
        TOTAL,
        "counter",
        "Runs of a simulation that ended, by how; without replays.",
        [_filled(TOTAL_LINES, agent, *numbers[:3]) for agent, _, _, numbers in rows],
    )
    yield family(
        TIMES,
        "histogram",
        "How long its completed and failed runs took, from start to end.",
        [_filled(TIME_LINES, agent, *_times(*numbers[3:])) for agent, _, _, numbers in rows],
    )
    yield family(
        ERRORS,
        "counter",
        "Failed runs by type of error; types beyond the first 20 of a simulation are other.",
        _errors(agents),
    )
    yield family(
        RATE,
        "gauge",
        "Ratio (0 to 1) of completed runs to completed and failed ones that are kept; none before the first.",
        [
            f'{RATE}{{agent_id="{agent}"}} {round(rate / 100, 4)}'
            for agent, completed, failed, _ in rows
            if (rate := success_rate(completed, failed)) is not None
        ],
    )


def _errors(agents: dict[int, str]) -> Iterator[str]:
    counted = ErrorTotals.objects.order_by("simulation_id", "error_type")  # as their index has them
    for pk, error_type, count in counted.values_list("simulation", "error_type", "count"):
        if pk in agents:
            yield f'{ERRORS}{{agent_id="{agents[pk]}",error_type="{label(error_type)}"}} {count}'


def _filled(lines: str, agent: str, *numbers: float) -> str:
    return (lines % numbers).replace(AGENT, agent)


def _times(duration_ms: int, *buckets: int) -> tuple[float, ...]:
    """Each bucket with all below it, the count of all, the sum in seconds."""
    within = list(accumulate(buckets))
    return (*within, within[-1], duration_ms / 1000)


def _of_the_lab() -> Iterator[str]:
    live, turns = _live_runs()
    busy = sum(live[status] for status in PLAYING)
    up = presence.processes().aggregate(slots=Sum("slots", default=0), sockets=Sum("sockets", default=0))
    idle = max(0, up["slots"] - busy)
    yield _one(TURNS, "counter", "Turns of all runs that were recorded, replays and runs being played included.", turns)
    yield _each("simweb_runs", "Runs that wait or are being played, by status.", "status", live)
    yield _each(
        "simweb_workers",
        "Runs that can be played at once: taken, and free in the processes that are up.",
        "state",
        {"busy": busy, "idle": idle},
    )
    yield _one("simweb_sockets", "gauge", "Open socket connections, over all server processes.", up["sockets"])
    told = {"version": version(), "python": platform.python_version(), "django": django.get_version()}
    yield family("simweb_build_info", "gauge", "What is running.", [f"simweb_build_info{labels(**told)} 1"])


def _live_runs() -> tuple[dict[str, int], int]:
    """How many runs there are of each state that is no end, and all turns that were ever recorded.

    One statement, so one moment: a run that ends between two would have its turns counted twice, or not at all.
    """
    playing = queries.playing_runs().values("status").annotate(number=Count("pk"), recorded=Sum("turns_done"))
    waiting = Run.objects.filter(status=Status.QUEUED, deleted_at=None).order_by().values("status")
    ended = ExecutionTotals.objects.order_by().values(status=Value("ended"))
    rows: Iterable[Any] = playing.union(
        waiting.annotate(number=Count("pk"), recorded=Value(0)),
        ended.annotate(number=Count("pk"), recorded=Sum("turns", default=0)),
        all=True,
    ).values_list("status", "number", "recorded")
    found = {status: number for status, number, _ in rows}
    return {status.value: found.get(status, 0) for status in LIVE}, sum(turns for _, _, turns in rows)


def _one(name: str, kind: str, words: str, value: int) -> str:
    return family(name, kind, words, [f"{name} {value}"])


def _each(name: str, words: str, by: str, values: dict[str, int]) -> str:
    return family(name, "gauge", words, [f"{name}{labels(**{by: key})} {value}" for key, value in values.items()])


@cache
def version() -> str:
    """simweb's own: it is not installed as a package, so its project file says it."""
    with (settings.BASE_DIR / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])
