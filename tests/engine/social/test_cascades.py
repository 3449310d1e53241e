"""Shapes of cascades at trees small enough to count, and against networkx on those that grew."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from simweb.scenarios.social.cascades import Cascades, cascades
from simweb.scenarios.social.run_measures import cascade_shapes, largest_cascades
from tests.engine.social.worlds import BUSY, turns, world


def tree(*parents: int) -> Cascades:
    """Cascades of posts with these parents (−1: an original)."""
    root, depth = [], []
    for post, parent in enumerate(parents):
        root.append(post if parent < 0 else root[parent])
        depth.append(0 if parent < 0 else depth[parent] + 1)
    return cascades(*(np.array(column, dtype=np.int64) for column in (parents, root, depth)))


def shape(found: Cascades, k: int = 0) -> tuple[int, int, int, float]:
    return found.scale[k], found.depth[k], found.breadth[k], pytest.approx(found.virality[k])


def test_a_post_without_reposts_is_no_cascade() -> None:
    assert len(tree(-1, -1)) == 0
    assert len(tree()) == 0


def test_a_broadcast_is_broad_and_shallow() -> None:
    # Five posts: 4 distances of 1, 6 of 2.
    assert shape(tree(-1, 0, 0, 0, 0)) == (5, 1, 4, 16 / 10)


def test_a_chain_is_deep_and_narrow() -> None:
    # Four posts in a row: 3·1 + 2·2 + 1·3 = 10 over 6 pairs.
    assert shape(tree(-1, 0, 1, 2)) == (4, 3, 1, 10 / 6)


def test_trees_that_grew_side_by_side_are_told_apart() -> None:
    found = tree(-1, -1, 1, 0, 2, 1)
    assert found.root.tolist() == [0, 1]
    assert shape(found, 0) == (2, 1, 1, 1.0)
    assert shape(found, 1) == (4, 2, 2, 10 / 6)


def test_shapes_are_those_that_networkx_finds() -> None:
    played = world(**BUSY, feed="most-liked")
    for _ in turns(played, 20):
        pass
    posts = played.posts
    found = cascades(posts["parent"], posts["root"], posts["depth"])
    assert len(found) > 20
    assert found.depth.max() >= 2
    reposts = np.flatnonzero(posts["parent"] >= 0)
    forest = nx.Graph(list(zip(posts["parent"][reposts].tolist(), reposts.tolist(), strict=True)))
    for k, root in enumerate(found.root.tolist()):
        component = forest.subgraph(nx.node_connected_component(forest, root))
        distances = nx.single_source_shortest_path_length(component, root)
        breadth = np.bincount(list(distances.values())).max()
        expected = len(component), max(distances.values()), breadth, nx.average_shortest_path_length(component)
        assert shape(found, k) == expected


def test_the_largest_cascades_come_first_and_the_means_are_of_all() -> None:
    played = world(**BUSY)
    for _ in turns(played, 10):
        pass
    rows, shapes = largest_cascades(played.posts), cascade_shapes(played.posts)
    scales = [row["scale"] for row in rows]
    assert scales == sorted(scales, reverse=True)
    assert len(rows) == 10
    assert scales[0] == shapes["max_scale"] >= shapes["mean_scale"] > 1
    reposts = (played.posts["parent"] >= 0).sum()
    assert shapes["mean_scale"] * shapes["count"] == pytest.approx(reposts + shapes["count"])
