"""What a simulation is made of and how it is played. Pure Python: no Django here, nor in any scenario.

These are the names that authors of scenarios may use.
"""

from simweb.engine.blocks import Bars, Block, Branch, Question, Table, Text, Tree
from simweb.engine.budgets import Amount, Budget, BudgetExceeded
from simweb.engine.decision import FATES, Decision, Fate, Option, Settled
from simweb.engine.faults import Fault, Faulty
from simweb.engine.metric import BASE_KEYS, Context, Metric, MetricError, UnknownMetric, catalogue, select_keys
from simweb.engine.play import Frame, Outcome, PlayedTurn, Spec, play
from simweb.engine.recordings import (
    Answer,
    CallFailed,
    NotRecorded,
    Recording,
    current_recording,
    use_recording,
)
from simweb.engine.scenario import SEVERITIES, Params, Problem, Scenario, Severity, TurnReport, data_file
from simweb.engine.statistics import student_t
from simweb.engine.view import View, bars, columns, grid, network, points

__all__ = [
    "BASE_KEYS",
    "FATES",
    "SEVERITIES",
    "Amount",
    "Answer",
    "Bars",
    "Block",
    "Branch",
    "Budget",
    "BudgetExceeded",
    "CallFailed",
    "Context",
    "Decision",
    "Fate",
    "Fault",
    "Faulty",
    "Frame",
    "Metric",
    "MetricError",
    "NotRecorded",
    "Option",
    "Outcome",
    "Params",
    "PlayedTurn",
    "Problem",
    "Question",
    "Recording",
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
    "current_recording",
    "data_file",
    "grid",
    "network",
    "play",
    "points",
    "select_keys",
    "student_t",
    "use_recording",
]
