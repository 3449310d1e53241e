"""Asking a language model for policies. pydantic-ai, which speaks with providers, is needed only for calls that are made."""

from __future__ import annotations

from simweb.scenarios.optimization.llm.client import ExperimentLLMClient, PolicyGenerationResult
from simweb.scenarios.optimization.llm.proposer import LLMProposer, llm_proposer

__all__ = ["ExperimentLLMClient", "LLMProposer", "PolicyGenerationResult", "llm_proposer"]
