"""The nouns: Simulation, Run, what a run leaves, who is told, what lists keep, and who is up."""

from runs.models.notices import Delivery, Notifier, discreet
from runs.models.presence import ServerProcess, WriteProbe
from runs.models.records import Decision, Event, Frame, JournalEntry, Problem, SeriesBlock, Turn
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
    "JournalEntry",
    "Notifier",
    "Problem",
    "Run",
    "RunQuerySet",
    "SavedView",
    "SeriesBlock",
    "ServerProcess",
    "Simulation",
    "Turn",
    "WriteProbe",
    "discreet",
]
