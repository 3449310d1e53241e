"""TPE: the tree-structured Parzen estimator (Bergstra et al. 2011), as Optuna has it; asked and told, trial after trial."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from simweb.scenarios.optimization.constraints import ParameterRule
from simweb.scenarios.optimization.proposers.protocol import Proposal, Request

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study

LIMIT = 2**32  # of the sampler's seeds


def has_optuna() -> bool:
    """Whether Optuna is installed."""
    return find_spec("optuna") is not None


@dataclass(frozen=True, slots=True)
class Tpe:
    """A new study in each of an agent's turns, of so many trials, the first of them what the agent does already.

    Each trial has a sampler of its own, seeded by the turn's seed and the trial's number: what is proposed follows from the
    request alone, so that an experiment that goes on from a checkpoint proposes what it would have proposed.
    """

    trials: int

    def propose(self, request: Request) -> Proposal:
        """The cheapest that was found, unless the agent does that already. Raises RuntimeError when every trial failed."""
        import optuna

        optuna.logging.disable_default_handler()
        rules = {rule.name: rule for rule in request.tunable_or_refuse()}
        study = optuna.create_study()
        if all(rule.allows(request.values[name]) for name, rule in rules.items()):
            study.enqueue_trial({name: request.values[name] for name in rules})
        failures = [error for number in range(self.trials) if (error := _try(study, number, rules, request))]
        if len(failures) == self.trials:
            raise RuntimeError(f"All {self.trials} trials failed, the last with {failures[-1]}.")
        found = {**request.values, **study.best_params}
        if found == request.values:
            return Proposal(None, "Nothing cheaper was found.")
        told = ", ".join(f"{name} {found[name]:.6g}" for name in rules)
        failed = f"; {len(failures)} failed" if failures else ""
        return Proposal(request.changed(found), f"The cheapest of {self.trials} trials: {told}{failed}.")


def _try(study: Study, number: int, rules: dict[str, ParameterRule], request: Request) -> str:
    """One trial, told to the study whatever comes of it; what went wrong, or nothing."""
    from optuna.samplers import TPESampler
    from optuna.trial import TrialState

    study.sampler = TPESampler(seed=(request.seed + number) % LIMIT)
    trial = study.ask({name: _distribution(rule) for name, rule in rules.items()})
    try:
        cost = request.cost_of(request.changed({**request.values, **trial.params}))
    except Exception as error:  # the study must know: it looks elsewhere
        study.tell(trial, state=TrialState.FAIL)
        return f"{type(error).__name__}: {error}"
    study.tell(trial, cost)
    return ""


def _distribution(rule: ParameterRule) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if rule.param_type == "enum":
        return CategoricalDistribution(rule.allowed_values)
    if rule.param_type == "int":
        return IntDistribution(*rule.whole_bounds)
    return FloatDistribution(*rule.bounds)
