"""The nudger of the Celery executor: it sends again what nobody has taken, and never more than workers can read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kombu.exceptions import OperationalError

from runs.executors.celery import CeleryExecutor
from tests.conftest import MakeRun
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


class Broker:
    """In the place of Redis: what it was sent, and what it says when it is asked how much is unread."""

    def __init__(self) -> None:
        self.nudged: list[int] = []
        self.unread = 0
        self.asked = 0
        self.is_away = False

    def unread_messages(self) -> int:
        self.asked += 1
        if self.is_away:
            raise OperationalError("nobody answers")
        return self.unread


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    broker = Broker()
    monkeypatch.setattr("runs.executors.celery.unread_messages", broker.unread_messages)
    return broker


@pytest.fixture
def nudging(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    executor = CeleryExecutor()
    monkeypatch.setattr(executor, "run_queued", broker.nudged.append)
    executor.start()
    yield
    executor.stop()


def test_runs_that_wait_are_nudged_again(make_run: MakeRun, broker: Broker, nudging: None) -> None:
    runs = [make_run().pk for _ in range(2)]
    wait_until(lambda: set(broker.nudged) == set(runs))


def test_a_broker_that_has_a_message_for_each_run_gets_no_more(
    make_run: MakeRun, broker: Broker, nudging: None
) -> None:
    broker.unread = 1
    run = make_run()
    wait_until(lambda: broker.asked >= 2)
    assert broker.nudged == []
    broker.unread = 0
    wait_until(lambda: run.pk in broker.nudged)


def test_a_broker_that_is_away_is_asked_again(make_run: MakeRun, broker: Broker, nudging: None) -> None:
    broker.is_away = True
    run = make_run()
    wait_until(lambda: broker.asked >= 2)
    broker.is_away = False
    wait_until(lambda: run.pk in broker.nudged)
