"""Interactions: what a model was asked for a policy and what it answered, attempt by attempt: the audit of an experiment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from simweb.scenarios.optimization.subject import Policy


@dataclass(frozen=True, slots=True)
class Interaction:
    """One call of a model, whatever came of it.

    `iteration` and `attempt` count from 1. Of `policy`, as it was read from the answer, and `error`, why none could be, there is
    one. Tokens are as the provider counted them; `cost_usd` is by `price_list`; None is not known. `latency_ms` is that of the
    call when it was made. Whether it was only played from a recording is a fact of the playing, and not in its JSON.
    """

    agent: str
    iteration: int
    attempt: int
    model: str
    system_prompt: str
    user_prompt: str
    raw_answer: str = ""
    policy: Policy | None = None
    error: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_usd: float | None = None
    price_list: str = ""
    latency_ms: float = 0.0
    is_replayed: bool = field(default=False, compare=False)

    @property
    def tokens(self) -> int | None:
        """Of prompt and answer; None where neither is known."""
        tokens: int | None = total((self.prompt_tokens, self.completion_tokens))
        return tokens

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        said = asdict(self)
        del said["is_replayed"]
        return said

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> Interaction:
        """The interaction that was written."""
        return cls(**said)


def total(values: Iterable[Any]) -> Any:
    """The sum of what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None
