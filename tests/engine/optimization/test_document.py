"""What docs/optimization.md shows works as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def shown(language: str) -> str:
    """The one block of this language."""
    [block] = re.findall(rf"```{language}\n(.*?)```", (ROOT / "docs" / "optimization.md").read_text(), re.DOTALL)
    return str(block)


def test_the_script_finds_what_the_document_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "exp1.yaml").write_text(shown("yaml"))
    monkeypatch.chdir(tmp_path)
    exec(compile(shown("python"), "docs", "exec"), {})  # noqa: S102 – our own document
    assert capsys.readouterr().out.splitlines() == [
        "cost_stability {'BANK_A': 0, 'BANK_B': 2000}",
        "BANK_A {'initial_liquidity_fraction': 0.0}",
        "BANK_B {'initial_liquidity_fraction': 0.2}",
    ]
