"""Who may see and do what, asked of the server itself."""

from __future__ import annotations

import httpx

from tests.doors.conftest import GIVEN_TO_MODELS, SECRETS
from tests.web.server import Lab, Server

ONE_DATABASE = "who may do what is decided before a row is asked for"


def test_a_model_reads_what_it_needs_of_the_environment_and_its_log_shows_no_secret(lab: Lab) -> None:
    run = lab.run(lab.simulation("Curious", "odd", 1, params={"says": "environment"}))
    assert lab.ended(run)["status"] == "completed"
    log = lab.client.get(f"/runs/{run}/log").text
    for needed in ("PATH", "HOME", "SIMWEB_SCENARIOS", "SIMWEB_DATA_DIR", "SOMEBODYS_API_KEY", "TOWN_SIZE"):
        assert f"'{needed}'" in log, needed
    assert GIVEN_TO_MODELS["TOWN_SIZE"] in log
    assert GIVEN_TO_MODELS["SOMEBODYS_API_KEY"] not in log
    for name, value in {**SECRETS, "DATABASE_URL": ""}.items():
        assert f"'{name}'" not in log, name
        assert not value or value not in log, name


def test_a_link_that_signs_in_is_in_no_log(server: Server) -> None:
    link = server.manage("sign_in_link", "--base", server.base)
    with httpx.Client() as stranger:
        assert stranger.post(link).status_code == 403  # without a CSRF token
        assert stranger.put(link).status_code == 403
        assert stranger.get(link, params={"next": "\0"}).status_code == 400
    log = server.log.read_text()
    assert "Forbidden" in log
    assert "/sign-in/**********/" in log
    assert link.rstrip("/").rpartition("/")[2] not in log
    assert server.link.rstrip("/").rpartition("/")[2] not in log
