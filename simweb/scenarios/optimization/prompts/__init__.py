"""Prompts: what an agent may be told, piece by piece, each piece with the agent that owns it; an agent never sees another's."""

from __future__ import annotations

from simweb.scenarios.optimization.prompts.fragments import PUBLIC, Fragment, told_to, written
from simweb.scenarios.optimization.prompts.history import own_turns
from simweb.scenarios.optimization.prompts.isolation import HIDDEN, Guard, private_numbers

__all__ = ["HIDDEN", "PUBLIC", "Fragment", "Guard", "own_turns", "private_numbers", "told_to", "written"]
