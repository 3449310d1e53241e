"""The nouns: what a day was like, for a simulation and for all; what has changed of it since; what was ever counted."""

from performance.models.days import ChangedDay, DailyPerformance, RemovedDay, SystemDay
from performance.models.totals import ErrorTotals, ExecutionTotals

__all__ = ["ChangedDay", "DailyPerformance", "ErrorTotals", "ExecutionTotals", "RemovedDay", "SystemDay"]
