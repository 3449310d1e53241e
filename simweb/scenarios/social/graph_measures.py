"""Measures of the follow graph. Nothing here draws random numbers: samples are taken at even distances."""

from __future__ import annotations

import numpy as np

from simweb.scenarios.social.network import FollowGraph

SAMPLED_AGENTS = 1000
SAMPLED_FOLLOWEES = 50


def reciprocity(graph: FollowGraph) -> float | None:
    """Share of follows that are returned, 0–1 (Newman 2010, Networks, 7.10); None without follows."""
    if not len(graph):
        return None
    back = np.sort(graph.targets * graph.agents + graph.sources)
    there = graph.sources * graph.agents + graph.targets
    return len(np.intersect1d(there, back, assume_unique=True)) / len(graph)


def clustering(graph: FollowGraph) -> float | None:
    """Mean over agents of the share of ordered pairs of their followees of whom the one follows the other.

    For mutual follows this is the mean local clustering of Watts & Strogatz (1998, Nature 393, 440); whoever follows
    fewer than two counts 0. Taken over at most 1,000 agents and 50 followees of each; exact where there are no more.
    """
    sample = np.unique(np.linspace(0, graph.agents - 1, min(graph.agents, SAMPLED_AGENTS)).astype(np.int64))
    row, followee = graph.followees(sample, SAMPLED_FOLLOWEES)
    counts = np.bincount(row, minlength=len(sample))
    starts = np.cumsum(counts) - counts
    first = np.repeat(np.arange(len(row)), counts[row])
    nth = np.arange(len(first)) - np.repeat(np.cumsum(counts[row]) - counts[row], counts[row])
    second = starts[row[first]] + nth
    linked = graph.has(followee[first], followee[second])
    links = np.bincount(row[first], weights=linked, minlength=len(sample))
    return float((links / np.maximum(counts * (counts - 1), 1)).mean())


def largest_component_share(graph: FollowGraph) -> float:
    """Share of agents in the largest weakly connected component, 0–1."""
    label = np.arange(graph.agents)
    source, target = graph.sources, graph.targets
    while len(source):
        ends = label[source], label[target]
        np.minimum.at(label, np.maximum(*ends), np.minimum(*ends))
        while not np.array_equal(label[label], label):
            label = label[label]
        apart = label[source] != label[target]
        source, target = source[apart], target[apart]
    return float(np.bincount(label).max() / graph.agents)


def assortativity(graph: FollowGraph, value: np.ndarray) -> float | None:
    """Correlation of `value` over both ends of all follows, −1–1 (Newman 2003, Phys. Rev. E 67, 026126).

    None without follows or where one end does not vary.
    """
    if not len(graph):
        return None
    here, there = value[graph.sources], value[graph.targets]
    here, there = here - here.mean(), there - there.mean()
    spread = float(np.sqrt((here * here).mean() * (there * there).mean()))
    return float((here * there).mean()) / spread if spread > 1e-12 else None


def external_internal_index(graph: FollowGraph, group: np.ndarray) -> float | None:
    """(external − internal)/(external + internal) follows, −1 (all within groups) to 1 (Krackhardt & Stern 1988).

    None without follows.
    """
    if not len(graph):
        return None
    return float(2 * (group[graph.sources] != group[graph.targets]).mean() - 1)
