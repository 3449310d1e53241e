"""The metrics of the social feed."""

from __future__ import annotations

from typing import Any

import numpy as np

from simweb.engine import Context, Metric
from simweb.scenarios.inequality import gini, top_share
from simweb.scenarios.social import graph_measures as graph
from simweb.scenarios.social.feed_measures import mean_overlap, mean_topic_entropy
from simweb.scenarios.social.network import distinct
from simweb.scenarios.social.opinions import bimodality
from simweb.scenarios.social.run_measures import cascade_shapes, extra_likes, largest_cascades, treatment_scores

ENGAGEMENTS = ("like", "repost", "comment")
BINS = np.linspace(-1, 1, 11)


def _fact(context: Context, name: str) -> Any:
    return context.report.facts[name] if context.report else None


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None


def _likes(context: Context) -> np.ndarray:
    posts = context.scenario.posts
    likes: np.ndarray = posts["likes"][posts.originals]
    return likes


def _engagements(counts: dict[str, int]) -> int:
    return sum(counts[name] for name in ENGAGEMENTS)


def _cross_cutting(context: Context) -> float | None:
    shown, opinions = _fact(context, "shown"), _fact(context, "readers_opinions")
    return _mean((context.scenario.posts["stance"][shown.content] >= 0) != (opinions[shown.feed] >= 0))


def _topic_entropy(context: Context) -> float | None:
    shown, world = _fact(context, "shown"), context.scenario
    return mean_topic_entropy(shown, world.posts["topic"][shown.content], world.people.interests.shape[1])


def _histogram(context: Context) -> dict[str, int]:
    counts, _ = np.histogram(context.scenario.people.opinion, BINS)
    return {f"{low:.1f} to {low + 0.2:.1f}": int(count) for low, count in zip(BINS, counts, strict=False)}


def _reacted(context: Context) -> int:
    shown, reactions = _fact(context, "shown"), _fact(context, "reactions")
    reacted = shown.agent[reactions.like | reactions.repost | reactions.comment]
    return len(distinct(reacted))


def _change(context: Context) -> float | None:
    series = [value for value in context.series["turn.opinion.variance"] if value is not None]
    return series[-1] - context.scenario.first_variance if series else None


FEED_METRICS = (
    Metric(
        "turn.feed.exposures",
        "Exposures",
        lambda c: len(_fact(c, "shown")),
        unit="posts shown",
        description="Posts shown in all feeds of the turn; whether or not anybody reacted.",
    ),
    Metric(
        "turn.feed.empty_share",
        "Empty feeds",
        lambda c: _share(_fact(c, "empty_feeds"), len(_fact(c, "active"))),
        unit="share",
        description="Share of active agents who were shown nothing.",
    ),
    Metric(
        "turn.feed.in_network_share",
        "In-network exposures",
        lambda c: _mean(_fact(c, "shown").in_network),
        unit="share",
        description="Share of exposures to posts or reposts of agents the reader follows.",
    ),
    Metric(
        "turn.feed.cross_cutting_share",
        "Cross-cutting exposures",
        _cross_cutting,
        unit="share",
        description="Share of exposures to posts from the other side of what the reader thought before reading them "
        "(Bakshy et al. 2015, Science 348).",
    ),
    Metric(
        "turn.feed.topic_entropy",
        "Topic diversity of feeds",
        _topic_entropy,
        unit="0–1",
        description="Mean Shannon entropy of the topics in a feed, divided by its maximum ln(topics).",
    ),
    Metric(
        "turn.feed.overlap",
        "Overlap of feeds",
        lambda c: mean_overlap(_fact(c, "shown")),
        unit="0–1",
        description="Mean Jaccard overlap of all pairs of feeds; where there are more than 1,000, of 1,000 evenly spaced ones.",
    ),
    Metric(
        "run.feed.exposures",
        "Exposures, whole run",
        lambda c: sum(value or 0 for value in c.series["turn.feed.exposures"]),
        scope="run",
        requires=("turn.feed.exposures",),
        unit="posts shown",
        description="Posts shown in all feeds of all turns.",
    ),
)

ENGAGEMENT_METRICS = (
    Metric(
        "turn.agents.active_share",
        "Active agents",
        lambda c: len(_fact(c, "active")) / len(c.scenario.people),
        unit="share",
        description="Share of agents who were there in the turn.",
    ),
    Metric(
        "turn.agents.engaged",
        "Engaged agents",
        _reacted,
        unit="agents",
        description="Agents who liked, reposted or commented on at least one post.",
    ),
    Metric(
        "turn.engagement.total",
        "Engagements",
        lambda c: _engagements(c.values["turn.actions.counts_by_type"]),
        requires=("turn.actions.counts_by_type",),
        unit="actions",
        description="Likes, reposts and comments.",
    ),
    Metric(
        "turn.engagement.rate",
        "Engagement rate",
        lambda c: _share(c.values["turn.engagement.total"], c.values["turn.feed.exposures"]),
        requires=("turn.engagement.total", "turn.feed.exposures"),
        unit="per exposure",
        description="Likes, reposts and comments per post shown.",
    ),
    Metric(
        "run.engagement.rate",
        "Engagement rate, whole run",
        lambda c: _share(_engagements(c.values["run.actions.total_by_type"]), c.values["run.feed.exposures"]),
        scope="run",
        requires=("run.actions.total_by_type", "run.feed.exposures"),
        unit="per exposure",
        description="Likes, reposts and comments per post shown, over all turns.",
    ),
    Metric(
        "turn.actions.rejected",
        "Rejected actions",
        lambda c: _fact(c, "reactions").rejected,
        unit="proposals",
        description="Follows of somebody followed already, and follows and unfollows proposed twice in the turn.",
    ),
    Metric(
        "turn.likes.gini",
        "Inequality of likes",
        lambda c: gini(_likes(c)),
        unit="0–1",
        description="Gini coefficient of likes over all original posts.",
    ),
    Metric(
        "turn.likes.top_share",
        "Likes of the top 1 %",
        lambda c: top_share(_likes(c)),
        unit="share",
        description="Share of all likes that the most liked 1 % of original posts have.",
    ),
)

NETWORK_METRICS = (
    Metric(
        "turn.followers.gini",
        "Inequality of followers",
        lambda c: gini(c.scenario.graph.followers),
        unit="0–1",
        description="Gini coefficient of follower counts.",
    ),
    Metric(
        "turn.followers.top_share",
        "Followers of the top 1 %",
        lambda c: top_share(c.scenario.graph.followers),
        unit="share",
        description="Share of all follows that go to the most followed 1 % of agents.",
    ),
    Metric(
        "turn.network.follows",
        "Follows",
        lambda c: len(c.scenario.graph),
        unit="follows",
        description="Directed edges of the follow network after the turn.",
    ),
    Metric(
        "turn.network.new_follows",
        "New follows",
        lambda c: len(_fact(c, "reactions").follows[0]),
        unit="follows",
        description="Follows that came about in the turn.",
    ),
    Metric(
        "turn.network.density",
        "Density",
        lambda c: _share(c.values["turn.network.follows"], len(c.scenario.people) * (len(c.scenario.people) - 1)),
        requires=("turn.network.follows",),
        unit="share",
        description="Follows as a share of all that are possible.",
    ),
    Metric(
        "turn.network.reciprocity",
        "Reciprocity",
        lambda c: graph.reciprocity(c.scenario.graph),
        unit="share",
        description="Share of follows that are returned.",
    ),
    Metric(
        "turn.network.clustering",
        "Clustering",
        lambda c: graph.clustering(c.scenario.graph),
        unit="0–1",
        description="Mean share of an agent's followees who follow each other (Watts & Strogatz 1998); "
        "over 1,000 agents and 50 followees of each where there are more.",
    ),
    Metric(
        "turn.network.largest_component",
        "Largest component",
        lambda c: graph.largest_component_share(c.scenario.graph),
        unit="share",
        description="Share of agents in the largest weakly connected component.",
    ),
    Metric(
        "turn.network.ei_index",
        "E-I index",
        lambda c: graph.external_internal_index(c.scenario.graph, c.scenario.people.opinion >= 0),
        unit="−1–1",
        description="Follows across minus follows within the sides of opinion, per follow (Krackhardt & Stern 1988).",
    ),
)

OPINION_METRICS = (
    Metric(
        "turn.opinion.mean",
        "Mean opinion",
        lambda c: c.scenario.people.opinion.mean(),
        unit="−1–1",
        description="Mean of all agents' opinions.",
    ),
    Metric(
        "turn.opinion.variance",
        "Polarization (variance)",
        lambda c: c.scenario.people.opinion.var(),
        unit="0–1",
        description="Population variance of opinions: 0 is consensus, 1/3 a uniform spread, 1 two opposite camps.",
    ),
    Metric(
        "turn.opinion.extremity",
        "Extremity",
        lambda c: np.abs(c.scenario.people.opinion).mean(),
        unit="0–1",
        description="Mean distance of opinions from 0.",
    ),
    Metric(
        "turn.opinion.bimodality",
        "Bimodality",
        lambda c: bimodality(c.scenario.people.opinion),
        unit="0–1",
        description="Sarle's bimodality coefficient of opinions: 5/9 for a uniform spread, towards 1 for two camps.",
    ),
    Metric(
        "turn.opinion.assortativity",
        "Assortativity of opinion",
        lambda c: graph.assortativity(c.scenario.graph, c.scenario.people.opinion),
        unit="−1–1",
        description="Correlation of the opinions of follower and followed (Newman 2003).",
    ),
    Metric(
        "turn.opinion.histogram",
        "Opinions",
        _histogram,
        kind="mapping",
        unit="agents",
        description="Agents by opinion, in ten classes.",
    ),
    Metric(
        "run.opinion.variance_change",
        "Change of polarization",
        _change,
        scope="run",
        requires=("turn.opinion.variance",),
        unit="variance",
        description="Variance of opinions after the last turn minus that before the first.",
    ),
)


def _shape(name: str, title: str, unit: str, description: str) -> Metric:
    return Metric(
        f"run.cascades.{name}",
        title,
        lambda c: c.values["run.cascades.shapes"].get(f"mean_{name}"),
        scope="run",
        requires=("run.cascades.shapes",),
        unit=unit,
        description=description,
    )


RUN_METRICS = (
    Metric(
        "run.cascades.shapes",
        "Shapes of cascades",
        lambda c: cascade_shapes(c.scenario.posts),
        scope="run",
        kind="mapping",
        description="Number of posts that were reposted; mean and maximum of scale, depth, breadth and virality.",
    ),
    _shape("scale", "Scale of cascades", "posts", "Mean number of posts in a cascade, the original among them."),
    _shape("depth", "Depth of cascades", "reposts", "Mean of the longest chain of reposts in a cascade."),
    _shape("breadth", "Breadth of cascades", "posts", "Mean of the most posts at one depth of a cascade."),
    _shape("virality", "Structural virality", "reposts", "Mean distance of two posts of a cascade (Goel et al. 2016)."),
    Metric(
        "run.cascades.largest",
        "Largest cascades",
        lambda c: largest_cascades(c.scenario.posts),
        scope="run",
        kind="table",
        description="The ten cascades of most posts; half_time is the turns until half their posts were there.",
    ),
    Metric(
        "run.treatment.scores",
        "Herd experiment",
        lambda c: treatment_scores(c.scenario.posts),
        scope="run",
        kind="table",
        description="Seeded posts by arm: mean likes received, and mean score (likes plus first vote) with its 95 % "
        "confidence interval by Student's t (Muchnik et al. 2013).",
    ),
    Metric(
        "run.treatment.up_effect",
        "Effect of an up-vote",
        lambda c: extra_likes(c.values["run.treatment.scores"], "up"),
        scope="run",
        requires=("run.treatment.scores",),
        unit="likes per post",
        description="Mean likes of seeded posts voted up minus those of the control arm, without the vote itself.",
    ),
    Metric(
        "run.treatment.down_effect",
        "Effect of a down-vote",
        lambda c: extra_likes(c.values["run.treatment.scores"], "down"),
        scope="run",
        requires=("run.treatment.scores",),
        unit="likes per post",
        description="Mean likes of seeded posts voted down minus those of the control arm, without the vote itself.",
    ),
)

METRICS = (*FEED_METRICS, *ENGAGEMENT_METRICS, *NETWORK_METRICS, *OPINION_METRICS, *RUN_METRICS)
