"""Verbs about simulations: make, change, archive; and the ready-made ones that a new server has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from runs.models import Simulation
from runs.specs import BadSpec, FieldError, build_spec, clean_description, kept_params, load_scenario, merged, whole_or
from simweb.engine import BASE_KEYS, Scenario, catalogue, registry


class DuplicateSlug(ValueError):
    """Another simulation has this slug."""


# /api/v1/simulations/… and /simulations/… have fixed addresses of these names.
MAX_SLUG = 100
SLUG_RULE = "May hold up to 100 lower-case letters, digits and hyphens, and not be a reserved word."
RESERVED = frozenset({"run", "runs", "metrics", "config", "feed-algorithms", "new"})
READY_MADE: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("social-feed", "Opinions on a social feed", "social-feed", {}),
    ("karate-club", "Opinions in Zachary's karate club", "social-feed", {"network": "karate"}),
    (
        "two-banks",
        "Two banks and a day of payments",
        "payments",
        {"game": "castro-2", "fractions": {"BANK_A": 0.05, "BANK_B": 0.05}},
    ),
    ("segregation", "Segregation at 30 % tolerance", "schelling", {"wanted": 0.3}),
    ("haggling", "Haggling with a scripted model", "haggling", {}),
    ("who-gets-rich", "Who gets rich", "wealth", {"agents": 1000}),
)


def create_simulation(
    *,
    name: str,
    scenario: str,
    slug: str | None = None,
    params: Mapping[str, Any] | None = None,
    turns: int | None = None,
    metric_keys: Iterable[str] | None = None,
    headline_metric: str | None = None,
    description: str = "",
    by: User | None = None,
) -> Simulation:
    """Keep a scenario with parameters under a name. Raises BadSpec, or DuplicateSlug when the slug was given and is taken."""
    kind = load_scenario(scenario)
    spec = build_spec(kind, params=params or {}, turns=turns, seed=0, metric_keys=metric_keys)
    title = _clean_name(name)
    simulation = Simulation(
        name=title,
        description=clean_description(description),
        scenario=scenario,
        slug=slug or free_slug(title),
        **kept_params(kind, spec),
        turns=spec.turns,
        metric_keys=list(spec.metric_keys),
        headline_metric=_headline(kind, headline_metric, spec.metric_keys),
        created_by=by,
    )
    if slug is not None and (not is_slug(slug) or slug in RESERVED):
        raise BadSpec([FieldError(("slug",), SLUG_RULE)])
    return _save(simulation)


def change_simulation(
    simulation: Simulation,
    *,
    name: str | None = None,
    params: Mapping[str, Any] | None = None,
    turns: int | None = None,
    metric_keys: Iterable[str] | None = None,
    headline_metric: str | None = None,
    description: str | None = None,
    is_archived: bool | None = None,
    execution: Mapping[str, Any] | None = None,
) -> Simulation:
    """Change what is given; `params` may name only those that change. Runs made before keep their spec. Raises BadSpec."""
    for field, value in (execution or {}).items():
        setattr(simulation, field, value)
    if is_archived is not None:
        simulation.is_archived = is_archived
    if name is not None:
        simulation.name = _clean_name(name)
    if description is not None:
        simulation.description = clean_description(description)
    if any(value is not None for value in (params, turns, metric_keys, headline_metric)):
        kind = load_scenario(simulation.scenario)
        spec = build_spec(
            kind,
            params=merged(kind, simulation, params),
            turns=whole_or(kind, simulation) if turns is None else turns,
            seed=0,
            metric_keys=simulation.metric_keys if metric_keys is None else metric_keys,
        )
        for column, value in kept_params(kind, spec).items():
            setattr(simulation, column, value)
        simulation.turns = spec.turns
        simulation.metric_keys = list(spec.metric_keys)
        measured = simulation.headline_metric if simulation.headline_metric in spec.metric_keys else None
        simulation.headline_metric = _headline(kind, headline_metric or measured, spec.metric_keys)
    return _save(simulation)


def is_slug(text: str) -> bool:
    """Lower-case ASCII letters, digits and hyphens, up to 100."""
    return bool(text) and slugify(text) == text and len(text) <= MAX_SLUG


def remove_simulation(simulation: Simulation) -> None:
    """Archive it: it leaves the dashboard, its runs are kept, and `is_archived: false` brings it back."""
    Simulation.objects.filter(pk=simulation.pk).update(is_archived=True)


def make_ready() -> None:
    """Make the ready-made simulations whose scenario loads, once in the life of a database."""
    if Simulation.objects.exists():
        return
    scenarios = registry.listing().scenarios
    for slug, name, scenario, params in READY_MADE:
        if scenario in scenarios:
            create_simulation(name=name, scenario=scenario, slug=slug, params=params)


def free_slug(name: str) -> str:
    """A slug made from the name that no simulation has yet."""
    base = slugify(name)[:90] or "simulation"
    taken = RESERVED | set(Simulation.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    number = 2
    slug = base
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    return slug


def _save(simulation: Simulation) -> Simulation:
    try:
        with transaction.atomic():
            simulation.save()
    except IntegrityError:
        raise DuplicateSlug(f"there is already a simulation {simulation.slug!r}") from None
    return simulation


def _clean_name(name: str) -> str:
    trimmed = " ".join(name.split())
    if not trimmed or len(trimmed) > 200:
        raise BadSpec([FieldError(("name",), "Give it a name of 1 to 200 characters.")])
    return trimmed


def _headline(scenario: type[Scenario], wanted: str | None, chosen: Iterable[str]) -> str:
    """The turn metric to draw on the dashboard: the wanted one, else the first chosen that says more than a count of actions."""
    known = catalogue(scenario)
    if wanted and (wanted not in known or known[wanted].scope != "turn" or known[wanted].kind != "number"):
        raise BadSpec([FieldError(("headline_metric",), "Must be a metric of the turn that is a number.")])
    drawable = [key for key in chosen if known[key].scope == "turn" and known[key].kind == "number"]
    telling = [key for key in drawable if key not in BASE_KEYS]
    return wanted or next(iter(telling or drawable), "")
