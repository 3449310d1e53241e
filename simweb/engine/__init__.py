"""What a simulation is made of and how it is played. Pure Python: no Django here, nor in any scenario.

These are the names that authors of scenarios may use.
"""

from simweb.engine.metric import BASE_KEYS, Context, Metric, MetricError, UnknownMetric, catalogue, select_keys
from simweb.engine.play import Outcome, PlayedTurn, Spec, play
from simweb.engine.scenario import Params, Problem, Scenario, Severity, TurnReport, data_file

__all__ = [
    "BASE_KEYS",
    "Context",
    "Metric",
    "MetricError",
    "Outcome",
    "Params",
    "PlayedTurn",
    "Problem",
    "Scenario",
    "Severity",
    "Spec",
    "TurnReport",
    "UnknownMetric",
    "catalogue",
    "data_file",
    "play",
    "select_keys",
]
