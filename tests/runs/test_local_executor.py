"""What only child processes can promise: side by side, killed, stopped, flooded, left behind by a server that died."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from runs import services
from runs.executors import get_executor
from runs.executors.local import LocalExecutor
from runs.models import Run
from runs.states import Status
from tests.runs.lives import lead_to
from tests.runs.test_executors import ended, queue
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workers() -> int:
    """How many runs are played side by side."""
    return 2


@pytest.fixture
def local(idle_executor: None, settings: Any, workers: int) -> Iterator[LocalExecutor]:
    """Not started yet."""
    settings.EXECUTOR, settings.STOP_GRACE_SECONDS, settings.WORKERS = "local", 0.3, workers
    settings.DRAIN_SECONDS = 0
    get_executor.cache_clear()
    executor = get_executor()
    assert isinstance(executor, LocalExecutor)
    yield executor
    executor.stop()


@pytest.fixture
def started(local: LocalExecutor) -> LocalExecutor:
    local.start()
    return local


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children() -> set[int]:
    """The living processes that this one has started to play runs, and those they made."""
    found, parents = set(), {os.getpid()}
    while parents:
        made = {child for parent in parents for child in _children_of(parent)}
        found |= made
        parents = made
    return {pid for pid in found if is_alive(pid) and b"simweb.engine" in _command(pid)}


def _children_of(parent: int) -> set[int]:
    found = set()
    for file in Path(f"/proc/{parent}/task").glob("*/children"):
        with suppress(OSError):  # a thread that has just ended
            found |= {int(pid) for pid in file.read_text().split()}
    return found


def _command(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def waiting(folder: Path, name: str, **params: Any) -> tuple[Run, Path]:
    """A run that waits in its second turn, and the file in which it says that it does."""
    arrived = folder / name
    return queue("waiting", params={"arrive": str(arrived), "until": str(folder / "never"), **params}), arrived


def pid_in(file: Path) -> int:
    return int(wait_until(lambda: file.exists() and file.read_text(), 20))


def test_two_runs_are_played_side_by_side(started: LocalExecutor, tmp_path: Path) -> None:
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    first = queue("waiting", turns=2, params={"arrive": one, "until": two})
    second = queue("waiting", turns=2, params={"arrive": two, "until": one})
    assert [ended(first).status, ended(second).status] == ["completed", "completed"]
    assert pid_in(Path(one)) != pid_in(Path(two))


def test_processes_that_were_forked_from_one_draw_what_their_seeds_say(started: LocalExecutor) -> None:
    runs = [ended(queue("careless", turns=1, seed=seed)) for seed in (1, 2, 3, 1, 2, 3)]
    assert {(run.status, run.error_traceback) for run in runs} == {("completed", "")}
    drawn = [run.turn_rows.get().metrics["turn.careless.drawn"] for run in runs]
    assert drawn[:3] == drawn[3:]
    assert len(set(drawn)) == 3


@pytest.mark.parametrize("workers", [1])
def test_a_killed_fork_server_costs_its_run_and_the_next_has_another(started: LocalExecutor, tmp_path: Path) -> None:
    run, arrived = waiting(tmp_path, "arrived")
    pid = pid_in(arrived)
    [parent] = [other for other in children() if pid in _children_of(other)]
    os.kill(parent, signal.SIGKILL)
    lost = ended(run)
    assert (lost.status, lost.failure_kind) == ("failed", "lost")
    assert "was killed" in lost.error_message
    assert not is_alive(pid)
    assert ended(queue("toy")).status == "completed"


@pytest.mark.parametrize("workers", [1])
def test_a_stopped_fork_server_is_told_and_replaced(started: LocalExecutor, tmp_path: Path) -> None:
    run, arrived = waiting(tmp_path, "arrived")
    pid = pid_in(arrived)
    [parent] = [other for other in children() if pid in _children_of(other)]
    assert started.state == "ok"
    os.kill(parent, signal.SIGSTOP)
    wait_until(lambda: started.state == "worker-1: its fork server is stopped")
    (tmp_path / "never").touch()
    assert ended(run).status == "completed"
    assert ended(queue("toy")).status == "completed"
    assert started.state == "ok"
    assert not is_alive(parent)


@pytest.mark.parametrize("workers", [1])
def test_what_a_model_started_ends_though_its_fork_server_was_killed(started: LocalExecutor, tmp_path: Path) -> None:
    left = tmp_path / "left"
    run, arrived = waiting(tmp_path, "arrived", child=str(left), apart=True)
    [parent] = [other for other in children() if pid_in(arrived) in _children_of(other)]
    os.kill(parent, signal.SIGKILL)
    assert ended(run).failure_kind == "lost"
    wait_until(lambda: not is_alive(pid_in(left)))


@pytest.mark.parametrize("workers", [1])
def test_orphans_that_have_ended_are_let_go_while_the_run_goes_on(started: LocalExecutor, tmp_path: Path) -> None:
    run, arrived = waiting(tmp_path, "arrived", turn=3, orphans=True)
    [parent] = [other for other in children() if pid_in(arrived) in _children_of(other)]
    wait_until(lambda: _children_of(parent) == {pid_in(arrived)})
    services.cancel(run, by=None)


@pytest.mark.parametrize("workers", [1])
def test_a_worker_that_gets_no_child_says_so(local: LocalExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any, **options: Any) -> Any:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", broken)
        local.start()
        wait_until(lambda: "could not be started" in local.state)
    wait_until(lambda: local.state == "ok")
    assert ended(queue("toy")).status == "completed"


@pytest.mark.parametrize("workers", [1])
def test_a_fork_server_that_is_killed_while_nothing_is_played_costs_no_run(started: LocalExecutor) -> None:
    assert ended(queue("toy")).status == "completed"
    idle = wait_until(children)
    for pid in idle:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(is_alive(pid) for pid in idle))
    assert ended(queue("toy")).status == "completed"


def test_what_a_model_prints_is_the_log_of_its_run(started: LocalExecutor) -> None:
    for stream in ("stdout", "stderr"):
        run = ended(queue("loud", turns=3, params={"stream": stream}))
        assert [line.rstrip("x").strip() for line in run.log.splitlines()] == ["turn 1:", "turn 2:", "turn 3:"]


def test_a_log_keeps_its_beginning_and_its_end_and_says_what_is_left_out(local: LocalExecutor, settings: Any) -> None:
    settings.MAX_LOG_CHARACTERS = 1000
    local.start()
    run = ended(queue("loud", turns=3, params={"characters": 800}))
    assert run.status == "completed"
    assert run.log.startswith("turn 1: xxx")
    assert run.log.endswith("x\n")
    assert len(run.log) < 1200
    assert "1,403 characters of the log are left out here: a run keeps its first and its last 500." in run.log


def test_a_model_that_floods_its_output_is_played_to_its_end(started: LocalExecutor) -> None:
    run = ended(queue("loud", turns=4, params={"characters": 3_000_000}))
    assert (run.status, run.turns_done) == ("completed", 4)
    assert len(run.log) < 300_000


@pytest.mark.parametrize(("how", "says"), [("kill", "killed by SIGKILL"), ("exit", "exit status 7")])
def test_a_run_whose_process_dies_is_lost_and_the_next_one_is_played(
    started: LocalExecutor, how: str, says: str
) -> None:
    run = ended(queue("dying", params={"how": how}))
    assert (run.status, run.failure_kind, run.turns_done, run.error_turn) == ("failed", "lost", 2, 3)
    assert says in run.error_message
    assert [ended(queue("toy")).status for _ in range(3)] == ["completed"] * 3


def test_a_run_whose_process_is_killed_from_outside_is_lost(started: LocalExecutor, tmp_path: Path) -> None:
    run, arrived = waiting(tmp_path, "arrived")
    os.kill(pid_in(arrived), signal.SIGKILL)
    lost = ended(run)
    assert (lost.failure_kind, lost.error_type) == ("lost", "PlayerLost")
    assert "SIGKILL" in lost.error_message


@pytest.mark.parametrize("stubborn", [False, True])
def test_stopping_a_run_ends_its_process_even_one_that_ignores_sigterm(
    started: LocalExecutor, tmp_path: Path, stubborn: bool
) -> None:
    run, arrived = waiting(tmp_path, "arrived", stubborn=stubborn)
    pid = pid_in(arrived)
    wait_until(lambda: Run.objects.get(pk=run.pk).turns_done == 1)
    services.cancel(run, by=None)
    assert Run.objects.get(pk=run.pk).status == "cancelled"
    wait_until(lambda: not is_alive(pid))
    run.refresh_from_db()
    assert (run.status, run.failure_kind, run.turns_done) == ("cancelled", "", 1)
    assert [ended(queue("toy")).status for _ in range(2)] == ["completed"] * 2


@pytest.mark.parametrize("apart", [False, True])
def test_what_a_model_started_itself_ends_with_its_run(started: LocalExecutor, tmp_path: Path, apart: bool) -> None:
    left = tmp_path / "left"
    run, arrived = waiting(tmp_path, "arrived", child=str(left), apart=apart)
    pid_in(arrived)
    services.cancel(run, by=None)
    wait_until(lambda: not is_alive(pid_in(left)))


def test_runs_of_a_server_that_died_are_lost_and_what_waited_is_played(local: LocalExecutor) -> None:
    with transaction.atomic():
        orphan, stuck, queued, of_another = queue("toy"), queue("toy"), queue("toy"), queue("toy")
        for run in (orphan, of_another):
            lead_to(run, Status.RUNNING)
        lead_to(stuck, Status.STUCK)
        Run.objects.filter(pk__in=[orphan.pk, stuck.pk]).update(player=local.name)
        Run.objects.filter(pk=of_another.pk).update(player="another server")
    local.start()
    for run in (orphan, stuck):
        lost = ended(run)
        assert (lost.status, lost.failure_kind) == ("failed", "lost")
        assert lost.error_message == "The server ended while this run was being played."
    assert ended(queued).status == "completed"
    assert Run.objects.get(pk=of_another.pk).status == "running"  # the upkeep's affair, when nothing is heard of it


@pytest.mark.parametrize("workers", [1])
def test_a_higher_priority_is_played_earlier_and_then_the_older_run(local: LocalExecutor) -> None:
    runs = [queue("toy", priority=priority) for priority in (0, 5, -5, 5)]
    local.start()
    for run in runs:
        ended(run)
    in_order = Run.objects.order_by("started_at").values_list("pk", flat=True)
    assert list(in_order) == [runs[index].pk for index in (1, 3, 0, 2)]


def test_a_run_that_another_process_queued_is_found_without_a_nudge(started: LocalExecutor) -> None:
    from runs.events import run_changed
    from runs.executors import on_run_changed

    run_changed.disconnect(on_run_changed, dispatch_uid="executors")
    try:
        assert ended(queue("toy")).status == "completed"
    finally:
        run_changed.connect(on_run_changed, dispatch_uid="executors")


def test_a_stopped_executor_leaves_no_process_and_no_thread(local: LocalExecutor, tmp_path: Path) -> None:
    before = children()
    local.start()
    run, arrived = waiting(tmp_path, "arrived", stubborn=True)
    pid = pid_in(arrived)
    assert pid in children()
    local.stop()
    assert not is_alive(pid)
    assert children() <= before
    assert local.state == "0 of 2 workers alive"
    lost = Run.objects.get(pk=run.pk)
    assert (lost.status, lost.failure_kind, lost.error_type) == ("failed", "lost", "ServerStopped")
