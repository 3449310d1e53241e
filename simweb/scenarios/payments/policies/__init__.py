"""Policies: JSON trees that decide for a bank what is released, and what collateral and budget it has."""

from simweb.scenarios.payments.policies.checks import check_policy
from simweb.scenarios.payments.policies.constraints import Constraints, ParameterRule, check_constraints
from simweb.scenarios.payments.policies.named import NAMED, named_policy, read_policy
from simweb.scenarios.payments.policies.program import Program, program_of
from simweb.scenarios.payments.policies.trial import dry_run

__all__ = [
    "NAMED",
    "Constraints",
    "ParameterRule",
    "Program",
    "check_constraints",
    "check_policy",
    "dry_run",
    "named_policy",
    "program_of",
    "read_policy",
]
