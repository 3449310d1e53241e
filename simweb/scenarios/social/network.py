"""Who follows whom: the directed follow graph, and where it comes from."""

from __future__ import annotations

import numpy as np

DEGREE_EXPONENT = 2.5  # of the tail of follower counts; most measured social networks lie between 2 and 3
FOLLOWING_SPREAD = 0.75  # standard deviation of the logarithm of how many one follows
REDRAWS = 8


def distinct(numbers: np.ndarray) -> np.ndarray:
    """The different numbers, all 0 or more, ascending; several times faster than `np.unique` where most differ."""
    ordered = np.sort(numbers, kind="stable")  # merges runs that are sorted already, as is usual here
    different: np.ndarray = ordered[np.diff(ordered, prepend=-1) > 0]
    return different


class FollowGraph:
    """A directed graph without self-follows and without parallel follows, kept as one sorted array of edge numbers.

    Edge number = follower · agents + followed, so that all follows of one agent lie side by side and any follow is
    found by bisection.
    """

    def __init__(self, agents: int, sources: np.ndarray, targets: np.ndarray) -> None:
        self.agents = agents
        self._edges = distinct(sources.astype(np.int64) * agents + targets)
        self._recount()

    def __len__(self) -> int:
        return len(self._edges)

    @property
    def sources(self) -> np.ndarray:
        """The follower of every edge, ascending."""
        return np.repeat(np.arange(self.agents), self.following)

    @property
    def targets(self) -> np.ndarray:
        """The followed of every edge, in the order of `sources`."""
        followed: np.ndarray = self._edges - self.sources * self.agents
        return followed

    def has(self, sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """For each pair, whether the one follows the other."""
        wanted = sources.astype(np.int64) * self.agents + targets
        if not len(self._edges):
            return np.zeros(len(wanted), dtype=bool)
        place = np.searchsorted(self._edges, wanted)
        found: np.ndarray = self._edges[np.minimum(place, len(self._edges) - 1)] == wanted
        return found

    def followees(self, agents: np.ndarray, limit: int, first: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """(row, followed) pairs for `agents[row]`, at most `limit` a row, rows ascending.

        Whoever follows more gets `limit` of them that begin at number `first`, going round, so that a caller who moves
        `first` on reaches everyone in time.
        """
        degree = self.following[agents]
        counts = np.minimum(degree, limit)
        row = np.repeat(np.arange(len(agents)), counts)
        place = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
        if (degree > limit).any():
            place = (place + np.where(degree > limit, first, 0)[row]) % degree[row]
        edge = self._edges[self._starts[agents][row] + place]
        return row, edge - agents[row].astype(np.int64) * self.agents

    def follow(self, sources: np.ndarray, targets: np.ndarray) -> None:
        """Add follows, each new and named once."""
        new = np.sort(sources.astype(np.int64) * self.agents + targets)
        self._edges = np.insert(self._edges, np.searchsorted(self._edges, new), new)
        self._recount(sources, targets, 1)

    def unfollow(self, sources: np.ndarray, targets: np.ndarray) -> None:
        """Take follows away, each there and named once."""
        old = sources.astype(np.int64) * self.agents + targets
        self._edges = np.delete(self._edges, np.searchsorted(self._edges, old))
        self._recount(sources, targets, -1)

    def _recount(self, sources: np.ndarray | None = None, targets: np.ndarray | None = None, step: int = 1) -> None:
        if sources is None or targets is None:
            follower, followed = np.divmod(self._edges, self.agents)
            self.following = np.bincount(follower, minlength=self.agents)
            self.followers = np.bincount(followed, minlength=self.agents)
        else:
            self.following += step * np.bincount(sources, minlength=self.agents)
            self.followers += step * np.bincount(targets, minlength=self.agents)
        self._starts = np.cumsum(self.following) - self.following


def scale_free(communities: np.ndarray, mean_degree: float, homophily: float, rng: np.random.Generator) -> FollowGraph:
    """A directed static-fitness graph (Goh, Kahng & Kim 2001, Phys. Rev. Lett. 87, 278701) with planted communities.

    Agents get a random rank of popularity. An agent follows a log-normal-Poisson number of others; each is drawn with
    probability ∝ rank^(−1/(γ−1)), which gives follower counts a power-law tail of exponent γ = 2.5, with probability
    `homophily` from its own community and otherwise from everybody. Whom one follows already, or is, is drawn again a
    few times; where nobody new is found the agent follows fewer.
    """
    n = len(communities)
    by_rank = rng.permutation(n)
    by_community = by_rank[np.argsort(communities[by_rank], kind="stable")]
    sizes = np.bincount(communities)
    starts = np.cumsum(sizes) - sizes
    popular = np.exp(rng.normal(-(FOLLOWING_SPREAD**2) / 2, FOLLOWING_SPREAD, n))
    wanted = np.minimum(rng.poisson(mean_degree * popular), n - 1)
    edges = np.empty(0, dtype=np.int64)
    missing = wanted
    for _ in range(REDRAWS):
        source = np.repeat(np.arange(n), missing)
        own = rng.random(len(source)) < homophily
        community = communities[source]
        size = np.where(own, sizes[community], n)
        place = (size * _low_ranks(len(source), rng)).astype(np.int64)
        target = np.where(
            own, by_community[np.where(own, starts[community] + place, 0)], by_rank[np.where(own, 0, place)]
        )
        drawn = (source * n + target)[source != target]
        edges = distinct(np.concatenate([edges, np.sort(drawn)]))
        missing = wanted - np.bincount(edges // n, minlength=n)
        if not missing.any():
            break
    return FollowGraph(n, *np.divmod(edges, n))


def _low_ranks(count: int, rng: np.random.Generator) -> np.ndarray:
    """Places in [0, 1) with density ∝ place^(−1/(γ−1)): u^((γ−1)/(γ−2)) for uniform u."""
    places: np.ndarray = rng.random(count) ** ((DEGREE_EXPONENT - 1) / (DEGREE_EXPONENT - 2))
    return places


def karate_club() -> tuple[FollowGraph, np.ndarray]:
    """Zachary's karate club (1977, J. Anthropol. Res. 33): two follows a friendship; and each member's side, ±1."""
    import networkx as nx  # slow to import, and only this network needs it

    club = nx.karate_club_graph()
    ends = np.array(club.edges, dtype=np.int64)
    graph = FollowGraph(len(club), np.concatenate([ends[:, 0], ends[:, 1]]), np.concatenate([ends[:, 1], ends[:, 0]]))
    sides = np.array([-1.0 if club.nodes[member]["club"] == "Mr. Hi" else 1.0 for member in club])
    return graph, sides
