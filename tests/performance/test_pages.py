"""The pages of performance: every number leads to the runs that it counts."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlparse

import pytest
from django.test import Client

from performance.rollup import due, roll_up_day
from runs.models import Simulation
from tests.conftest import Api
from tests.html import Page
from tests.performance.conftest import NOW
from tests.performance.runs_of import add

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def page_of(browser: Client, address: str) -> Page:
    answer = browser.get(address)
    assert answer.status_code == 200, answer.content
    return Page(answer.content.decode())


def words(text: str) -> str:
    return " ".join(text.split())


def behind(api: Api, address: str) -> int:
    """How many runs the list at this address has."""
    query = parse_qs(urlparse(address).query)["q"][0]
    answer = api.get("/runs", q=query, limit=100)
    assert answer.status_code == 200, answer.content
    return len(answer.json()["items"])


@pytest.fixture
def history(simulation: Simulation, other: Simulation) -> None:
    """Forty days of two simulations, one of which fails; on edges of hours, days and windows, too."""
    for number in range(40):
        add(
            simulation,
            NOW - number * DAY,
            "failed" if number % 3 == 0 else "completed",
            40 * number,
            message=f'a "wall" {number}',
        )
        add(other, NOW - number * DAY - 14 * HOUR, "cancelled" if number % 5 == 0 else "completed", 7)
        add(other, NOW - number * HOUR, "failed", trigger="verify")
    for day in due(NOW)[:-4]:
        roll_up_day(day)


@pytest.mark.parametrize("time_range", ["1d", "7d", "30d", "90d"])
@pytest.mark.parametrize("place", ["/performance/", "/simulations/a-toy/performance/"])
def test_behind_every_number_are_as_many_runs(
    browser: Client, api: Api, history: None, place: str, time_range: str
) -> None:
    page = page_of(browser, f"{place}?time_range={time_range}")
    addressed = [(link, link.attributes["href"]) for link in page.all("a")]
    links = [link for link, address in addressed if address.startswith("/runs/?q=") and "started" in address]
    checked = 0
    for link in links:
        told = words(link.text).replace(",", "").split(" ")
        if told[0].isdigit() and not {"ms", "%"} & set(told):
            assert behind(api, link.attributes["href"]) == int(told[0]), link
            checked += 1
    bars = [link for link in links if link.attributes.get("title", "").count("completed")]
    for bar in bars:
        counts = [int(part.split()[-2]) for part in bar.attributes["title"].split(",")]
        assert behind(api, bar.attributes["href"]) == sum(counts), bar
    assert checked >= 2
    assert bars


def test_an_operator_sees_what_fails_and_since_when(browser: Client, history: None) -> None:
    for number in range(6):
        add(
            Simulation.objects.get(slug="another-toy"),
            NOW - number * timedelta(minutes=10),
            "failed",
            message="no money",
        )
    text = words(page_of(browser, "/performance/").by_id("performance").text)
    assert "Another toy✗ critical" in text
    assert "50 minutes every run since" in text
    assert "RuntimeError: no money" in text


def test_with_nothing_to_show_a_page_says_what_to_do(browser: Client, simulation: Simulation) -> None:
    text = words(page_of(browser, "/performance/").by_id("performance").text)
    assert "No run ended in 7 days" in text
    assert "Start one from a simulation" in text
    own = page_of(browser, "/simulations/a-toy/performance/")
    assert "Start a run" in words(own.by_id("performance").text)


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
@pytest.mark.parametrize("place", ["/performance/", "/simulations/a-toy/performance/"])
def test_one_run_of_no_length_is_drawn(browser: Client, simulation: Simulation, place: str, status: str) -> None:
    add(simulation, NOW, status, 0)
    page = page_of(browser, place)
    titles = " ".join(link.attributes.get("title", "") for link in page.all("a"))
    assert f"1 {status}" in titles


def test_a_chart_has_its_numbers_as_a_table(browser: Client, history: None) -> None:
    page = page_of(browser, "/simulations/a-toy/performance/?time_range=7d")
    rows = [words(row.text) for row in page.all("tr")]
    assert "20 Nov010" in rows
    assert "19 Nov100" in rows


def test_a_range_that_there_is_not_is_the_usual_one(browser: Client, history: None) -> None:
    page = page_of(browser, "/performance/?time_range=soon")
    [shown] = [link for link in page.all("a") if link.attributes.get("aria-current") == "true"]
    assert shown.text == "7 days"


def test_the_pages_lead_to_each_other(browser: Client, simulation: Simulation) -> None:
    addresses = {link.attributes["href"] for link in page_of(browser, "/simulations/a-toy/").all("a")}
    assert {"/performance/", "/simulations/a-toy/performance/"} <= addresses


def test_strangers_are_asked_to_sign_in(simulation: Simulation) -> None:
    for place in ("/performance/", "/simulations/a-toy/performance/"):
        assert Client().get(place).url.startswith("/sign-in")  # type: ignore[attr-defined]
