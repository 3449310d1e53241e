"""The nouns: Simulation, Run, what a run leaves, who is told, and what lists keep."""

from runs.models.notices import Delivery, Notifier
from runs.models.records import Decision, Event, Frame, Problem, SeriesBlock, Turn
from runs.models.run import Run, RunQuerySet
from runs.models.simulation import Simulation
from runs.models.views import BulkAct, BulkItem, SavedView

__all__ = [
    "BulkAct",
    "BulkItem",
    "Decision",
    "Delivery",
    "Event",
    "Frame",
    "Notifier",
    "Problem",
    "Run",
    "RunQuerySet",
    "SavedView",
    "SeriesBlock",
    "Simulation",
    "Turn",
]
