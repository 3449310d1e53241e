"""Guessing passwords: how often one may, and who waits for those who do."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.threads import at_once
from tests.web.server import Server

ONE_DATABASE = "a library counts the guesses"
GUESSES, LIMIT = 24, 10
WRONG = "not the password of anybody"
MAKE = f"""
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
password = make_password("of all of them")
User.objects.bulk_create([User(username=f"known {{number}}", password=password) for number in range({GUESSES})])
for name in ("guessed", "unhurt"):
    User.objects.create_user(name, password="the right password of " + name)
"""


class Guesser:
    """Somebody at the form for signing in."""

    def __init__(self, base: str) -> None:
        self.client = httpx.Client(base_url=base, timeout=60)
        [token] = re.findall('name="csrfmiddlewaretoken" value="([^"]+)"', self.client.get("/sign-in/").text)
        self.form = {"csrfmiddlewaretoken": token}

    def guess(self, name: str, password: str = WRONG, **headers: str) -> httpx.Response:
        return self.client.post(
            "/sign-in/", data={**self.form, "username": name, "password": password}, headers=headers
        )


@pytest.fixture(scope="module")
def people(server: Server) -> None:
    server.manage("shell", "-c", MAKE)


@pytest.fixture
def guesser(server: Server, people: None) -> Iterator[Guesser]:
    made = Guesser(server.base)
    yield made
    made.client.close()


def test_after_ten_wrong_passwords_a_name_is_closed_from_there_and_no_other(guesser: Guesser) -> None:
    told = [guesser.guess("guessed", **{"X-Forwarded-For": f"10.0.0.{number}"}) for number in range(LIMIT)]
    assert [answer.status_code for answer in told] == [200] * (LIMIT - 1) + [429]
    right = guesser.guess("guessed", "the right password of guessed")
    assert (right.status_code, right.headers["Retry-After"]) == (429, "900")
    assert "15 minutes" in right.text
    assert "manage.py sign_in_link" in right.text
    form = {**guesser.form, "username": "guessed", "password": "the right password of guessed"}
    assert guesser.client.post("/admin/login/", data=form).status_code == 429
    assert guesser.guess("unhurt", "the right password of unhurt").status_code == 302


@pytest.mark.parametrize("name", ["known", "nobody"])
def test_one_password_is_looked_at_at_a_time_and_too_many_are_told_to_come_back(guesser: Guesser, name: str) -> None:
    answers = at_once(*[lambda number=number: guesser.guess(f"{name} {number}") for number in range(GUESSES)])
    counted = {status: [a for a in answers if a.status_code == status] for status in (200, 503)}
    assert len(counted[200]) + len(counted[503]) == GUESSES
    assert counted[200], "some are looked at"
    assert counted[503], "and the others need not wait for them"
    assert {answer.headers["Retry-After"] for answer in counted[503]} == {"5"}
    assert "Try again in 5 seconds" in counted[503][0].text
