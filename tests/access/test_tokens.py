"""Tokens of programs: shown once, kept hashed, never worth more than their owner."""

from __future__ import annotations

import hashlib
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from simweb.access.doors import caller_of_token
from simweb.access.models import Token
from simweb.access.roles import Role, give_role
from simweb.access.services import create_token
from tests.conftest import Api


def test_only_the_hash_of_a_token_is_kept(operator: User) -> None:
    secret = create_token(name="ci", role=Role.OPERATOR, owner=operator)
    kept = Token.objects.values_list().get()
    assert secret.startswith("simweb_")
    assert not any(secret in str(value) for value in kept)
    assert hashlib.sha256(secret.encode()).hexdigest() in kept


@pytest.mark.parametrize("granted", list(Role))
@pytest.mark.parametrize("own", list(Role))
def test_a_token_has_the_lesser_of_its_role_and_its_owners(operator: User, granted: Role, own: Role) -> None:
    secret = create_token(name="t", role=granted, owner=operator)
    give_role(operator, own)
    caller = caller_of_token(secret)
    assert caller is not None
    assert caller.role == (granted if own.covers(granted) else own)


def test_a_token_of_somebody_who_left_opens_nothing(operator: User) -> None:
    secret = create_token(name="t", role=Role.VIEWER, owner=operator)
    operator.is_active = False
    operator.save()
    assert caller_of_token(secret) is None
    assert Api(secret).get("/runs").status_code == 401


def test_a_token_that_was_taken_away_opens_nothing(operator: User) -> None:
    secret = create_token(name="t", role=Role.VIEWER, owner=operator)
    assert Api(secret).get("/runs").status_code == 200
    Token.objects.all().delete()
    assert Api(secret).get("/runs").status_code == 401


def run_command(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_the_command_prints_the_token_and_nothing_else(db: None) -> None:
    printed = run_command("token", "ci", "--role", "viewer")
    assert printed == printed.strip() + "\n"
    assert len(printed.split()) == 1
    assert Api(printed.strip()).get("/runs").status_code == 200
    token = Token.objects.get()
    assert (token.name, token.role, token.owner.username) == ("ci", "viewer", "admin")


def test_the_command_refuses_a_name_that_is_taken(db: None) -> None:
    run_command("token", "ci")
    with pytest.raises(CommandError, match="already a token named 'ci'"):
        run_command("token", "ci")
    assert Token.objects.count() == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["x", "--role", "emperor"], "emperor"),
        (["x", "--user", "nobody"], "'nobody'"),
        (["n" * 101], "100"),
        ([" "], "name"),
    ],
)
def test_the_command_refuses_nonsense(db: None, arguments: list[str], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        run_command("token", *arguments)
    assert not Token.objects.exists()
