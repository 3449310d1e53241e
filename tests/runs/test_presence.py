"""Servers by their names, in the process itself; those that share a database: `tests/services/test_presence.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runs import presence


def test_a_machine_that_does_not_tell_when_it_was_started_starts_a_server_all_the_same(
    db: None, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(presence, "BOOT", tmp_path / "absent", raising=False)
    name = presence.take_name()
    assert presence.take_name() == name == presence.own_name()
