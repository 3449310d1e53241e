"""What a user gets: the server that `manage.py serve` starts, once a session and database, asked over HTTP and sockets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.doors.browser import Browser
from tests.doors.databases import serving
from tests.doors.everything import Everything
from tests.web.server import Lab, Server

# Of the server's environment. A model gets none of the first, and may not show the value that it gets of the second.
SECRETS = {
    "SIMWEB_SECRET_KEY": "no-model-may-read-this-key-that-signs-every-session",
    "REDIS_URL": "",
    "AWS_SECRET_ACCESS_KEY": "no-model-may-read-this-either",
    "HARMLESS_BUT_UNASKED": "nobody-asked-for-this",
}
GIVEN_TO_MODELS = {"SOMEBODYS_API_KEY": "what-a-model-may-use-not-show", "TOWN_SIZE": "four-hundred"}
GIVEN_TO_MODELS["SIMWEB_PLAYER_ENV"] = "TOWN_*,DATABASE_URL"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A module that says why it needs `ONE_DATABASE` only is asked on SQLite: its tests are about words, not about rows."""
    kept, left = [], []
    for item in items:
        params = getattr(getattr(item, "callspec", None), "params", {})
        alone = getattr(getattr(item, "module", None), "ONE_DATABASE", "")
        (left if alone and params.get("server") == "postgresql" else kept).append(item)
    config.hook.pytest_deselected(items=left)
    items[:] = kept


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the worlds of `tests/scenarios.py`, on each of the two databases in turn."""
    folder, given = tmp_path_factory.mktemp(f"doors-{request.param}"), {**SECRETS, **GIVEN_TO_MODELS}
    with serving(folder, request.param, SIMWEB_NOTIFY_PRIVATE="1", SIMWEB_PING_SECONDS="2", **given) as server:
        yield server


@pytest.fixture(scope="session")
def token(server: Server) -> str:
    return server.manage("token", "door tests", "--role", "admin")


@pytest.fixture
def lab(server: Server, token: str) -> Iterator[Lab]:
    """The API, over HTTP, with an admin's token; `lab.client` is the HTTP client."""
    lab = Lab(server.base, token)
    yield lab
    lab.tidy()
    lab.client.close()


@pytest.fixture(scope="session")
def browser(server: Server) -> Iterator[Browser]:
    """The pages, over HTTP, for the local admin, without scripts."""
    browser = Browser(server)
    yield browser
    browser.client.close()


@pytest.fixture(scope="session")
def everything(server: Server, browser: Browser, token: str) -> Everything:
    """Asks for all pages, answers and sockets."""
    return Everything(server, browser.client, token)
