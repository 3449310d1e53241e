"""Signing in: by a one-time link, or by name and password; and what is closed to strangers."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from simweb.access import passwords
from simweb.access.models import SignInLink
from simweb.access.roles import Role, role_of
from simweb.access.services import create_sign_in_link, local_admin
from tests.conftest import signed_in
from tests.threads import at_once
from tests.waiting import wait_until


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_a_link_signs_in_once(operator: User) -> None:
    address = f"/sign-in/{create_sign_in_link(operator)}/"
    first, second = Client(), Client()
    assert first.post(address).status_code == 302
    assert is_signed_in(first)
    refused = second.post(address)
    assert refused.status_code == 410
    assert "used before" in refused.content.decode()
    assert not is_signed_in(second)


def test_looking_at_a_link_does_not_use_it_up(operator: User) -> None:
    address = f"/sign-in/{create_sign_in_link(operator)}/"
    client = Client()
    for _ in range(3):
        shown = client.get(address)
        assert shown.status_code == 200
        assert "no-store" in shown["Cache-Control"]
    assert not is_signed_in(client)
    client.post(address)
    assert is_signed_in(client)


def test_a_link_that_is_too_old_signs_nobody_in(operator: User) -> None:
    secret = create_sign_in_link(operator)
    SignInLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    client = Client()
    assert client.post(f"/sign-in/{secret}/").status_code == 410
    assert not is_signed_in(client)


def test_a_link_of_somebody_who_left_signs_nobody_in(operator: User) -> None:
    secret = create_sign_in_link(operator)
    User.objects.update(is_active=False)
    assert Client().post(f"/sign-in/{secret}/").status_code == 410


@pytest.mark.django_db(transaction=True)
def test_of_two_who_use_a_link_at_once_one_is_signed_in(operator: User) -> None:
    for _ in range(3):
        address = f"/sign-in/{create_sign_in_link(operator)}/"
        answers = at_once(*[lambda address=address: Client().post(address).status_code] * 2)
        assert sorted(answers) == [302, 410]


def test_the_command_prints_a_link_that_works(db: None) -> None:
    out = StringIO()
    call_command("sign_in_link", "--base", "http://lab:9000/", stdout=out)
    link = out.getvalue().strip()
    assert link.startswith("http://lab:9000/sign-in/")
    client = Client()
    client.post(link.removeprefix("http://lab:9000"))
    assert is_signed_in(client)
    with pytest.raises(CommandError, match="nobody"):
        call_command("sign_in_link", "--user", "nobody")


def test_the_local_admin_is_made_once_without_a_password(db: None) -> None:
    first, second = local_admin(), local_admin()
    assert first == second
    assert role_of(first) is Role.ADMIN
    assert not first.has_usable_password()


def test_name_and_password_sign_in_and_wrong_ones_do_not(db: None) -> None:
    User.objects.create_user("ada", password="correct horse battery")
    client = Client()
    refused = client.post("/sign-in/", {"username": "ada", "password": "wrong"})
    assert "do not go together" in refused.content.decode()
    assert not is_signed_in(client)
    answer = client.post(
        "/sign-in/?next=/runs/", {"username": "ada", "password": "correct horse battery", "next": "/runs/"}
    )
    assert answer["Location"] == "/runs/"
    assert is_signed_in(client)


def test_signing_in_leads_to_no_foreign_site(operator: User) -> None:
    operator.set_password("correct horse battery")
    operator.save()
    form = {"username": "operator", "password": "correct horse battery", "next": "https://evil.example/"}
    assert Client().post("/sign-in/", form)["Location"] == "/"


def test_signing_out_ends_the_session(operator: User) -> None:
    client = signed_in(operator)
    client.post("/sign-out/")
    assert not is_signed_in(client)
    assert client.get("/")["Location"] == "/sign-in/?next=/"


PAGES = ["/", "/runs/", "/runs/1/", "/simulations/new/", "/simulations/a-toy/", "/simulations/a-toy/new/"]


@pytest.mark.parametrize("path", [*PAGES, "/simulations/a-toy/history/", "/admin/"])
def test_a_stranger_is_asked_to_sign_in(db: None, path: str) -> None:
    answer = Client().get(path)
    assert answer.status_code == 302
    assert "sign-in" in answer["Location"] or "login" in answer["Location"]


OPEN = {"sign-in", "sign-in-link", "sign-out"}


def test_every_page_is_closed_to_strangers(db: None) -> None:
    """No view of ours answers a stranger, whatever is added later."""
    for pattern in _pages(get_resolver().url_patterns):
        path = "/" + str(pattern.pattern).replace("<slug:act>", "stop")
        path = re.sub(r"<int:\w+>", "1", re.sub(r"<(slug|str):\w+>", "a", path))
        assert "<" not in path, path
        for answer in (Client().get(path), Client().post(path)):
            assert answer.status_code in {302, 405}, path
            assert answer.status_code == 405 or answer["Location"].startswith("/sign-in/"), path


def _pages(patterns: list[URLPattern | URLResolver]) -> list[URLPattern]:
    found: list[URLPattern] = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver) and str(pattern.pattern) == "":
            found += _pages(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and pattern.name and pattern.name not in OPEN:
            found.append(pattern)
    return found


def test_the_admin_is_for_admins(operator: User, admin: User) -> None:
    assert signed_in(operator).get("/admin/").status_code == 302
    assert signed_in(admin).get("/admin/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_an_address_one_password_waits_and_others_are_not_held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    User.objects.create_user("ada", password="the right one")
    queue = passwords.Queue(2)
    monkeypatch.setattr(passwords, "queue", queue)

    def sign_in(address: str) -> int:
        form = {"username": "ada", "password": "the right one"}
        return Client().post("/sign-in/", form, REMOTE_ADDR=address).status_code

    def others() -> list[int]:
        try:
            wait_until(lambda: len(queue._waiting) == 1)
            told = [sign_in("192.0.2.1"), sign_in("192.0.2.1")]
            another_comes.set()
            wait_until(lambda: len(queue._waiting) == 2)
            return told
        finally:
            another_comes.set()
            turn.__exit__(None, None, None)

    another_comes = threading.Event()
    turn = queue.turn("")
    turn.__enter__()
    told = at_once(lambda: sign_in("192.0.2.1"), others, lambda: another_comes.wait(30) and sign_in("192.0.2.2"))
    assert told == [302, [503, 503], 302]
