"""Ready-made scenarios: the files in `games/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Game:
    """A ready-made scenario; `sentence` says what it is about."""

    key: str
    title: str
    sentence: str

    @property
    def file(self) -> str:
        """Its name in `games/`."""
        return f"{self.key}.yaml"


GAMES: Mapping[str, Game] = {
    game.key: game
    for game in (
        Game(
            "castro-1",
            "Castro 1: two periods",
            "Two banks know their payments of two periods; each decides how much liquidity to put in. Unlike in the paper, "
            "payments are whole, and what is left at the end of the day costs nothing more.",
        ),
        Game(
            "castro-2",
            "Castro 2: twelve periods",
            "Two banks do not know what they will have to pay in each of twelve periods. Liquidity costs 83 bps a tick, so "
            "9.96 % a day.",
        ),
        Game(
            "castro-3",
            "Castro 3: three periods",
            "Two banks alike decide about liquidity and delay at once, over three periods. Liquidity costs 333 bps a tick, so "
            "9.99 % a day; payments are whole.",
        ),
        Game(
            "five-banks",
            "Five banks, one day",
            "Five banks of different size and caution share a day of 20 ticks, with liquidity saving.",
        ),
        Game(
            "twenty-banks",
            "Twenty banks, five days",
            "A week with limits, collateral, urgent payments, and a stress in its middle.",
        ),
        Game(
            "two-hundred-banks",
            "Two hundred banks, one day",
            "Large, middle and small banks in a day of 100 ticks: a system of real size.",
        ),
    )
}


# Scenarios that are no game of their own, for people to start from.
EXAMPLES: Mapping[str, Game] = {
    game.key: game
    for game in (
        Game(
            "castro-1-divisible",
            "Castro 1 with divisible payments",
            "The paper's own first game, with what is left at the end of the day borrowed.",
        ),
    )
}


@cache
def game_text(key: str) -> str:
    """The scenario file of a game. Raises KeyError for a key that is neither in GAMES nor in EXAMPLES."""
    game = GAMES.get(key) or EXAMPLES[key]
    return files(__package__).joinpath("games", game.file).read_text(encoding="utf-8")
