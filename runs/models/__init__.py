"""The nouns: Simulation, Run, what a run leaves (Turn, Decision, Problem, Frame, Event), and who is told (Notifier, Delivery)."""

from runs.models.notices import Delivery, Notifier
from runs.models.records import Decision, Event, Frame, Problem, Turn
from runs.models.run import Run, RunQuerySet
from runs.models.simulation import Simulation

__all__ = ["Decision", "Delivery", "Event", "Frame", "Notifier", "Problem", "Run", "RunQuerySet", "Simulation", "Turn"]
