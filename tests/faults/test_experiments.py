"""kill -9 in the middle of an experiment: gone on with as often as it takes, it ends as if nobody had touched it."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from simweb.scenarios.optimization.subjects import templates
from tests.faults.processes import players_of
from tests.waiting import wait_until
from tests.web.server import Lab, Server

LONG = (
    templates()["castro-2"]
    .text.replace("num_samples: 50, holdout_samples: 200", "num_samples: 60, history_days: 2, holdout_samples: 3")
    .replace("max_iterations: 25", "max_iterations: 12")
    .replace("kind: best-response", "kind: random")  # which never rests
)


def started(lab: Lab) -> int:
    return int(lab.client.post("/experiments", json={"yaml": LONG}).raise_for_status().json()["id"])


def get(lab: Lab, number: int, what: str = "") -> Any:
    return lab.client.get(f"/experiments/{number}{what}").raise_for_status().json()


def ended(lab: Lab, number: int) -> dict[str, Any]:
    return wait_until(lambda: told if (told := get(lab, number))["status"] != "running" else None, 120)


def test_killed_with_its_player_and_with_its_server_it_ends_as_if_nobody_had_touched_it(
    server: Server, lab: Lab, tmp_path: Path
) -> None:
    whole = ended(lab, started(lab))
    number = started(lab)
    for least, end in ((2, "player"), (4, "server"), (7, "player")):
        wait_until(lambda: len(get(lab, number, "/iterations")["items"]) >= least, 60)  # noqa: B023
        if end == "server":
            server.stop(signal.SIGKILL)
            wait_until(lambda: not players_of(tmp_path))
            server.start()
        else:
            for pid in players_of(tmp_path):
                os.kill(pid, signal.SIGKILL)
        killed = ended(lab, number)
        assert (killed["status"], lab.get(killed["run"])["failure_kind"]) == ("failed", "lost")
        lab.client.post(f"/experiments/{number}/retry-failed").raise_for_status()
    again = ended(lab, number)
    assert again["status"] == "completed"
    assert lab.get(again["run"])["attempt"] == 4
    assert again["result"] == whole["result"]
    assert get(lab, number, "/proposals") == get(lab, whole["id"], "/proposals")
    assert lab.get(again["run"])["fingerprint"] == lab.get(whole["run"])["fingerprint"]
