"""What all tests of the site begin with: people of each role, the API as a program calls it, a simulation to run."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.http import HttpResponse
from django.test import Client

from runs import services
from runs.executors import get_executor
from runs.models import Run, Simulation
from runs.simulations import create_simulation
from runs.states import Trigger
from simweb.access.models import Token
from simweb.access.roles import Role, give_role
from simweb.access.services import create_token

# A script that starts the tests with & makes them deaf to these, and every server that they start.
for number in (signal.SIGHUP, signal.SIGQUIT):
    signal.signal(number, signal.SIG_DFL)

MakeRun = Callable[..., Run]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Every thread gives its connection back when its work is done: what it keeps would hold the test database."""
    connections.settings["default"]["CONN_MAX_AGE"] = 0


@pytest.fixture(autouse=True)
def idle_executor(settings: Any) -> Iterator[None]:
    """Runs stay queued, unless a test wants them played."""
    settings.EXECUTOR = "idle"
    get_executor.cache_clear()
    yield
    get_executor.cache_clear()


@pytest.fixture
def played(idle_executor: None, settings: Any) -> None:
    """Runs are over when the request that queued them is answered (in tests with transactions)."""
    settings.EXECUTOR = "immediate"
    get_executor.cache_clear()


def make_person(role: Role, name: str = "") -> User:
    """A person with this role."""
    user = User.objects.create_user(name or role.value)
    give_role(user, role)
    return user


@pytest.fixture
def viewer(db: None) -> User:
    return make_person(Role.VIEWER)


@pytest.fixture
def operator(db: None) -> User:
    return make_person(Role.OPERATOR)


@pytest.fixture
def admin(db: None) -> User:
    return make_person(Role.ADMIN)


class Api:
    """The API as a program calls it: paths below /api/v1, JSON bodies, a bearer token."""

    def __init__(self, token: str | None = None) -> None:
        self.client = Client(headers={"authorization": f"Bearer {token}"} if token else None)

    def get(self, path: str, **query: Any) -> HttpResponse:
        return self.client.get(f"/api/v1{path}", query)

    def post(self, path: str, data: Any = None, **headers: str) -> HttpResponse:
        return self.send("post", path, data, **headers)

    def patch(self, path: str, data: Any) -> HttpResponse:
        return self.send("patch", path, data)

    def delete(self, path: str) -> HttpResponse:
        return self.client.delete(f"/api/v1{path}")

    def send(self, method: str, path: str, data: Any, **headers: str) -> HttpResponse:
        """A request with a JSON body; a text is sent as it is."""
        body = data if isinstance(data, str | bytes) else "" if data is None else json.dumps(data)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        send = getattr(self.client, method)
        return send(f"/api/v1{path}", body, content_type="application/json", headers=named)


def api_of(user: User, role: Role) -> Api:
    """The API with a token of this person."""
    name = f"{user.username} {role.value} {Token.objects.count()}"
    return Api(create_token(name=name, role=role, owner=user))


@pytest.fixture
def api(operator: User) -> Api:
    """The API for an operator."""
    return api_of(operator, Role.OPERATOR)


@pytest.fixture
def viewer_api(viewer: User) -> Api:
    return api_of(viewer, Role.VIEWER)


def signed_in(user: User) -> Client:
    """A browser in which this person is signed in."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def browser(operator: User) -> Client:
    """A browser in which an operator is signed in."""
    return signed_in(operator)


@pytest.fixture
def simulation(db: None) -> Simulation:
    """The toy, five turns."""
    return create_simulation(name="A toy", scenario="toy", slug="a-toy")


@pytest.fixture
def make_run(simulation: Simulation) -> MakeRun:
    """Queue a run of the toy."""

    def make(of: Simulation | None = None, **wanted: Any) -> Run:
        [run] = services.create_runs(of or simulation, **{"trigger": Trigger.MANUAL, **wanted})
        return run

    return make


@pytest.fixture
def run(make_run: MakeRun) -> Run:
    """A queued run of the toy."""
    return make_run()
