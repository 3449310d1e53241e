"""The agents: what interests them, what they think, and when they are there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

INTEREST_CONCENTRATION = 0.3  # of the Dirichlet: below 1, most agents care for few topics
ACTIVITY_SPREAD = 1.0  # standard deviation of the logarithm of activity
CHRONOTYPE_HOURS = 2.0  # standard deviation of early and late risers
# Stylised day of a social network, midnight to 23 h, the busiest hour being 1.
DAY = np.array(
    [
        *(0.35, 0.22, 0.14, 0.10, 0.09, 0.12, 0.22, 0.38, 0.52, 0.60, 0.64, 0.68),
        *(0.74, 0.72, 0.68, 0.68, 0.70, 0.74, 0.82, 0.92, 1.00, 0.98, 0.82, 0.58),
    ]
)


@dataclass(slots=True)
class Population:
    """One entry an agent. `interests` are unit vectors of non-negative weights; `opinion` lies in −1..1."""

    interests: np.ndarray
    main_topic: np.ndarray
    opinion: np.ndarray
    stubborn: np.ndarray
    activity: np.ndarray
    chronotype: np.ndarray

    def __len__(self) -> int:
        return len(self.opinion)

    @property
    def community(self) -> np.ndarray:
        """Agents of the same main topic on the same side of opinion."""
        return self.main_topic * 2 + (self.opinion >= 0)

    def awake(self, minute: int, activity: float, rng: np.random.Generator) -> np.ndarray:
        """The agents who are active in a turn that begins `minute` minutes after midnight, ascending.

        Each is with probability min(1, `activity` · own level · level of its own hour).
        """
        hour = (minute // 60 - self.chronotype) % 24
        chance = activity * self.activity * DAY[hour]
        return np.flatnonzero(rng.random(len(self)) < chance)


def populate(
    agents: int, topics: int, stubborn_share: float, sides: np.ndarray | None, rng: np.random.Generator
) -> Population:
    """Agents with Dirichlet interests, uniform opinions, log-normal activity of mean 1, and hours of their own.

    `sides` (−1 or 1 an agent), where a network brings them along, fix the sign of the opinions.
    """
    interest, opinion, stubborn, activity, chronotype = rng.spawn(5)
    weights = interest.standard_gamma(INTEREST_CONCENTRATION, (agents, topics), dtype=np.float32)
    weights = np.maximum(weights, np.float32(1e-20))  # all-zero rows have no direction
    lengths = np.sqrt((weights * weights).sum(axis=1, keepdims=True))
    lengths = np.maximum(lengths, np.float32(1e-20))
    opinions = opinion.uniform(-1, 1, agents)
    return Population(
        interests=weights / lengths,
        main_topic=weights.argmax(axis=1),
        opinion=opinions if sides is None else np.abs(opinions) * sides,
        stubborn=stubborn.random(agents) < stubborn_share,
        activity=np.exp(activity.normal(-(ACTIVITY_SPREAD**2) / 2, ACTIVITY_SPREAD, agents)),
        chronotype=np.rint(chronotype.normal(0, CHRONOTYPE_HOURS, agents)).astype(np.int64),
    )
