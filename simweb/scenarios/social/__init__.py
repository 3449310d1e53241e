"""Social feed: people on a follow network, and the algorithm that decides what they read."""

from simweb.scenarios.social.params import SocialParams
from simweb.scenarios.social.world import SocialFeed

__all__ = ["SocialFeed", "SocialParams"]
