"""Files as they come over the wire, and what they bring back."""

from __future__ import annotations

import codecs
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.web.server import ROOT, Lab, Server

OWN = {"id", "version", "retry_of", "verifies", "verification", "created_by", "metric_selection", "priority"}


def exported(lab: Lab, *runs: int) -> Any:
    """The runs as the server exports them in JSON."""
    ids = ",".join(map(str, runs))
    return lab.client.get("/runs/export", params={"ids": ids, "format": "json"}).raise_for_status().json()


def imported(lab: Lab, data: Any) -> list[int]:
    """The numbers that the runs of an export have when it was imported."""
    answer = lab.client.post("/runs/import", json=data)
    assert answer.status_code == 201, answer.text
    return [run["id"] for run in answer.json()]


def contents(run: dict[str, Any]) -> dict[str, Any]:
    """Of an exported run, all that another lab must have of it."""
    events = [event for event in run["events"] if event["kind"] != "imported"]
    return {name: value for name, value in run.items() if name not in OWN} | {
        "events": [{**event, "actor": None} for event in events],
    }


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_an_export_arrives_whole(lab: Lab, kind: str) -> None:
    slug = lab.simulation("Leaves", "deciding", 6)
    [run] = lab.finished(slug, 1)
    answer = lab.client.get(f"/runs/{run}/export", params={"format": kind})
    assert answer.status_code == 200
    if kind == "json":
        assert len(answer.json()["runs"][0]["turn_rows"]) == 6
    else:
        assert len(answer.content) > 1000


def test_a_run_comes_back_equal_with_its_own_narrative_tags_log_pictures_and_verification(lab: Lab) -> None:
    slug = lab.simulation("Comes back", "odd", 2)
    run = lab.ended(lab.run(slug, params={"says": "surrogates"}))["id"]
    lab.client.patch(f"/runs/{run}", json={"tags": ["paper"], "notes": "seen", "is_starred": True}).raise_for_status()
    replay = lab.client.post(f"/runs/{run}/verify").raise_for_status().json()["id"]
    lab.ended(replay)
    before = exported(lab, replay, run)
    one, other = imported(lab, before)
    after = exported(lab, one, other)
    assert [contents(told) for told in after["runs"]] == [contents(told) for told in before["runs"]]
    told = lab.get(other)
    assert told["narrative"].startswith("It was surrogates.")
    assert told["verification"] == {**lab.get(run)["verification"], "runs": [one]}
    assert told["verification"]["status"] == "verified"
    assert lab.get(one)["verifies"] == other
    assert len(after["runs"][1]["frames"]) == 2


def test_two_hundred_runs_come_back_equal_by_api_and_by_command(lab: Lab, server: Server, tmp_path: Path) -> None:
    slug = lab.simulation("Many", "deciding", 2)
    runs = [run for _ in range(2) for run in _queued(lab, slug, 100)]
    for run in runs[::-1]:  # the last ends last, and the others are over then
        lab.ended(run, 120)
    before = exported(lab, *runs)
    assert len(before["runs"]) == 200
    file = tmp_path / "runs.json"
    file.write_text(server.manage("export_runs", *map(str, runs)))
    by_api = exported(lab, *imported(lab, before))
    assert [contents(run) for run in by_api["runs"]] == [contents(run) for run in before["runs"]]
    for run in imported_ids(lab, slug)[:200]:
        lab.delete(run)
    assert json.loads(file.read_text()) == before
    assert "was imported before, as run" in refused(server, file)


def _queued(lab: Lab, slug: str, count: int) -> list[int]:
    answers = [lab.client.post(f"/simulations/{slug}/runs", json={"seed": seed}) for seed in range(count)]
    return [answer.raise_for_status().json()["id"] for answer in answers]


def imported_ids(lab: Lab, slug: str) -> list[int]:
    """The newest 200 runs of the simulation."""
    first = lab.client.get(f"/simulations/{slug}/runs", params={"limit": 100}).json()
    more = lab.client.get(f"/simulations/{slug}/runs", params={"limit": 100, "cursor": first["next_cursor"]}).json()
    return [run["id"] for run in (*first["items"], *more["items"])]


def refused(server: Server, file: Path) -> str:
    """Why the command refuses the file."""
    command = [sys.executable, "manage.py", "import_runs", str(file)]
    done = subprocess.run(command, cwd=ROOT, env=server.env, capture_output=True, text=True)
    assert done.returncode != 0
    return done.stderr


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_file_is_read_in_every_encoding_of_json(lab: Lab, server: Server, tmp_path: Path, encoding: str) -> None:
    [run] = lab.finished(lab.simulation(f"Read as {encoding}", "toy", 2), 1)
    data = exported(lab, run)
    text = json.dumps(data, ensure_ascii=False)
    assert lab.client.post("/runs/import", content=text.encode(encoding)).status_code == 201
    data["runs"][0]["id"] += 1_000_000  # another run, as it seems
    file = tmp_path / "runs.json"
    file.write_bytes(json.dumps(data, ensure_ascii=False).encode(encoding))
    assert "completed" in server.manage("import_runs", str(file))


def test_what_is_no_json_says_where(lab: Lab, server: Server, tmp_path: Path) -> None:
    file = tmp_path / "runs.json"
    for content in (
        b"",
        b"{",
        codecs.BOM_UTF16 + b"x",
        b'{"simweb_export": NaN}',
        b"[" * 100_000,
        b"1" * 5000,
        b"\xff\xff",
    ):
        answer = lab.client.post("/runs/import", content=content)
        assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (422, ["file"]), content[:20]
    file.write_bytes(b"{")
    assert "This is no JSON" in refused(server, file)


def test_an_export_of_many_megabytes_is_taken(lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Large", "toy", 2), 1)
    data = exported(lab, run)
    data["padding"] = "x" * 5_000_000
    assert lab.client.post("/runs/import", json=data).status_code == 201
    other = lab.client.post("/simulations", json={"name": "x" * 5_000_000})
    assert other.status_code == 413


def test_an_import_needs_an_operator(server: Server) -> None:
    token = server.manage("token", f"viewer {server.port}", "--role", "viewer")
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.post(f"{server.base}/api/v1/runs/import", json={}, headers=headers).status_code == 403
