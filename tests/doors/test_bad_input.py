"""Whatever is put into addresses, queries, cursors, bodies and forms is answered; it is never a failure of the server."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.doors.browser import Browser, form_of
from tests.doors.databases import serving
from tests.html import Page
from tests.web.server import ROOT, Lab, Server

CASES = "4"  # of each operation of the API, beside those at the edges of its schema
MANY, MORE = str(2**31), str(2**70)  # more than PostgreSQL's columns take, more than SQLite's do
# What each database minds, and once what neither does.
IN_ADDRESSES = {"sqlite": (MORE, "x" * 300, "%ED%A0%80", "%00", "%FF"), "postgresql": (MANY, MORE)}
IN_FIELDS = {"sqlite": (MORE,), "postgresql": (MANY, "x" * 300)}
VALID_CRON = ",".join(map(str, range(60))) + " * * * *"  # of more characters than are kept
NAMES = (
    *("q", "sort", "status", "trigger", "since", "until", "group", "cursor", "columns", "column", "tag", "tab", "more"),
    *("before", "after", "limit", "ids", "runs", "metric", "agent", "time_range", "from", "to", "add", "outcome"),
    *("severity", "scenario", "template", "carry", "starred", "deleted", "simulation", "page", "turn"),
)
FORMS = (
    *("/", "/simulations/new/?scenario=toy", "/simulations/{slug}/new/", "/simulations/{slug}/settings/", "/runs/"),
    *("/runs/{run}/", "/notifiers/", "/experiments/new/"),
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One of its own: what is tried here deletes what others have made."""
    with serving(tmp_path_factory.mktemp(f"bad-{request.param}"), request.param) as server:
        yield server


@pytest.fixture
def database(server: Server) -> str:
    """Of the server: "sqlite" or "postgresql"."""
    return "postgresql" if "DATABASE_URL" in server.env else "sqlite"


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    return server.manage("token", "bad input", "--role", "admin")


@pytest.fixture
def browser(server: Server) -> Iterator[httpx.Client]:
    """The local admin's, which follows no redirects."""
    client = Browser(server).client
    client.follow_redirects = False
    yield client
    client.close()


@pytest.fixture
def known(lab: Lab) -> dict[str, Any]:
    """A simulation and its ended run."""
    slug = lab.simulation("A toy", "toy", 2)
    return {"slug": slug, "run": lab.finished(slug, 1)[0]}


def test_schemathesis_finds_nothing_in_all_the_operations_of_the_api(
    server: Server, lab: Lab, token: str, database: str, tmp_path: Path
) -> None:
    lab.finished(lab.simulation("A toy", "toy", 2), 1)
    asked = [f"{server.base}/api/v1/openapi.json", "-H", f"Authorization: Bearer {token}", "-n", CASES, "--seed", "1"]
    how = ["--continue-on-failure", "--no-shrink", "--phases", "coverage,fuzzing"]
    # What the schema forbids never comes to a database.
    mode = ["--mode", "all" if database == "sqlite" else "positive"]
    st = [str(Path(sys.executable).with_name("st")), "--config-file", str(ROOT / "schemathesis.toml"), "run"]
    done = subprocess.run([*st, *asked, *how, *mode], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr


def test_no_address_with_a_number_or_a_text_in_it_fails(browser: httpx.Client, database: str) -> None:
    places = [address for address in addresses() if "<" in address or "(?P" in address]
    assert len(places) > 100
    assert failed(browser.get(filled(place, value)) for place in places for value in IN_ADDRESSES[database]) == []


def test_no_query_of_a_page_fails(browser: httpx.Client, known: dict[str, Any], database: str) -> None:
    if database != "sqlite":
        return  # numbers are read before any database is asked
    pages = [one for one in addresses() if not one.startswith(("admin/", "api/", "sign-"))]
    for place, name in (("<slug:slug>", known["slug"]), ("<int:run_id>", known["run"]), ("<str:scenario>", "toy")):
        pages = [page.replace(place, str(name)) for page in pages]
    pages = [page for page in pages if "<" not in page]
    assert len(pages) > 20
    assert failed(browser.get(f"/{page}", params={name: MORE}) for page in pages for name in NAMES) == []


def test_no_field_of_a_form_fails(browser: httpx.Client, known: dict[str, Any], database: str) -> None:
    sent = [answer for form in FORMS for answer in posts(browser, form.format(**known), IN_FIELDS[database])]
    assert len(sent) > 100
    assert failed(sent) == []


def posts(browser: httpx.Client, path: str, values: Sequence[str]) -> Iterator[httpx.Response]:
    """Every form of the page as it stands, one field after the other with a value that nobody expects."""
    text = browser.get(path).text
    page = Page(text)
    fields, token = form_of(page), re.findall('name="csrfmiddlewaretoken" value="([^"]+)"', text)[:1]
    forms = [element.attributes for element in page.elements if element.attributes.get("method", "").lower() == "post"]
    for action in sorted({form.get("action") or path for form in forms} - {"/sign-out/"}):
        for name in fields.keys() - {"csrfmiddlewaretoken"}:
            for value in (*values, VALID_CRON) if name == "cron" else values:
                said = {**fields, name: value, "csrfmiddlewaretoken": token[0]}
                yield browser.post(action, data=said, headers={"Referer": str(browser.base_url) + path})


def addresses() -> list[str]:
    """Of every route of the site, as it is written there."""
    return sorted(set(_below(get_resolver().url_patterns, "")))


def _below(patterns: Iterable[Any], before: str) -> Iterator[str]:
    for pattern in patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _below(pattern.url_patterns, address)
        elif isinstance(pattern, URLPattern):
            yield address


def filled(address: str, value: str) -> str:
    """The address with this value in each of its places."""
    return "/" + re.sub(r"[\^$]|\\Z", "", re.sub(r"<(?:\w+:)?\w+>|\(\?P<\w+>[^)]*\)", value, address))


def failed(answers: Iterable[httpx.Response]) -> list[str]:
    """The requests that the server could not answer."""
    return [f"{one.request.method} {one.request.url}" for one in answers if one.status_code >= 500]
