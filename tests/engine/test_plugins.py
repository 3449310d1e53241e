"""Plug-ins of every manner: those that try to end the process, and those that lie among files with simweb's names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import metrics.queries
from simweb.engine import plugins, registry
from tests.plugins import LEAVERS, neighbours, scenario, write


@pytest.mark.parametrize(("first", "reason"), LEAVERS)
def test_a_plug_in_that_leaves_at_import_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str, reason: str
) -> None:
    file = write(tmp_path / "leaver.py", scenario("leaver", first=first))
    monkeypatch.setenv(registry.SETTING, f"leaver={file}:World")
    assert reason in registry.listing().warnings["leaver"]


@pytest.mark.parametrize("is_file", [True, False])
def test_a_plug_in_gets_its_own_neighbours_and_simweb_keeps_its_rooms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_file: bool
) -> None:
    name = f"world_{'file' if is_file else 'module'}"
    file = neighbours(tmp_path, name)
    monkeypatch.setenv(registry.SETTING, f"{name}={file if is_file else name}:World")
    monkeypatch.setattr(sys, "path", list(sys.path) + ([] if is_file else [str(tmp_path)]))
    before = list(sys.path)
    assert registry.load(name).description == "its own metrics, its own runs"
    assert sys.modules["metrics.queries"] is metrics.queries
    assert sys.path[: len(before)] == before


def test_two_plug_ins_with_neighbours_of_one_name_get_each_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "other"):
        write(tmp_path / name / "helper.py", f"WORD = {name!r}")
        write(tmp_path / name / f"{name}.py", scenario(name, first="from helper import WORD", description="WORD"))
    setting = ",".join(f"{name}={tmp_path / name / name}.py:World" for name in ("one", "other"))
    monkeypatch.setenv(registry.SETTING, setting)
    assert [registry.load(name).description for name in ("one", "other")] == ["one", "other"]


def test_a_file_is_named_by_its_whole_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(registry.SETTING, "near=tests/engine/worlds.py:Counter")
    assert "write the whole path, such as /" in registry.listing().warnings["near"]


@pytest.mark.parametrize("is_file", [True, False])
def test_a_child_plays_with_the_neighbours_of_the_plug_in_even_those_imported_late(
    tmp_path: Path, is_file: bool
) -> None:
    file = neighbours(tmp_path, "late")
    spec = {"scenario": "late", "params": {}, "seed": 1, "turns": 1, "metric_keys": ["turn.late.own"]}
    named = {registry.SETTING: f"late={file if is_file else 'late'}:World"}
    path = {} if is_file else {"PYTHONPATH": str(tmp_path)}
    child = subprocess.run(
        [sys.executable, "-m", "simweb.engine"],
        input=json.dumps(spec),
        env={**os.environ, **named, **path},
        capture_output=True,
        text=True,
        check=True,
    )
    [turn] = [message for line in child.stdout.splitlines() if (message := json.loads(line))["type"] == "turn"]
    assert turn["metrics"] == {"turn.late.own": 42}


def test_a_plug_in_that_never_comes_back_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "PATIENCE_SECONDS", 0.2)
    file = write(tmp_path / "endless.py", scenario("endless", first="while True: pass"))
    monkeypatch.setenv(registry.SETTING, f"endless={file}:World")
    assert "it is not imported within 0.2 s" in registry.listing().warnings["endless"]
