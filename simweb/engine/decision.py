"""Decision: a choice that one agent made, with its options and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Fate = Literal["pending", "success", "failure"]
FATES: tuple[Fate, ...] = get_args(Fate)


def _share(name: str, value: float | None) -> None:
    if value is not None and not 0 <= value <= 1:
        raise ValueError(f"{name} must lie between 0 and 1, not {value!r}")


@dataclass(frozen=True, slots=True)
class Option:
    """One of the things the agent could have done; `confidence` (0–1) is how much it trusted it."""

    id: str
    description: str = ""
    confidence: float | None = None

    def __post_init__(self) -> None:
        _share("confidence", self.confidence)


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of a decision that was pending: `key` names it. A decision is settled once.

    `tokens`, `latency_ms` and `cost_usd` stay None where unknown; `quality` (0–1) is a judgement after the fact.
    """

    key: str
    outcome: Fate
    summary: str = ""
    error: str = ""
    tokens: int | None = None
    latency_ms: float | None = None
    cost_usd: float | None = None
    quality: float | None = None

    def __post_init__(self) -> None:
        if self.outcome not in FATES:
            raise ValueError(f"outcome must be one of {', '.join(FATES)}, not {self.outcome!r}")
        _share("quality", self.quality)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A choice of one agent. Give it a `key`, unique in the run, to settle it in a later turn or to link problems to it.

    `chosen` is the id of one of `options`; `context` is what the agent saw, cut at 64,000 characters of JSON. `node` is the node
    of the agent's graph that decided. `start_ms` is when it began, in milliseconds since its turn began; left out, the decisions
    of a turn are taken to follow on each other.
    """

    agent: str
    intent: str
    chosen: str = ""
    options: Sequence[Option] = ()
    decision_type: str = "custom"
    reasoning: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    outcome: Fate = "pending"
    summary: str = ""
    error: str = ""
    tokens: int | None = None
    latency_ms: float | None = None
    cost_usd: float | None = None
    quality: float | None = None
    key: str = ""
    node: str = ""
    start_ms: float | None = None

    def __post_init__(self) -> None:
        if self.outcome not in FATES:
            raise ValueError(f"outcome must be one of {', '.join(FATES)}, not {self.outcome!r}")
        _share("quality", self.quality)
