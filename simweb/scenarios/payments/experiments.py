"""Payments as an experiment names them: how their subject is made, ready-made scenarios, and experiments to start from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from simweb.scenarios.payments.files.games import EXAMPLES, GAMES, game_text
from simweb.scenarios.payments.optimizing import market_subject

TITLES = {
    "castro-1": "Castro 1: two periods",
    "castro-2": "Castro 2: twelve periods, by chance",
    "castro-3": "Castro 3: three periods",
    "castro-1-llm": "Castro 1, proposed by a language model",
}

subject = market_subject


def ready_made(name: str) -> str | None:
    """The scenario file of this name, such as `castro-1.yaml`; None when it is not one of ours."""
    texts = {game.file: key for key, game in {**GAMES, **EXAMPLES}.items()}
    return game_text(texts[name]) if name in texts else None


@cache
def templates() -> Mapping[str, tuple[str, str]]:
    """Experiments to start from: by key, title and YAML."""
    folder = files("simweb.scenarios.payments").joinpath("files", "experiments")
    return {key: (title, folder.joinpath(f"{key}.yaml").read_text(encoding="utf-8")) for key, title in TITLES.items()}
