"""Optimisation: policies that cost something, proposed, compared and kept if they are better. What they decide, it does not know.

These are the names for scripts and notebooks.
"""

from simweb.scenarios.optimization.acceptance import Acceptance, Comparison, compute_paired_deltas
from simweb.scenarios.optimization.config import ExperimentConfig
from simweb.scenarios.optimization.constraints import ParameterRule, PolicyConstraints
from simweb.scenarios.optimization.events import ExperimentEvent, LiveStateProvider
from simweb.scenarios.optimization.interactions import Interaction
from simweb.scenarios.optimization.llm import ExperimentLLMClient, LLMProposer, PolicyGenerationResult
from simweb.scenarios.optimization.loop import OptimizationLoop, ProposerFailed
from simweb.scenarios.optimization.proposers import Proposal, Proposer, Request, proposer_of
from simweb.scenarios.optimization.records import IterationRecord, ProposalRecord
from simweb.scenarios.optimization.reference import Reference, equilibria
from simweb.scenarios.optimization.runner import GenericExperimentRunner
from simweb.scenarios.optimization.state import (
    ExperimentResult,
    ExperimentRunnerProtocol,
    ExperimentState,
    ExperimentStateProviderProtocol,
    OptimizationResult,
)
from simweb.scenarios.optimization.subject import Explained, Play, Subject, Trial
from simweb.scenarios.optimization.subjects import subject_of
from simweb.scenarios.optimization.verbose import VerboseConfig

__all__ = [
    "Acceptance",
    "Comparison",
    "ExperimentConfig",
    "ExperimentEvent",
    "ExperimentLLMClient",
    "ExperimentResult",
    "ExperimentRunnerProtocol",
    "ExperimentState",
    "ExperimentStateProviderProtocol",
    "Explained",
    "GenericExperimentRunner",
    "Interaction",
    "IterationRecord",
    "LLMProposer",
    "LiveStateProvider",
    "OptimizationLoop",
    "OptimizationResult",
    "ParameterRule",
    "Play",
    "PolicyConstraints",
    "PolicyGenerationResult",
    "Proposal",
    "ProposalRecord",
    "Proposer",
    "ProposerFailed",
    "Reference",
    "Request",
    "Subject",
    "Trial",
    "VerboseConfig",
    "compute_paired_deltas",
    "equilibria",
    "proposer_of",
    "subject_of",
]
