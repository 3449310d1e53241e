"""Payments at a served server: compiled rules are at hand before a run is forked, and no run tells the difference."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simweb.scenarios.payments import compiled
from tests.engine.payments.compiling import machine_code
from tests.web.server import Lab, Server

ONE_DATABASE = "what is compared is played in children"

SPEC = {"params": {"game": "five-banks"}, "seed": 7}


def run_of(lab: Lab) -> dict:
    slug = lab.simulation("Five banks", "payments", turns=20, params=SPEC["params"])
    return lab.ended(lab.run(slug, **SPEC))


@contextmanager
def served(folder: Path, **settings: str) -> Iterator[Lab]:
    """A server of its own."""
    server = Server(folder, SIMWEB_COMPILED="1", **settings)
    server.start()
    lab = Lab(server.base, server.manage("token", "tests", "--role", "admin"))
    try:
        yield lab
    finally:
        lab.client.close()
        server.stop()


def test_a_run_is_the_same_whether_its_rules_are_compiled_or_not(lab: Lab, tmp_path: Path) -> None:
    machine_code()
    with served(tmp_path, SIMWEB_COMPILED_DIR=os.environ[compiled.FOLDER_SETTING]) as other:
        fast = run_of(other)
    plain = run_of(lab)
    assert (plain["status"], fast["status"]) == ("completed", "completed")
    assert fast["fingerprint"] == plain["fingerprint"]
    assert fast["run_metrics"] == plain["run_metrics"]
    assert "numba" in fast["environment"]["packages"], "it was compiled"
    assert "numba" not in plain["environment"]["packages"]


def test_a_server_compiles_rules_beside_and_plays_meanwhile(tmp_path: Path) -> None:
    with served(tmp_path) as lab:
        assert run_of(lab)["status"] == "completed"
        assert list((tmp_path / "compiled").glob("*/lock")), "somebody is at it"
        assert not list((tmp_path / "compiled").glob(f"*/{compiled.DONE}")), "it is not done yet"
