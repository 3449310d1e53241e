"""The generated network has the tail and the homophily it is said to have; measures agree with networkx."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simweb.scenarios.social import graph_measures as measures
from simweb.scenarios.social.network import DEGREE_EXPONENT, FollowGraph, karate_club, scale_free
from simweb.scenarios.social.sample import Sample


def generated(agents: int = 40_000, mean_degree: float = 10, homophily: float = 0.5, seed: int = 1) -> FollowGraph:
    rng = np.random.default_rng(seed)
    return scale_free(rng.integers(4, size=agents), mean_degree, homophily, rng)


@pytest.mark.parametrize("homophily", [0.0, 0.9])
def test_follower_counts_have_a_power_law_tail_of_the_stated_exponent(homophily: float) -> None:
    followers = np.sort(generated(homophily=homophily).followers)[::-1]
    tail = followers[:1000].astype(float)  # Hill estimator over the most followed
    exponent = 1 + 1 / np.log(tail / tail[-1]).mean()
    assert exponent == pytest.approx(DEGREE_EXPONENT, abs=0.25)
    assert followers[0] > 50 * followers.mean()


def test_who_is_popular_has_nothing_to_do_with_its_number() -> None:
    most_followed = np.argsort(generated().followers)[-1000:]
    assert most_followed.mean() == pytest.approx(20_000, rel=0.1)


def test_agents_follow_as_many_as_was_asked_for_on_average() -> None:
    graph = generated()
    assert graph.following.mean() == pytest.approx(10, rel=0.03)
    assert graph.following.std() > 5


def test_nobody_follows_itself_or_anybody_twice() -> None:
    graph = generated(agents=50, mean_degree=30)
    pairs = list(zip(graph.sources.tolist(), graph.targets.tolist(), strict=True))
    assert len(set(pairs)) == len(pairs) > 1000
    assert all(source != target for source, target in pairs)


@pytest.mark.parametrize("homophily", [0.0, 0.5, 1.0])
def test_homophily_is_the_share_of_follows_kept_within_the_community(homophily: float) -> None:
    rng = np.random.default_rng(1)
    communities = rng.integers(4, size=20_000)
    graph = scale_free(communities, 10, homophily, rng)
    within = (communities[graph.sources] == communities[graph.targets]).mean()
    assert within == pytest.approx(homophily + (1 - homophily) / 4, abs=0.06)


@pytest.mark.parametrize(("agents", "mean_degree"), [(1, 10), (2, 10), (5, 0), (10, 500)])
def test_the_smallest_networks_can_be_made(agents: int, mean_degree: float) -> None:
    graph = generated(agents=agents, mean_degree=mean_degree)
    assert len(graph) <= agents * (agents - 1)
    assert (len(graph) > 0) == (agents > 1 and mean_degree > 0)


edges = st.integers(2, 9).flatmap(
    lambda n: st.tuples(
        st.just(n),
        st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda edge: edge[0] != edge[1])),
    )
)


def graph_of(agents: int, pairs: set[tuple[int, int]]) -> FollowGraph:
    ends = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
    return FollowGraph(agents, ends[:, 0], ends[:, 1])


def networkx_of(agents: int, pairs: set[tuple[int, int]]) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(range(agents))
    graph.add_edges_from(pairs)
    return graph


@given(edges)
def test_measures_are_those_of_networkx(network: tuple[int, set[tuple[int, int]]]) -> None:
    graph, reference = graph_of(*network), networkx_of(*network)
    largest = max(map(len, nx.weakly_connected_components(reference)))
    assert measures.largest_component_share(graph) == largest / network[0]
    if network[1]:
        assert measures.reciprocity(graph) == pytest.approx(nx.overall_reciprocity(reference))
    else:
        assert measures.reciprocity(graph) is None


@given(edges)
def test_every_follow_is_found_and_nothing_else(network: tuple[int, set[tuple[int, int]]]) -> None:
    agents, pairs = network
    graph = graph_of(agents, pairs)
    source, target = np.divmod(np.arange(agents * agents), agents)
    assert graph.has(source, target).tolist() == [pair in pairs for pair in zip(source, target, strict=True)]
    row, followed = graph.followees(np.arange(agents), 100)
    assert set(zip(row.tolist(), followed.tolist(), strict=True)) == pairs


def test_who_follows_more_than_can_be_consulted_gets_round_to_all() -> None:
    graph = graph_of(8, {(0, other) for other in range(1, 8)} | {(1, 0)})
    reached = [graph.followees(np.array([0, 1]), 3, first=3 * turn) for turn in range(3)]
    assert [row.tolist() for row, _ in reached] == [[0, 0, 0, 1]] * 3
    assert {other for row, followed in reached for other in followed[row == 0].tolist()} == set(range(1, 8))


def test_the_karate_club_has_its_known_clustering_and_division() -> None:
    club, sides = karate_club()
    reference = nx.karate_club_graph()
    assert measures.clustering(club) == pytest.approx(nx.average_clustering(nx.Graph(reference.edges)))
    assert measures.clustering(club) == pytest.approx(0.5706, abs=1e-4)
    assert measures.reciprocity(club) == 1
    assert measures.largest_component_share(club) == 1
    across = sum(sides[a] != sides[b] for a, b in reference.edges)
    assert measures.external_internal_index(club, sides) == pytest.approx((2 * across - 78) / 78)
    nx.set_node_attributes(reference, dict(enumerate(sides)), "side")
    expected = nx.numeric_assortativity_coefficient(reference, "side")
    assert measures.assortativity(club, sides) == pytest.approx(expected)


def test_without_follows_there_is_nothing_to_measure() -> None:
    graph = graph_of(3, set())
    assert measures.external_internal_index(graph, np.arange(3)) is None
    assert measures.assortativity(graph, np.arange(3)) is None
    assert measures.clustering(graph) == 0
    assert measures.largest_component_share(graph) == pytest.approx(1 / 3)


def test_one_without_friends_leaves_the_rest_of_the_picture_its_room() -> None:
    friends = np.array(
        [(one, other) for one in range(30) for other in range(30) if one != other and (one * other) % 7 < 3]
    )
    sample = Sample(FollowGraph(31, friends[:, 0], friends[:, 1]))
    width = np.ptp(sample.x)
    crowd = np.ptp(np.quantile(sample.x[:30], [0.1, 0.9]))
    assert crowd > 0.4 * width
