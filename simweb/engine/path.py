"""Path: which nodes of the agents' graphs decided, and which edges were traversed between them, in order of first appearance."""

from __future__ import annotations

MOST_NODES = 200
MOST_EDGES = 500
ARROW = "→"


class Path:
    """An edge is traversed when an agent decides at a node and next at another one. Each agent walks by itself."""

    def __init__(self) -> None:
        self.nodes: dict[str, None] = {}
        self.edges: dict[str, None] = {}
        self._last: dict[str, str] = {}

    def step(self, agent: str, node: str) -> tuple[list[str], list[str]]:
        """The agent decides at the node: the nodes and edges that are new by it and are among the first, which are kept."""
        before = self._last.get(agent, node)
        self._last[agent] = node
        edge = [] if before == node else _new(self.edges, f"{before}{ARROW}{node}", MOST_EDGES)
        return _new(self.nodes, node, MOST_NODES), edge


def _new(known: dict[str, None], name: str, most: int) -> list[str]:
    if name in known:
        return []
    known[name] = None
    return [name] if len(known) <= most else []
