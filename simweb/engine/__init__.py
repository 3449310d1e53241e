"""What a simulation is made of and how it is played. Pure Python: no Django here, nor in any scenario.

These are the names that authors of scenarios may use.
"""

from simweb.engine.blocks import Bars, Block, Branch, Question, Table, Text, Tree
from simweb.engine.decision import FATES, Decision, Fate, Option, Settled
from simweb.engine.faults import Fault, Faulty
from simweb.engine.metric import BASE_KEYS, Context, Metric, MetricError, UnknownMetric, catalogue, select_keys
from simweb.engine.play import Frame, Outcome, PlayedTurn, Spec, play
from simweb.engine.scenario import SEVERITIES, Params, Problem, Scenario, Severity, TurnReport, data_file
from simweb.engine.statistics import student_t
from simweb.engine.view import View, bars, columns, grid, network, points

__all__ = [
    "BASE_KEYS",
    "FATES",
    "SEVERITIES",
    "Bars",
    "Block",
    "Branch",
    "Context",
    "Decision",
    "Fate",
    "Fault",
    "Faulty",
    "Frame",
    "Metric",
    "MetricError",
    "Option",
    "Outcome",
    "Params",
    "PlayedTurn",
    "Problem",
    "Question",
    "Scenario",
    "Settled",
    "Severity",
    "Spec",
    "Table",
    "Text",
    "Tree",
    "TurnReport",
    "UnknownMetric",
    "View",
    "bars",
    "catalogue",
    "columns",
    "data_file",
    "grid",
    "network",
    "play",
    "points",
    "select_keys",
    "student_t",
]
