"""Seeds: a tree of numbers by SHA-256, from the master seed to iteration, agent and sample; each can be had again."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

LIMIT = 2**31


def iteration_seed(master: int, index: int, agent: str) -> int:
    """Of an agent's plays in an iteration; `index` counts from 0. SimCash has the same numbers."""
    return _number(f"{master}:iter:{index}:agent:{agent}", 4)


def sample_seeds(seed: int, count: int) -> tuple[int, ...]:
    """Of the samples in which a proposal is judged. SimCash has the same numbers."""
    return tuple(_number(f"{seed}:sample:{number}", 8) for number in range(count))


def day_seeds(seed: int, count: int) -> tuple[int, ...]:
    """Of the days from which samples are drawn; the first is `seed` itself, as SimCash has it, which plays one."""
    return (seed, *(_number(f"{seed}:day:{number}", 8) for number in range(1, count)))


def search_seed(master: int) -> int:
    """Of the days and samples in which proposers search: others than those in which they are judged, and always the same."""
    return _number(f"{master}:search", 8)


def holdout_seeds(master: int, count: int) -> tuple[int, ...]:
    """Of the plays that decide what is reported: no iteration sees them."""
    return tuple(_number(f"{master}:holdout:{number}", 8) for number in range(count))


def proposal_seed(seed: int, attempt: int) -> int:
    """Of a proposer's own chance, in one attempt of an agent's iteration."""
    return _number(f"{seed}:proposal:{attempt}", 8)


def iteration_seeds(master: int, index: int, agents: Sequence[str]) -> dict[str, int]:
    """By agent."""
    return {agent: iteration_seed(master, index, agent) for agent in agents}


def _number(text: str, size: int) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:size], "big") % LIMIT
