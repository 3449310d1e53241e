"""What a person can set in the social feed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue, ValidationInfo, field_validator

from simweb.engine import Params, data_file
from simweb.scenarios.social.edge_list import read_edge_list

MAX_FOLLOWS = 50_000_000

Network = Literal["generated", "karate", "file"]
FeedAlgorithm = Literal["chronological", "most-liked", "hot", "interest", "random"]
FeedOrder = Literal["newest_first", "oldest_first"]
FEED_TITLES: dict[str, JsonValue] = {
    "chronological": "Chronological",
    "most-liked": "Most liked",
    "hot": "Hot",
    "interest": "Interest × recency × popularity",
    "random": "Random",
}
FEED_EXPLANATIONS: dict[str, JsonValue] = {
    "chronological": "By time alone, newest or oldest first.",
    "most-liked": "By the number of likes, newest first among equals.",
    "hot": "By the logarithm of the score plus the time of posting: ten times the votes make up for 12.5 hours.",
    "interest": "By the product of how near the topics are, how new the post and how followed its author is.",
    "random": "In no order: the null model.",
}


class SocialParams(Params):
    """Who is there, who follows whom, how the feed is ranked, and how minds change."""

    network: Network = Field(
        "generated",
        title="Network",
        description="Generated (scale-free, with homophily), Zachary's karate club (34 people), or a file of your own.",
    )
    network_file: str = Field(
        "",
        title="Network file",
        validate_default=True,
        description="For network “file”: an edge list in networks/ of the data directory, “follower,followed” a line.",
    )
    agents: int = Field(
        1000,
        ge=1,
        le=1_000_000,
        title="Agents",
        description="Only for the generated network; the karate club has 34, a file as many as it names.",
        json_schema_extra={"unit": "agents"},
    )
    mean_degree: float = Field(
        10,
        ge=0,
        le=500,
        title="Mean degree",
        description="How many others an agent follows at the start, on average (generated network).",
        json_schema_extra={"unit": "follows per agent"},
    )
    homophily: float = Field(
        0.5,
        ge=0,
        le=1,
        title="Homophily",
        description="Share of follows kept among agents of one main topic and side of opinion (generated network).",
        json_schema_extra={"unit": "share"},
    )
    topics: int = Field(
        8,
        ge=1,
        le=100,
        title="Topics",
        description="Length of the interest vectors.",
        json_schema_extra={"unit": "topics"},
    )
    feed: FeedAlgorithm = Field(
        "interest",
        title="Feed algorithm",
        description="What decides which posts come first.",
        json_schema_extra={"choices": FEED_TITLES, "explanations": FEED_EXPLANATIONS},
    )
    feed_order: FeedOrder = Field("newest_first", title="Feed order", description="Only for the chronological feed.")
    feed_size: int = Field(
        20, ge=1, le=20, title="Feed size", description="Most posts shown at once.", json_schema_extra={"unit": "posts"}
    )
    in_network_share: float = Field(
        0.5,
        ge=0,
        le=1,
        title="In-network share",
        description="Share of the feed kept for posts from agents one follows; what is left over, others fill.",
        json_schema_extra={"unit": "share"},
    )
    activity: float = Field(
        0.1,
        ge=0,
        le=100,
        title="Activity",
        description="Probability that an average agent is active in a turn at the busiest hour. Beyond 1, quieter agents are "
        "active, too; at 100 nearly everybody is, all day.",
        json_schema_extra={"unit": "per turn"},
    )
    start_hour: int = Field(
        8,
        ge=0,
        le=23,
        title="Start hour",
        description="Hour of the day of the first turn.",
        json_schema_extra={"unit": "h"},
    )
    minutes_per_turn: int = Field(30, ge=1, le=240, title="Minutes per turn", json_schema_extra={"unit": "min"})
    tolerance: float = Field(
        0.5,
        ge=0,
        le=2,
        title="Tolerance",
        description="Bounded confidence: opinions (−1 to 1) farther away than this have no influence.",
    )
    convergence: float = Field(
        0.1,
        ge=0,
        le=1,
        title="Convergence",
        description="How far an agent moves towards what it reads, as a share of the distance.",
        json_schema_extra={"unit": "per turn"},
    )
    stubborn_share: float = Field(
        0.05,
        ge=0,
        le=1,
        title="Stubborn agents",
        description="Share of agents who never change their minds.",
        json_schema_extra={"unit": "share"},
    )
    herding: float = Field(
        1,
        ge=0,
        le=10,
        title="Herding",
        description="How much a visible score s sways likes: odds × exp(herding·sgn(s)·log10(1+|s|)). "
        "At 1, a first vote raises the odds by 35 % (Muchnik et al. 2013 measured 32 %).",
    )
    seeded_posts: int = Field(
        20,
        ge=0,
        le=10_000,
        title="Seeded posts per arm",
        description="Posts there before the first turn, in matched triples: voted up, left alone, voted down.",
        json_schema_extra={"unit": "posts"},
    )

    @field_validator("network_file")
    @classmethod
    def _is_readable(cls, name: str, info: ValidationInfo) -> str:
        if info.data.get("network") == "file":
            if not name:
                raise ValueError("name the file of the network")
            read_edge_list(data_file(name, folder="networks"))
        return name

    @field_validator("mean_degree")
    @classmethod
    def _fits_in_memory(cls, mean_degree: float, info: ValidationInfo) -> float:
        agents = info.data.get("agents", 0)
        if info.data.get("network") == "generated" and agents * mean_degree > MAX_FOLLOWS:
            raise ValueError(f"{agents:,} agents with {mean_degree:g} follows each exceed {MAX_FOLLOWS:,} follows")
        return mean_degree
