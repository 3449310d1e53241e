"""The nouns: Simulation, Run, what a run leaves (Turn, Decision, Problem, Event), and who is told (Notifier, Delivery)."""

from runs.models.notices import Delivery, Notifier
from runs.models.records import Decision, Event, Problem, Turn
from runs.models.run import Run, RunQuerySet
from runs.models.simulation import Simulation

__all__ = ["Decision", "Delivery", "Event", "Notifier", "Problem", "Run", "RunQuerySet", "Simulation", "Turn"]
