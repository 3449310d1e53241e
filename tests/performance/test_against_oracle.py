"""Any set of runs: every figure, in real time and from kept days, equals what plain Python says of them."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import ceil
from typing import Any

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from performance.models import DailyPerformance, SystemDay
from performance.queries import aggregated, realtime
from performance.rollup import due, roll_up_day
from performance.schemas import performance_json
from performance.windows import DAYS
from runs.models import Run, Simulation
from tests.performance.conftest import NOW
from tests.performance.runs_of import add

pytestmark = pytest.mark.django_db
# Moments about the edges of windows and days come up often.
EDGES = [timedelta(days=days) for days in (0, 1, 7, 30)] + [
    timedelta(days=days, hours=14, minutes=30) for days in (0, 2, 6)
]
AGES = st.one_of(
    st.timedeltas(timedelta(0), timedelta(days=9)),
    st.timedeltas(timedelta(0), timedelta(days=32)),
    st.sampled_from(EDGES),
)
MESSAGES = ["timeout after 31 s", "timeout after 32 s", "no such agent", "a", "b", "c", "d"]
RUNS = st.lists(
    st.fixed_dictionaries(
        {
            "age": AGES,
            "status": st.sampled_from(["completed"] * 4 + ["failed"] * 3 + ["cancelled", "running"]),
            "duration_ms": st.one_of(st.integers(0, 20), st.integers(0, 10**7)),
            "trigger": st.sampled_from(["manual"] * 5 + ["api", "verify"]),
            "is_deleted": st.sampled_from([False] * 6 + [True]),
            "message": st.sampled_from(MESSAGES),
            "simulation": st.integers(0, 1),
        }
    ),
    max_size=45,
)


def expected(runs: list[Run], time_range: str, now: datetime) -> dict[str, Any]:
    """The figures, as one would write them down in plain Python."""
    since = now - timedelta(days=DAYS[time_range])
    seen = [run for run in runs if run.deleted_at is None and run.trigger != "verify" and since < run.started_at <= now]
    decided = sorted(
        (run for run in seen if run.status in ("completed", "failed")), key=lambda run: (run.started_at, run.pk)
    )
    good = [run.status == "completed" for run in decided]
    failed = [run for run in decided if run.status == "failed"]
    durations = sorted(run.duration_ms for run in decided)

    def percent(part: int) -> float:
        whole = Decimal(100) * part / len(decided) if decided else Decimal(0)
        return float(whole.quantize(Decimal("0.01"), ROUND_HALF_UP))

    def rank(percentile: int) -> int | None:
        return durations[ceil(percentile * len(durations) / 100) - 1] if durations else None

    average = Decimal(sum(durations)) / len(durations) if durations else None
    return {
        "total_executions": len(decided),
        "successful_executions": sum(good),
        "failed_executions": len(failed),
        "cancelled_executions": sum(run.status == "cancelled" for run in seen),
        "success_rate": percent(sum(good)),
        "error_rate": float(100 - Decimal(str(percent(sum(good))))) if decided else 0.0,
        "execution_times": {
            "avg_ms": None if average is None else float(average.quantize(Decimal("0.01"), ROUND_HALF_UP)),
            "min_ms": min(durations, default=None),
            "max_ms": max(durations, default=None),
            **{f"p{percentile}_ms": rank(percentile) for percentile in (50, 95, 99)},
        },
        "top_errors": top(failed),
        "trend": trend(good),
        "approximate": False,
    }


def top(failed: list[Run]) -> list[dict[str, Any]]:
    counts = Counter(run.error_group for run in failed)
    last = {
        run.error_group: f"{run.started_at:%Y%m%d%H%M%S}{run.started_at.microsecond // 1000:03}"
        for run in sorted(failed, key=lambda run: run.started_at)
    }
    ordered = sorted(sorted(counts), key=lambda error: (counts[error], last[error]), reverse=True)
    ordered = sorted(sorted(ordered), key=lambda error: last[error], reverse=True)
    ordered = sorted(ordered, key=lambda error: -counts[error])[:5]
    return [{"error": error, "count": counts[error]} for error in ordered]


def trend(good: list[bool]) -> str:
    if len(good) < 10:
        return "insufficient_data" if good else "no_data"
    middle = len(good) // 2
    first, second = good[:middle], good[middle:]
    difference = Decimal(sum(second)) * len(first) - Decimal(sum(first)) * len(second)
    points = Decimal(len(first) * len(second)) / 20
    return "improving" if difference > points else "declining" if difference < -points else "stable"


@given(drawn=RUNS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_figure_is_what_plain_python_says(
    simulation: Simulation, other: Simulation, drawn: list[dict[str, Any]]
) -> None:
    for table in (Run, DailyPerformance, SystemDay):
        table.objects.all().delete()
    cache.clear()
    owners = [simulation, other]
    made = [
        add(
            owners[one["simulation"]],
            NOW - one["age"],
            one["status"],
            one["duration_ms"],
            trigger=one["trigger"],
            deleted_at=NOW if one["is_deleted"] else None,
            message=one["message"],
        )
        for one in drawn
    ]
    own = [run for run in made if run.simulation_id == simulation.pk]
    ranges = list(DAYS)
    for owner, runs in ((simulation, own), (None, made)):
        for time_range in ranges:
            wanted = expected(runs, time_range, NOW)
            told = [performance_json(read(owner, time_range, NOW)) for read in (realtime, aggregated)]
            assert [{key: one[key] for key in wanted} for one in told] == [wanted, wanted]
    for day in due(NOW):
        assert roll_up_day(day).failed == []
    for owner, runs in ((simulation, own), (None, made)):
        for time_range in ranges:
            wanted = expected(runs, time_range, NOW)
            told = performance_json(aggregated(owner, time_range, NOW))
            assert {key: told[key] for key in wanted} == wanted
