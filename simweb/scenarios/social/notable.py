"""Which of the many decisions of a turn are worth a record: the first of each kind, treated posts, what was refused."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simweb.engine import Decision, Option
from simweb.scenarios.social.actions import Reactions
from simweb.scenarios.social.feeds import Exposures
from simweb.scenarios.social.population import Population
from simweb.scenarios.social.posts import UNSEEDED, Posts

A_TURN = 3  # of treated posts, and of refusals
ARM_NAMES = {1: "a first vote up", 0: "no first vote", -1: "a first vote down"}
REACTIONS = (Option("like", "like it"), Option("repost", "repost it"), Option("comment", "comment on it"))


class Notary:
    """Remembers which kinds of decision a run has seen."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def notable(
        self, shown: Exposures, reactions: Reactions, writers: np.ndarray, posts: Posts, people: Population
    ) -> list[Decision]:
        """Those of this turn, in a fixed order."""
        return [
            *self._first_reactions(shown, reactions, posts, people),
            *self._first("post", writers, "write a post"),
            *self._first("follow", reactions.follows[0], "follow a stranger", reactions.follows[1]),
            *self._first("unfollow", reactions.unfollows[0], "unfollow whom it disagrees with", reactions.unfollows[1]),
            *self._treated(shown, reactions, posts, people),
            *self._refused(reactions),
        ]

    def _is_first(self, kind: str) -> bool:
        is_first = kind not in self._seen
        self._seen.add(kind)
        return is_first

    def _first(
        self, kind: str, agents: np.ndarray, intent: str, others: np.ndarray | None = None
    ) -> Iterator[Decision]:
        if len(agents) and self._is_first(kind):
            whom = "" if others is None else f" agent {others[0]}"
            yield Decision(
                agent=f"agent {agents[0]}",
                intent=intent,
                chosen=f"{kind}{whom}",
                outcome="success",
                summary=f"The first {kind} of the run.",
            )

    def _first_reactions(
        self, shown: Exposures, reactions: Reactions, posts: Posts, people: Population
    ) -> Iterator[Decision]:
        for kind in ("like", "repost", "comment"):
            at = np.flatnonzero(getattr(reactions, kind))[:1]
            if len(at) and self._is_first(kind):
                yield _reaction(int(at[0]), kind, f"The first {kind} of the run.", shown, posts, people)

    def _treated(self, shown: Exposures, reactions: Reactions, posts: Posts, people: Population) -> Iterator[Decision]:
        arms = posts["arm"][shown.content]
        for at in np.flatnonzero(reactions.like & (arms != UNSEEDED))[:A_TURN]:
            summary = f"Liked a seeded post with {ARM_NAMES[int(arms[at])]}."
            yield _reaction(int(at), "like", summary, shown, posts, people)

    def _refused(self, reactions: Reactions) -> Iterator[Decision]:
        follower, followed = reactions.already
        for who, whom in zip(follower[:A_TURN], followed[:A_TURN], strict=True):
            yield Decision(
                agent=f"agent {who}",
                intent="follow a stranger",
                chosen=f"follow agent {whom}",
                outcome="failure",
                error="It follows that agent already.",
                context={"followed": int(whom)},
            )


def _reaction(at: int, kind: str, summary: str, shown: Exposures, posts: Posts, people: Population) -> Decision:
    viewer, content = int(shown.agent[at]), int(shown.content[at])
    return Decision(
        agent=f"agent {viewer}",
        intent=f"react to post {content} of agent {posts['author'][content]}",
        options=REACTIONS,
        chosen=kind,
        outcome="success",
        summary=summary,
        context={
            "opinion": round(float(people.opinion[viewer]), 4),
            "stance": round(float(posts["stance"][content]), 4),
            "votes": int(posts.score[content]),
            "in_network": bool(shown.in_network[at]),
        },
    )
