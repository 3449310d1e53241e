"""The nouns: what a day was like, for a simulation and for all."""

from performance.models.days import DailyPerformance, SystemDay

__all__ = ["DailyPerformance", "SystemDay"]
