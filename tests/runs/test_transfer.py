"""Runs leave as files, and come back equal."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from runs import services
from runs.models import Run
from runs.simulations import create_simulation
from runs.states import Trigger
from runs.transfer import exports, tables
from tests.conftest import Api, MakeRun
from tests.runs.lives import lead_to

pytestmark = pytest.mark.django_db(transaction=True)
SAME = (
    *("scenario", "scenario_version", "params", "seed", "turns", "metric_keys", "status", "trigger", "created_at"),
    *("started_at", "finished_at", "duration_ms", "turns_done", "run_metrics", "fingerprint", "total_tokens"),
    *("total_cost_usd", "failure_kind", "error", "problem_count", "decision_count", "tags", "is_starred", "simulation"),
)


@pytest.fixture
def deciding(played: None) -> Run:
    simulation = create_simulation(name="Deciding", scenario="deciding", turns=6)
    [run] = services.create_runs(simulation, trigger=Trigger.MANUAL, seed=1)
    return run


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content).decode()


@pytest.mark.parametrize("made", [exports.json_of, tables.csv_of])
def test_an_export_comes_in_pieces_that_are_bounded(deciding: Run, made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = list(made([deciding]))
    monkeypatch.setattr(exports, "PIECE", 10)
    pieces = list(made([deciding]))
    assert "".join(pieces) == "".join(before)
    assert len(pieces) >= len(before) + deciding.turns - 1, "a turn fills a piece"


def test_a_csv_begins_with_what_the_run_was_made_of_and_has_a_row_for_every_turn(api: Api, deciding: Run) -> None:
    lines = text(api.get(f"/runs/{deciding.pk}/export", format="csv")).splitlines()
    told = json.loads(lines[0].removeprefix(f"# run {deciding.pk}: "))
    assert (told["scenario"], told["seed"], told["turns"]) == ("deciding", 1, 6)
    rows = list(csv.DictReader(lines[1:]))
    assert [row["turn"] for row in rows] == list("123456")
    kept = api.get(f"/runs/{deciding.pk}/turns").json()["items"]
    assert [int(row["actions.step"]) for row in rows] == [turn["actions"]["step"] for turn in kept]
    assert {"turn.actions.counts_by_type.step", "turn.actions.total"} <= set(rows[0])


def test_many_runs_share_one_head(api: Api, make_run: MakeRun) -> None:
    runs = [lead_to(make_run(), "completed") for _ in range(3)]
    ids = ",".join(str(run.pk) for run in runs)
    lines = [line for line in text(api.get("/runs/export", ids=ids)).splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(io.StringIO("\n".join(lines))))
    assert [int(row["run"]) for row in rows] == [run.pk for run in runs for _ in range(2)]
    answer = api.get("/runs/export", ids=f"{runs[0].pk},99999999")
    assert answer.json()["errors"][0]["msg"] == "There is no run 99999999."


def test_a_parquet_file_has_the_same_numbers_and_its_spec(api: Api, deciding: Run) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    answer = api.get(f"/runs/{deciding.pk}/export", format="parquet")
    table = parquet.read_table(io.BytesIO(b"".join(answer.streaming_content)))
    kept = api.get(f"/runs/{deciding.pk}/turns").json()["items"]
    assert table["turn"].to_pylist() == [turn["number"] for turn in kept]
    assert table["turn.actions.total"].to_pylist() == [turn["metrics"]["turn.actions.total"] for turn in kept]
    [told] = json.loads(table.schema.metadata[b"simweb"])
    assert (told["run"], told["seed"]) == (deciding.pk, 1)


def _without_ids(page: dict[str, Any]) -> dict[str, Any]:
    """Ids are of the lab that a row is in."""
    rows = [{name: value for name, value in row.items() if name not in {"id", "problem_ids"}} for row in page["items"]]
    return {**page, "items": rows}


def test_a_json_export_comes_back_as_an_equal_run(api: Api, deciding: Run) -> None:
    api.patch(f"/runs/{deciding.pk}", {"tags": ["paper"], "notes": "n", "is_starred": True})
    data = json.loads(text(api.get(f"/runs/{deciding.pk}/export", format="json")))
    [made] = api.post("/runs/import", data).json()
    before, after = (api.get(f"/runs/{pk}").json() for pk in (deciding.pk, made["id"]))
    assert {name: after[name] for name in SAME} == {name: before[name] for name in SAME}
    for part in ("turns", "decisions", "problems"):
        one, other = (api.get(f"/runs/{pk}/{part}", limit=100).json() for pk in (deciding.pk, made["id"]))
        assert _without_ids(one) == _without_ids(other)
    again = json.loads(text(api.get(f"/runs/{made['id']}/export", format="json")))
    for part in ("turn_rows", "decisions", "problems"):
        assert again["runs"][0][part] == data["runs"][0][part]
    simulation = deciding.simulation
    simulation.refresh_from_db()
    assert simulation.completed_runs == 2


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_runs_that_ended_otherwise_come_back_too(api: Api, make_run: MakeRun, status: str) -> None:
    run = lead_to(make_run(), status)
    data = json.loads(text(api.get(f"/runs/{run.pk}/export", format="json")))
    [made] = api.post("/runs/import", data).json()
    assert (made["status"], made["error"]) == (status, api.get(f"/runs/{run.pk}").json()["error"])


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda data: data.pop("simweb_export"), "no JSON export"),
        (lambda data: data["runs"][0].pop("seed"), "runs.0.seed: Is required."),
        (lambda data: data["runs"][0].update(status="running"), "had not ended"),
        (
            lambda data: data["runs"][0]["turn_rows"].append({"number": "x"}),
            "runs.0.turn_rows.2.number: Must be a whole number.",
        ),
    ],
)
def test_a_damaged_export_is_refused_whole(api: Api, make_run: MakeRun, damage: Any, says: str) -> None:
    run = lead_to(make_run(), "completed")
    data = json.loads(text(api.get(f"/runs/{run.pk}/export", format="json")))
    damage(data)
    answer = api.post("/runs/import", data)
    assert answer.status_code == 422
    assert says in answer.json()["detail"]
    assert Run.objects.count() == 1


def test_the_command_imports_a_file_of_any_size(api: Api, make_run: MakeRun, tmp_path: Path, capsys: Any) -> None:
    run = lead_to(make_run(), "completed")
    file = tmp_path / "runs.json"
    data = json.loads(text(api.get(f"/runs/{run.pk}/export", format="json")))
    data["runs"][0]["fingerprint"] = None  # that of this run is made up
    file.write_text(json.dumps(data))
    call_command("import_runs", str(file))
    assert "A toy, completed" in capsys.readouterr().out
    file.write_text("{}")
    with pytest.raises(CommandError, match="no JSON export"):
        call_command("import_runs", str(file))
