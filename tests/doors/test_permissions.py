"""The matrix of permissions: every page, operation of the API, socket, model and action of the admin × every role, at a server.

Those whose role is too little ask first, for things that are there, and nothing has changed; then those who may.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from runs.routing import websocket_urlpatterns
from simweb.api import api
from simweb.scenarios.optimization.subjects import templates
from tests.doors.people import Caller, House
from tests.doors.permissions import ACTIONS, API, MODELS, NOT_TAKEN, PAGES, SOCKETS, STAFF_PAGES
from tests.web.server import Server

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SIGN_IN = ("/sign-in/?next=", "/admin/login/?next=")
LAST = ("sign-out", "admin:logout")  # who has asked for these is a stranger afterwards
# Where a route does not say it itself, and what it must be asked with.
ADDRESSES = {
    "admin:app_list": "/admin/runs/",
    "admin:(?P<url>.*)$": "/admin/nothing/",
    "admin:autocomplete": "/admin/autocomplete/?app_label=runs&model_name=run&field_name=simulation",
}
QUERIES = {
    "/runs/export": "?ids={run_id}",
    "/compare": "?runs={run_id}",
    "/metrics": "?scenario=toy",
    "/runs/{run_id}/series": "?metric=turn.actions.total",
    "/simulations/run": "?wait=0",
}
ACTED = re.compile("Are you sure|Cannot delete|of [01] runs")  # what is said when an action was taken
TOLD = {"channel": "email", "address": "her@example.org"}
BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/metric-selections"): {"name": "New", "scenario": "toy"},
    ("PATCH", "/metric-selections/{selection_id}"): {"name": "Other"},
    ("POST", "/simulations"): {"name": "New", "scenario": "toy"},
    ("PATCH", "/simulations/{slug}"): {"name": "Other"},
    ("POST", "/simulations/run"): {"simulation": "a-toy"},
    ("POST", "/notifiers"): TOLD,
    ("POST", "/simulations/{slug}/notifiers"): TOLD,
    ("POST", "/saved-views"): {"name": "Failed ones", "query": "status:failed"},
    ("PATCH", "/saved-views/{view_id}"): {"sort": "-duration"},
    ("PATCH", "/runs/{run_id}"): {"notes": "Look here."},
    ("POST", "/runs/import"): {"simweb_export": 1, "runs": []},
    ("POST", "/experiments"): {"yaml": templates()["castro-1"].text},
}


def patterns(found: Any, route: str = "", space: str = "") -> Iterator[tuple[str, str, URLPattern]]:
    """Each name, or route where it has none, and address that Django's resolver knows."""
    for one in found:
        if isinstance(one, URLResolver):
            inside = f"{space}{one.namespace}:" if one.namespace else space
            yield from patterns(one.url_patterns, f"{route}{one.pattern}", inside)
        else:
            yield f"{space}{one.name or one.pattern}", f"/{route}{one.pattern}", one


def of_a_model(name: str) -> bool:
    """Whether the route is one of those that the admin has for each of its models."""
    models = [f"admin:{model._meta.app_label}_{model._meta.model_name}_" for model in admin.site._registry]
    ends = ("changelist", "add", "history", "delete", "change")
    return name in {f"{model}{end}" for model in models for end in ends} or name == "admin:<path:object_id>/"


def operations() -> Iterator[tuple[str, str]]:
    """Each method and path of the API's document."""
    for path, described in api.get_openapi_schema()["paths"].items():
        for method in described:
            yield method.upper(), path.removeprefix("/api/v1")


def pages() -> dict[str, str]:
    """Each name and address of what is neither of the API's document nor of a model of the admin."""
    documented = {re.sub(r"{\w+}", "{}", f"/api/v1{path}") for _, path in operations()}
    return {
        name: address
        for name, address, _ in patterns(get_resolver().url_patterns)
        if re.sub(r"<[^>]*>", "{}", address) not in documented and not of_a_model(name)
    }


def actions() -> set[tuple[str, str]]:
    """What the admin offers to who may do everything."""
    request = RequestFactory().get("/admin/")
    request.user = User(is_superuser=True, is_staff=True)
    return {
        (model._meta.label, action)
        for model, page in admin.site._registry.items()
        for action in page.get_actions(request)
    }


def topics() -> set[tuple[str, str]]:
    """The address of each socket, and each kind of topic that it knows."""
    kinds = {str(one.pattern): one.callback.consumer_class for one in websocket_urlpatterns}
    return {(address, kind) for address, of in kinds.items() for kind in (*of.plain_topics, *of.kinds_of_topic)}


def test_whatever_is_there_has_its_line_and_nothing_else_has() -> None:
    assert set(pages()) == {*PAGES, *STAFF_PAGES}
    assert set(operations()) == set(API)
    assert topics() == set(SOCKETS)
    assert {model._meta.label for model in admin.site._registry} == set(MODELS)
    assert actions() == set(ACTIONS)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    server = Server(tmp_path_factory.mktemp("permissions"), SIMWEB_EXECUTOR="idle")
    house = House(server)
    try:
        server.start()
        house.settle()
        yield house
    finally:
        house.close()
        server.stop()


class Asking:
    """What was answered otherwise than the tables say."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.wrong: list[str] = []

    def note(self, caller: Caller, what: str, answer: httpx.Response, *, may: bool) -> None:
        """Compare an answer with what the caller may."""
        leads_to = answer.headers.get("Location", "")
        refused = answer.status_code in (401, 403) or (answer.is_redirect and leads_to.startswith(SIGN_IN))
        if refused is may or answer.status_code in (405, 500):
            self.wrong.append(f"{caller.name}: {what}: {answer.status_code} {leads_to}")

    def page(self, caller: Caller, name: str, address: str, places: tuple[str, str], *, as_staff: bool) -> None:
        """By GET and POST, as far as it takes them."""
        address = ADDRESSES.get(name) or re.sub(
            r"<(?:\w+:)?(\w+)>", lambda part: str(self.house.names[part[1]]), address
        )
        for method, least in zip(("GET", "POST"), places, strict=True):
            answer = caller.client.request(method, address)
            if least != NOT_TAKEN:
                self.note(caller, f"{method} {name}", answer, may=caller.may(least, as_staff=as_staff))
            elif answer.status_code != 405 and caller.may("admin"):
                self.wrong.append(f"{caller.name}: {method} {name} is taken: {answer.status_code}")

    def api(self, caller: Caller, method: str, path: str) -> None:
        """With a body that is right, so that only who asks can be wrong."""
        least = API[method, path]
        body = BODIES.get((method, path), {}) if method in ("POST", "PATCH") else None
        address = f"/api/v1{path}{QUERIES.get(path, '')}".format(**self.house.names)
        answer = caller.client.request(method, address, json=body)
        may = caller.may(least)
        self.note(caller, f"{method} {path}", answer, may=may)
        if not may:
            expected = 401 if caller.role is None else 403
            told = (answer.status_code, answer.headers.get("Content-Type"), answer.headers.get("WWW-Authenticate"))
            if told != (expected, "application/problem+json", "Bearer" if expected == 401 else None):
                self.wrong.append(f"{caller.name}: {method} {path}: {told}")


def ask_pages(house: House, *, may: bool) -> list[str]:
    """Of all pages those callers who may, or may not, use what they have."""
    asking, found = Asking(house), pages()
    for name in sorted(found, key=lambda name: name in LAST):
        as_staff = name in STAFF_PAGES
        places = (STAFF_PAGES if as_staff else PAGES)[name]
        asked = next(least for least in places if least != NOT_TAKEN)
        for caller in house.callers("admin" if as_staff else "pages"):
            if caller.may(asked, as_staff=as_staff) is may:
                asking.page(caller, name, found[name], places, as_staff=as_staff)
    return asking.wrong


def ask_api(house: House, *, may: bool) -> list[str]:
    """Of all operations those callers who may, or may not; what removes things last."""
    asking = Asking(house)
    for method, path in sorted(API, key=lambda operation: (METHODS.index(operation[0]), operation[1])):
        for caller in house.callers("api"):
            if caller.may(API[method, path]) is may:
                asking.api(caller, method, path)
    return asking.wrong


def ask_admin(house: House, *, may: bool) -> list[str]:
    """Of all models, to see, add, change and delete."""
    asking = Asking(house)
    for model in admin.site._registry:
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}"
        row = f"{base}/{house.first_of(model._meta.db_table)}"
        asked = (("GET", f"{base}/"), ("GET", f"{base}/add/"), ("POST", f"{row}/change/"), ("GET", f"{row}/delete/"))
        places = [(*one, least) for one, least in zip(asked, MODELS[model._meta.label], strict=True)]
        view, *_, delete = MODELS[model._meta.label]
        places += [("GET", f"{row}/change/", view)]
        if not may:
            places += [("POST", f"{base}/add/", MODELS[model._meta.label][1]), ("POST", f"{row}/delete/", delete)]
        for caller in house.callers("admin"):
            for method, address, least in places:
                if caller.may(least, as_staff=True) is may:
                    answer = caller.client.request(method, address, data={"post": "yes"} if method == "POST" else None)
                    asking.note(caller, f"{method} {address}", answer, may=may)
    return asking.wrong


def ask_actions(house: House, *, may: bool) -> list[str]:
    """Of all actions of the admin upon rows that are there."""
    wrong = []
    for model in admin.site._registry:
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        for label, action in ACTIONS:
            if label != model._meta.label:
                continue
            sent = {"action": action, "_selected_action": str(house.first_of(model._meta.db_table))}
            for caller in house.callers("admin"):
                if caller.may(ACTIONS[label, action], as_staff=True) is not may:
                    continue
                answer = caller.client.post(base, data=sent, follow_redirects=True)
                if (ACTED.search(answer.text) is not None) is not may:
                    wrong.append(f"{caller.name}: {label} {action}: {answer.status_code}")
    return wrong


def told_by_socket(house: House, caller: Caller, address: str, kind: str) -> str:
    """The first message about the topic, or the code with which the socket is closed."""
    headers = {"Cookie": f"sessionid={caller.client.cookies.get('sessionid', '')}"}
    if bearer := caller.client.headers.get("Authorization"):
        headers = {"Authorization": bearer}
    topic = {"run": f"run:{house.names['run_id']}", "simulation": f"simulation:{house.names['slug']}"}.get(kind, kind)
    with connect(f"{house.server.base.replace('http', 'ws')}/{address}", additional_headers=headers) as line:
        with suppress(ConnectionClosed):
            line.send(json.dumps({"type": "subscribe", "topics": [topic]}))
            return str(line.recv(30))
        return str(line.close_code)


def ask_sockets(house: House) -> list[str]:
    """Of all sockets every kind of topic."""
    wrong = []
    for (address, kind), least in SOCKETS.items():
        for caller in house.callers("api"):
            told = told_by_socket(house, caller, address, kind)
            if (told == "4401") is caller.may(least) or '"error"' in told[:40]:
                wrong.append(f"{caller.name}: {address} {kind}: {told[:80]}")
    return wrong


def test_who_may_not_is_refused_and_nothing_has_changed(house: House) -> None:
    before = house.rows()
    for ask in (ask_pages, ask_api, ask_admin, ask_actions):
        assert not ask(house, may=False), ask
    after = house.rows()
    assert {table: rows for table, rows in after.items() if rows != before[table]} == {}


def test_a_method_that_is_not_in_the_document_is_not_taken(house: House) -> None:
    client = house.by_token["admin"].client
    for path in dict.fromkeys(path for _, path in API):
        for method in METHODS:
            if (method, path) not in API:
                answer = client.request(method, f"/api/v1{path}".format(**house.names))
                assert answer.status_code == 405, (method, path)


def test_sockets_let_in_who_may_hear(house: House) -> None:
    assert not ask_sockets(house)


@pytest.mark.parametrize("ask", [ask_admin, ask_actions, ask_api, ask_pages])
def test_who_may_is_let_in(house: House, ask: Any) -> None:
    assert not ask(house, may=True)
