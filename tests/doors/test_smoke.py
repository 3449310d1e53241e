"""Whether a server does what it is there for: `pytest -m smoke`, with SIMWEB_SMOKE_URL and SIMWEB_SMOKE_TOKEN against any."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from simweb.smoke import STEPS, smoke
from tests.environment import SMOKE_TOKEN, SMOKE_URL
from tests.web.server import ROOT, Lab, Server


@pytest.mark.smoke
@pytest.mark.skipif(not SMOKE_URL, reason="SIMWEB_SMOKE_URL names no server")
def test_the_server_that_is_named_works() -> None:
    assert [step for step in smoke(SMOKE_URL, SMOKE_TOKEN) if not step.is_good] == []


@pytest.mark.smoke
def test_a_server_of_this_tree_works(server: Server, token: str) -> None:
    steps = list(smoke(server.base, token))
    assert [step.name for step in steps if step.is_good] == list(STEPS), steps


def command(server: Server, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "smoke", *arguments], cwd=ROOT, env=server.env, capture_output=True, text=True
    )


def test_the_command_says_each_step_and_leaves_nothing_behind(lab: Lab, server: Server) -> None:
    before = lab.client.get("/runs").json()["items"]
    for arguments in ((server.base,), (f"{server.base}/", "--token", server.manage("token", "smoke"))):
        done = command(server, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        *lines, last = done.stdout.splitlines()
        assert [line.split()[:2] for line in lines] == [["ok", name] for name in STEPS]
        assert last == f"{arguments[0]} works."
    assert lab.client.get("/runs").json()["items"] == before
    counted = "from simweb.access.models import Token; print(Token.objects.filter(name='manage.py smoke').count())"
    assert server.manage("shell", "-v", "0", "-c", counted) == "0"


@pytest.mark.parametrize(("role", "failed", "status"), [("viewer", "run", "403"), ("", "token", "401")])
def test_a_token_that_may_not_run_fails_and_says_why(server: Server, role: str, failed: str, status: str) -> None:
    token = server.manage("token", "smoke viewer", "--role", role) if role else "simweb_wrong"
    done = command(server, server.base, "--token", token)
    assert done.returncode == 1
    last = done.stdout.splitlines()[-1]
    assert last.split()[:2] == ["FAILED", failed]
    assert status in last


def test_where_no_server_is_it_fails_at_once(server: Server) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        done = command(server, f"http://127.0.0.1:{unused.getsockname()[1]}", "--token", "none")
    assert done.returncode == 1
    assert done.stdout.split()[:2] == ["FAILED", "health"]
    assert command(server, "nonsense", "--token", "none").stdout.split()[:2] == ["FAILED", "health"]
