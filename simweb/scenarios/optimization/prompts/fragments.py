"""Fragments: the pieces of a prompt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

PUBLIC = ""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A titled text that belongs to one agent, or to nobody in particular (PUBLIC).

    `is_vouched` is a text of the subject, which answers for it that it holds nothing of others but what they share with the
    owner, such as payments between them.
    """

    owner: str
    title: str
    text: str
    is_vouched: bool = False


def told_to(agent: str, fragments: Iterable[Fragment]) -> list[Fragment]:
    """Those that the agent owns, and those that are public."""
    return [fragment for fragment in fragments if fragment.owner in (agent, PUBLIC)]


def written(fragments: Iterable[Fragment]) -> str:
    """The fragments under each other, each below its title; those without a text are left out."""
    return "\n\n".join(f"## {one.title}\n\n{one.text.strip()}" for one in fragments if one.text.strip())
