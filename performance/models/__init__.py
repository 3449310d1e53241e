"""The nouns: what a day was like, for a simulation and for all; what was ever counted."""

from performance.models.days import DailyPerformance, SystemDay
from performance.models.totals import ErrorTotals, ExecutionTotals

__all__ = ["DailyPerformance", "ErrorTotals", "ExecutionTotals", "SystemDay"]
