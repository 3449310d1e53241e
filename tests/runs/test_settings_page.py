"""The settings page of a simulation: limits, schedule, notifications; what is wrong is said at its field, nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from runs.models import Notifier, Simulation
from tests.conftest import signed_in

pytestmark = pytest.mark.django_db
PAGE = "/simulations/a-toy/settings/"
SETTINGS: dict[str, Any] = {
    "name": "A better toy",
    "run_timeout_s": "600",
    "turn_timeout_s": "",
    "memory_limit_mb": "512",
    "max_parallel": "2",
    "retry_attempts": "3",
    "retry_backoff_s": "10",
    "retry_kinds": ["lost"],
    "cron": "0 6 * * 1-5",
    "timezone": "Europe/Berlin",
    "missed": "skip",
    "overlap": "start",
}


def test_settings_are_kept_and_shown_again(browser: Client, simulation: Simulation) -> None:
    assert browser.post(PAGE, SETTINGS).status_code == 302
    kept = Simulation.objects.get()
    assert (kept.name, kept.run_timeout_s, kept.turn_timeout_s, kept.memory_limit_mb) == (
        "A better toy",
        600,
        None,
        512,
    )
    assert (kept.max_parallel, kept.retry_attempts, kept.retry_kinds) == (2, 3, ["lost"])
    assert (kept.schedule, kept.schedule_timezone, kept.schedule_missed) == ("0 6 * * 1-5", "Europe/Berlin", "skip")
    page = browser.get(PAGE).content.decode()
    assert 'value="0 6 * * 1-5"' in page
    assert "next 20" in page


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("cron", "every morning", "Is not a cron expression"),
        ("timezone", "Mars", "Is not a time zone"),
        ("memory_limit_mb", "1", "greater than or equal to 64"),
        ("name", "", "required"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept_or_lost(
    browser: Client, simulation: Simulation, field: str, typed: str, words: str
) -> None:
    answer = browser.post(PAGE, {**SETTINGS, field: typed})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert 'value="600"' in page, "what else was typed is still there"
    assert Simulation.objects.get().run_timeout_s is None


def test_somebody_is_told_and_no_longer(browser: Client, simulation: Simulation) -> None:
    wanted = {"channel": "webhook", "address": "https://example.com/hook", "statuses": ["failed", "completed"]}
    page = browser.post("/simulations/a-toy/notifiers/", wanted, follow=True).content.decode()
    notifier = Notifier.objects.get()
    assert notifier.secret in page
    assert notifier.secret not in browser.get(PAGE).content.decode(), "it is shown once"
    browser.post(f"/notifiers/{notifier.pk}/remove/")
    assert not Notifier.objects.exists()


def test_an_address_that_is_none_is_refused_at_its_field(browser: Client, simulation: Simulation) -> None:
    answer = browser.post("/simulations/a-toy/notifiers/", {"channel": "email", "address": "x", "statuses": ["failed"]})
    assert answer.status_code == 422
    assert "Is not an e-mail address." in answer.content.decode()


def test_a_viewer_may_not_look_at_or_change_settings(viewer: User, simulation: Simulation) -> None:
    client = signed_in(viewer)
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, SETTINGS).status_code == 403
