"""What docs/optimization.md shows works as it stands."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from simweb.scenarios.optimization import ExperimentConfig, GenericExperimentRunner
from simweb.scenarios.optimization.llm.fake import fake_llm

ROOT = Path(__file__).resolve().parents[3]
ADDRESS = "http://127.0.0.1:8089/v1"  # that the document shows


def shown(heading: str, language: str) -> list[str]:
    """The blocks of this language under a heading."""
    text = (ROOT / "docs" / "optimization.md").read_text()
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)


def do(script: str, **names: Any) -> dict[str, Any]:
    """Execute a block of our own document."""
    exec(compile(script, "docs", "exec"), names)  # noqa: S102
    return names


def test_the_script_finds_what_the_document_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [experiment], [script] = shown("In a script", "yaml"), shown("In a script", "python")
    (tmp_path / "exp1.yaml").write_text(experiment)
    monkeypatch.chdir(tmp_path)
    do(script)
    assert capsys.readouterr().out.splitlines() == [
        "cost_stability {'BANK_A': 0, 'BANK_B': 2000}",
        "BANK_A {'initial_liquidity_fraction': 0.0}",
        "BANK_B {'initial_liquidity_fraction': 0.2}",
    ]


def test_the_games_end_at_their_answers_in_ten_lines(capsys: pytest.CaptureFixture[str]) -> None:
    [script] = shown("The three games in ten lines", "python")
    assert len(script.splitlines()) <= 10
    do(script.replace('"castro-2", ', ""))  # which interpreted rules take minutes for; its answer is a known one
    assert capsys.readouterr().out.splitlines() == [
        "Castro 1, two periods [0.0, 0.2] {'BANK_A': 0, 'BANK_B': 2000} last iteration",
        "Castro 3, three periods [0.2, 0.2] {'BANK_A': 1998, 'BANK_B': 1998} last iteration",
    ]


def test_a_model_finds_it_too_and_its_recording_says_the_same() -> None:
    [experiment], [model] = shown("In a script", "yaml"), shown("Asking a model", "yaml")
    serve, replay = shown("Asking a model", "python")
    assert "8089" in serve
    assert ADDRESS in model
    with fake_llm() as server:
        text = experiment.replace("proposer: {kind: best-response}\n", model.replace(ADDRESS, server.base_url))
        config = ExperimentConfig.from_text(text, {})
        names = do(replay, asyncio=asyncio, config=config, GenericExperimentRunner=GenericExperimentRunner)
    assert names["first"].per_agent_costs == {"BANK_A": 0, "BANK_B": 2000}
    assert len(names["recording"].entries) == len(server.requests)
