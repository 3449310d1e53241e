"""What a run was like in brief, as the API and its page tell it."""

from __future__ import annotations

import pytest

from tests.doors.browser import signed_in
from tests.web.server import Lab, Server


def test_what_is_cut_off_is_counted(lab: Lab, server: Server) -> None:
    [run] = lab.finished(lab.simulation("Worried", "worried", 7), 1)
    told = lab.client.get(f"/runs/{run}/summary").raise_for_status().json()
    assert told["critical_problems"] == [f"fire {n}" for n in range(1, 6)]
    assert told["warnings"] == [f"smoke {n}" for n in range(1, 6)]
    assert (told["critical_count"], told["warning_count"], told["decisions_failed"]) == (7, 7, 7)
    assert "Critical: fire 1; fire 2; fire 3; fire 4; fire 5, and 2 more." in told["narrative"]
    assert "Warnings: smoke 1; smoke 2; smoke 3; smoke 4; smoke 5, and 2 more." in told["narrative"]
    assert "Failed on: exit 1, exit 2, exit 3, and 4 more." in told["narrative"]
    with signed_in(server) as pages:
        page = pages.get(f"/runs/{run}/").text
        assert "fire 5, and 2 more." in page
        assert ">and 2 more<" in page
        assert ">and 2 more that failed<" in page


@pytest.mark.parametrize(("scenario", "quality"), [("one-failure", "degraded"), ("toy", "clean")])
def test_a_run_with_a_failed_decision_is_not_clean(lab: Lab, server: Server, scenario: str, quality: str) -> None:
    [run] = lab.finished(lab.simulation(f"Quality {scenario}", scenario, 1), 1)
    assert lab.client.get(f"/runs/{run}/summary").json()["quality"] == quality
    with signed_in(server) as pages:
        assert f'class="badge {quality}"' in pages.get(f"/runs/{run}/").text
