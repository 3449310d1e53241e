"""A sample of the follow network that can be looked at: the most followed agents, at fixed places."""

from __future__ import annotations

import networkx as nx
import numpy as np

from simweb.engine import View, network
from simweb.scenarios.social.network import FollowGraph

MOST_NODES = 120
MOST_EDGES = 600


class Sample:
    """Chosen and placed when it is first shown; colours and follows change, places do not."""

    def __init__(self, graph: FollowGraph) -> None:
        followers = np.bincount(graph.targets, minlength=graph.agents)
        self.agents = np.sort(np.argsort(-followers, kind="stable")[:MOST_NODES])
        self._rank = np.full(graph.agents, -1)
        self._rank[self.agents] = np.arange(len(self.agents))
        drawn = nx.Graph(self.edges(graph))
        drawn.add_nodes_from(range(len(self.agents)))
        places = nx.spring_layout(drawn, seed=0, iterations=40)
        self.x, self.y = _gathered(np.array([places[node] for node in range(len(self.agents))])).T

    def edges(self, graph: FollowGraph) -> list[tuple[int, int]]:
        """Follows within the sample, at most 600, as places in it."""
        one, other = self._rank[graph.sources], self._rank[graph.targets]
        inside = np.flatnonzero((one >= 0) & (other >= 0))[:MOST_EDGES]
        return list(zip(one[inside].tolist(), other[inside].tolist(), strict=True))

    def view(self, graph: FollowGraph, opinion: np.ndarray) -> View:
        """The sample, coloured by opinion (−1 to 1)."""
        return network(self.x, self.y, self.edges(graph), opinion[self.agents])


def _gathered(places: np.ndarray) -> np.ndarray:
    """The same about their middle, those far out drawn in to the rim: one without friends would leave the rest no room."""
    apart = places - np.median(places, axis=0)
    distance = np.linalg.norm(apart, axis=1)
    rim = np.quantile(distance, 0.9)
    gathered: np.ndarray = apart * np.minimum(1.0, rim / np.maximum(distance, 1e-9))[:, None]
    return gathered
