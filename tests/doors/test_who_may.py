"""Who may see and do what, asked of the server itself."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from simweb.api import api as ninja_api
from tests.doors.browser import Browser
from tests.doors.conftest import GIVEN_TO_MODELS, SECRETS
from tests.web.server import Lab, Server

ONE_DATABASE = "who may do what is decided before a row is asked for"
MAKE_STAFF = "from django.contrib.auth.models import User; User.objects.filter(username='stan').update(is_staff=True)"


@pytest.fixture(scope="module")
def staff_viewer(server: Server) -> Iterator[Browser]:
    """The pages for a viewer who may enter the admin."""
    browser = Browser(server, "stan")
    server.manage("shell", "-c", MAKE_STAFF)
    yield browser
    browser.client.close()


def test_a_viewer_who_is_staff_looks_at_the_admin_and_changes_nothing(
    lab: Lab, browser: Browser, staff_viewer: Browser
) -> None:
    [run] = lab.finished(lab.simulation("Kept from viewers", "toy", 1), 1)
    asked = {"action": "delete_runs", "_selected_action": str(run)}
    page = staff_viewer.client.get("/admin/runs/run/")
    assert page.status_code == 200
    assert 'value="delete_runs"' not in page.text
    staff_viewer.send("/admin/runs/run/", asked)
    assert lab.get(run)["status"] == "completed"
    for secret in ("access/token", "access/idempotentrequest", "auth/user", "runs/notifier"):
        assert staff_viewer.client.get(f"/admin/{secret}/").status_code == 403, secret
    browser.send("/admin/runs/run/", asked)
    assert lab.client.get(f"/runs/{run}").status_code == 404


def writes() -> Iterator[tuple[str, str]]:
    """Each method and address by which the API changes something."""
    for prefix, router in ninja_api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                for method in set(operation.methods) - {"GET"}:
                    address = f"{prefix.rstrip('/')}/{path.lstrip('/')}"
                    yield method, "/".join("1" if part.startswith("{") else part for part in address.split("/"))


@pytest.mark.parametrize("cookies", [{}, {"sessionid": "no-such-session"}], ids=["stranger", "signed out"])
def test_a_write_that_does_not_say_who_asks_is_answered_401(server: Server, cookies: dict[str, str]) -> None:
    with httpx.Client(base_url=f"{server.base}/api/v1", cookies=cookies) as nobody:
        for method, address in writes():
            answer = nobody.request(method, address, json={} if method != "DELETE" else None)
            assert answer.status_code == 401, (method, address, answer.text)
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.headers["WWW-Authenticate"] == "Bearer"


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
