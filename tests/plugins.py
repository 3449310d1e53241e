"""Files of plug-ins, as tests write them."""

from __future__ import annotations

from pathlib import Path

# What a plug-in does at import, and what is told of it.
LEAVERS = [
    ("import sys; sys.exit('bad config')", "SystemExit: bad config"),
    ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    ("class Odd(BaseException): pass\nraise Odd('odd')", "Odd: odd"),
    ("import asyncio; raise asyncio.CancelledError", "CancelledError"),
    ("import os; os._exit(0)", "a process that imports it ended with exit status 0"),
    ("import os; os.kill(os.getpid(), 9)", "a process that imports it was killed by SIGKILL"),
    ("class Mute(Exception):\n    def __str__(self): raise SystemExit\nraise Mute", "Mute, whose text cannot be made"),
]
WORLD = """
{first}
from pydantic import field_validator
from simweb.engine import Metric, Params, Scenario, TurnReport

class WorldParams(Params):
    size: int = 1

    @field_validator("size")
    @classmethod
    def checked(cls, value):
        {check}
        return value

class World(Scenario):
    key, title, Params, default_turns = "{key}", "A world", WorldParams, 1
    description = {description}
    metrics = (Metric("turn.{key}.own", "Own", lambda c: c.scenario.own),)
    default_metric_keys = ("turn.{key}.own",)

    def turn(self):
        {turn}
        return TurnReport({{"live": 1}})
"""


def scenario(
    key: str, *, first: str = "", check: str = "pass", description: str = "'Lives.'", turn: str = "self.own = 1"
) -> str:
    """The text of a plug-in."""
    return WORLD.format(key=key, first=first, check=check, description=description, turn=turn)


def write(file: Path, text: str) -> Path:
    """The file, written."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def neighbours(folder: Path, key: str) -> Path:
    """A plug-in beside a `metrics.py` and a package `runs` of its own; it imports them when it begins, and one more later."""
    write(folder / "metrics.py", "WORDS = 'its own metrics'")
    write(folder / "runs" / "__init__.py", "")
    write(folder / "runs" / "specs.py", "WORDS = 'its own runs'")
    write(folder / "performance.py", "NUMBER = 42")
    first = "import metrics, runs.specs"
    words = "metrics.WORDS + ', ' + runs.specs.WORDS"
    late = "import performance; self.own = performance.NUMBER"
    return write(folder / f"{key}.py", scenario(key, first=first, description=words, turn=late))
