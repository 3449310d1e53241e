"""Banks, as a scenario file says them: `agents`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simweb.engine import Faulty
from simweb.scenarios.documents.sections import Section, is_number
from simweb.scenarios.documents.suggestions import shown
from simweb.scenarios.documents.yaml_text import UNREADABLE
from simweb.scenarios.payments.files.arrival_sections import read_arrivals
from simweb.scenarios.payments.market import MOST_BANKS, MOST_CENTS, Bank
from simweb.scenarios.payments.policies import read_policy

LONGEST_NAME = 100


def read_names(top: Section) -> dict[str, int]:
    """The names of the banks, each with the line on which it is given first; notes those that are given twice."""
    names: dict[str, int] = {}
    agents = top.raw("agents")
    for index, bank in enumerate(agents if isinstance(agents, list) else []):
        name, path = bank.get("id") if isinstance(bank, dict) else None, ("agents", index, "id")
        if isinstance(name, str) and name in names:
            message = f"There is a bank {shown(name)} on line {names[name]} already. Give each bank a name of its own."
            top.complaints.add(message, path)
        elif isinstance(name, str):
            names[name] = top.complaints.document.line(path)
    return names


def read_banks(top: Section, names: Mapping[str, int]) -> tuple[Bank, ...]:
    """The list `agents`, in its order."""
    said = list(top.sections("agents"))
    if not top.has("agents") or top.raw("agents") == []:
        top.complain("agents", 'Name at least one bank under "agents".')
    if len(said) > MOST_BANKS:
        top.complain("agents", f"There are {len(said):,} banks; at most {MOST_BANKS:,} can be played.")
        return ()
    return tuple(_bank(bank, names) for bank in said)


def _bank(said: Section, names: Mapping[str, int]) -> Bank:
    name = _name(said)
    bilateral, multilateral = _limits(said, name, names)
    bank = Bank(
        name=name,
        opening_balance=said.integer("opening_balance", 0, -MOST_CENTS, MOST_CENTS, required=True),
        unsecured_cap=said.integer("unsecured_cap", 0, 0, MOST_CENTS),
        policy=_policy(said),
        arrivals=read_arrivals(said, name, names),
        posted_collateral=said.integer("posted_collateral", 0, 0, MOST_CENTS),
        haircut=said.number("collateral_haircut", 0.02, 0, 1),
        collateral_capacity=said.optional_integer("max_collateral_capacity", 0, MOST_CENTS),
        bilateral=bilateral,
        multilateral=multilateral,
        pool=said.optional_integer("liquidity_pool", 0, MOST_CENTS),
        fraction=said.number("liquidity_allocation_fraction", 1.0, 0, 1)
        if said.has("liquidity_allocation_fraction")
        else None,
    )
    if said.has("liquidity_allocation_fraction") and not said.has("liquidity_pool"):
        message = "A fraction of what? Add liquidity_pool, or remove this."
        said.complain("liquidity_allocation_fraction", message)
    said.close()
    return bank


def _name(said: Section) -> str:
    if not said.required("id"):
        return ""
    name = said.raw("id")
    if name is None:
        return ""
    if is_number(name):
        said.complain("id", f'The name of a bank is a text. Put it in quotes: "{name}".')
    elif not isinstance(name, str):
        said.complain("id", f"Write the name of a bank here, not {shown(name)}.")
    elif not name or len(name) > LONGEST_NAME or not name.isprintable() or name != name.strip():
        message = f"A name has 1 to {LONGEST_NAME} characters, none of them invisible and no space before or after it."
        said.complain("id", message)
    else:
        return name
    return ""


def _limits(bank: Section, owner: str, names: Mapping[str, int]) -> tuple[dict[str, int], int | None]:
    said = bank.section("limits")
    if said is None:
        return {}, None
    bilateral = {}
    for name, block in said.by_bank("bilateral_limits", names, owner):
        limit = block.optional_integer(name, 0, MOST_CENTS)
        if limit is not None:
            bilateral[name] = limit
    multilateral = said.optional_integer("multilateral_limit", 0, MOST_CENTS)
    said.close()
    return bilateral, multilateral


def _policy(bank: Section) -> dict[str, Any]:
    said = bank.raw("policy")
    if said is None:
        return read_policy({"type": "Fifo"})
    path = (*bank.path, "policy")
    if _holds_unreadable(said):
        return {}
    try:
        return read_policy(said)
    except Faulty as faulty:
        for fault in faulty.faults:
            bank.complaints.add(fault.message, (*path, *fault.path))
    return {}


def _holds_unreadable(value: Any) -> bool:
    """Whether a part has been complained about already; then the policy is not read, as it is not what was meant."""
    if isinstance(value, dict):
        return any(map(_holds_unreadable, value.values()))
    if isinstance(value, list):
        return any(map(_holds_unreadable, value))
    return value is UNREADABLE
