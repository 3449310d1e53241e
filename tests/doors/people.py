"""A server of its own with people of every role, who show it a session or a token, and something of everything to ask for."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import httpx

from simweb.access.roles import Role
from simweb.scenarios.optimization.subjects import templates
from tests.doors.permissions import ANYBODY, NOBODY, Least
from tests.web.server import Server

CSRF = "a" * 32
# Written by the asking itself, or by the clock; what else there is, nobody may change who is refused.
OWN_ACCOUNTS = {"django_session", "runs_serverprocess", "runs_writeprobe", "axes_accessattempt", "sqlite_sequence"}
MAKE = """
import json
from django.contrib.auth.models import User
from django.test import Client
from simweb.access.roles import Role, give_role
from simweb.access.services import create_token
shown = {}
for name, role, staff in json.loads(%r):
    user, _ = User.objects.get_or_create(username=name)
    give_role(user, Role(role))
    User.objects.filter(pk=user.pk).update(is_staff=staff)
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    token = create_token(name=name, role=Role(role), owner=user)
    shown[name] = [client.cookies["sessionid"].value, token]
print(json.dumps(shown))
"""
PEOPLE = {
    "viewer": (Role.VIEWER, False),
    "operator": (Role.OPERATOR, False),
    "viewer who is staff": (Role.VIEWER, True),
    "operator who is staff": (Role.OPERATOR, True),
    "admin": (Role.ADMIN, True),
}


@dataclass
class Caller:
    """Somebody who asks, over a line of their own that is kept open."""

    name: str
    role: Role | None
    is_staff: bool
    client: httpx.Client

    def may(self, least: Least, *, as_staff: bool = False) -> bool:
        """By the tables."""
        if least == ANYBODY:
            return True
        if least == NOBODY or self.role is None or (as_staff and not self.is_staff):
            return False
        return self.role.covers(Role(least))


@dataclass
class House:
    """The server, those who ask, and the names of what there is by the names of parameters."""

    server: Server
    by_session: dict[str, Caller] = field(default_factory=dict)
    by_token: dict[str, Caller] = field(default_factory=dict)
    names: dict[str, Any] = field(default_factory=dict)

    def settle(self) -> None:
        """Let people in, and make something of everything."""
        people = [[name, role.value, is_staff] for name, (role, is_staff) in PEOPLE.items()]
        shown = json.loads(self.server.manage("shell", "-c", MAKE % json.dumps(people)).splitlines()[-1])
        self._let_in("stranger", None, False, {})
        self._let_in("signed out", None, False, {"sessionid": "no-such-session"})
        for name, (role, is_staff) in PEOPLE.items():
            session, token = shown[name]
            self._let_in(name, role, is_staff, {"sessionid": session})
            headers = {"Authorization": f"Bearer {token}"}
            client = httpx.Client(base_url=self.server.base, timeout=60, headers=headers)
            self.by_token[name] = Caller(f"token of {name}", role, False, client)
        self._furnish(self.by_session["admin"].client)

    def callers(self, kind: str) -> list[Caller]:
        """Who asks: of pages and in the admin by session, of the API also by token."""
        if kind == "admin":
            names = ("stranger", "viewer", "viewer who is staff", "operator who is staff", "admin")
            return [self.by_session[name] for name in names]
        people = [self.by_session[name] for name in ("stranger", "viewer", "operator", "viewer who is staff", "admin")]
        if kind == "pages":
            return people
        tokens = [self.by_token[name] for name in ("viewer", "operator", "admin")]
        return [self.by_session["signed out"], *people, *tokens]

    def _let_in(self, name: str, role: Role | None, is_staff: bool, cookies: dict[str, str]) -> None:
        jar = {**cookies, "csrftoken": CSRF}
        client = httpx.Client(base_url=self.server.base, timeout=60, cookies=jar, headers={"X-CSRFToken": CSRF})
        self.by_session[name] = Caller(name, role, is_staff, client)

    def _furnish(self, admin: httpx.Client) -> None:
        def made(path: str, **data: Any) -> dict[str, Any]:
            return admin.post(f"/api/v1{path}", json=data).raise_for_status().json()  # type: ignore[no-any-return]

        slug = made("/simulations", name="A toy", scenario="toy", turns=3)["slug"]
        run = made(f"/simulations/{slug}/runs")["id"]
        told = {"channel": "email", "address": "her@example.org", "statuses": ["failed"]}
        bulk = admin.post("/runs/bulk/", data={"act": "tag", "tag": "seen", "run": str(run)})
        self.names = {
            "slug": slug,
            "run_id": run,
            "notifier_id": made(f"/simulations/{slug}/notifiers", **told)["id"],
            "selection_id": made("/metric-selections", name="Mine", scenario="toy")["id"],
            "view_id": made("/saved-views", name="Mine", query="status:failed")["id"],
            "experiment_id": made("/experiments", yaml=templates()["castro-1"].text)["id"],
            "bulk_id": bulk.headers["Location"].rstrip("/").rpartition("/")[2],
            "scenario": "toy",
            "key": "toy",
            "question": "walk",
            "field": "parts",
            "number": 1,
            "secret": "no-such-secret",
            "content_type_id": 1,
            "object_id": 1,
            "id": 1,
            "act": "cancel",
        }

    def rows(self) -> dict[str, list[Any]]:
        """All that is kept, past all of the code."""
        with closing(sqlite3.connect(self.server.log.parent / "simweb.sqlite3")) as database:
            tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {
                name: database.execute(f'SELECT * FROM "{name}" ORDER BY 1').fetchall()  # noqa: S608  # names of our own tables
                for name in tables
                if name not in OWN_ACCOUNTS
            }

    def first_of(self, table: str) -> int:
        """The number of a row; 0 where there is none."""
        with closing(sqlite3.connect(self.server.log.parent / "simweb.sqlite3")) as database:
            return database.execute(f'SELECT min(rowid) FROM "{table}"').fetchone()[0] or 0  # noqa: S608

    def close(self) -> None:
        """Nobody asks any more."""
        for caller in (*self.by_session.values(), *self.by_token.values()):
            caller.client.close()
