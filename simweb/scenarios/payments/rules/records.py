"""The tables that the rules work on. Each class is a row; `dtype_of` gives the same row as NumPy's record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np


@dataclass(slots=True)
class Account:
    """A bank. NONE (−1) is no limit, no budget, no tree. What is charged in the tick stands in the seven costs."""

    balance: int = 0
    unsecured_cap: int = 0
    posted: int = 0
    haircut: float = 0.02
    capacity: int = 0
    pool: int = 0
    has_pool: int = 0
    fraction: float = 1.0
    allocated: int = 0
    multilateral: int = -1
    paid_today: int = 0
    due_today: int = 0
    borrowed: int = 0  # at the end of the day, while it is counted
    pot: int = 0  # credits of the tick that are not usable yet
    opening: int = 0  # the balance with which the day began
    place: int = 0  # in Queue 1, while it is put in order
    queue1_count: int = 0
    queue1_value: int = 0
    queue2_count: int = 0
    queue2_value: int = 0
    incoming_count: int = 0  # payments to this bank that wait in Queue 2
    budget: int = -1
    budget_each: int = -1
    focus: int = -1  # place of the set of counterparties that may be paid
    payment_tree: int = -1
    bank_tree: int = -1
    strategic_tree: int = -1
    end_tree: int = -1
    withdraws: int = 0  # whether the payment tree can take a payment back from Queue 2
    delay_whole: int = 0  # while it is added up
    delay_rest: int = 0
    cost_liquidity: int = 0
    cost_delay: int = 0
    cost_overdraft: int = 0
    cost_collateral: int = 0
    cost_deadline: int = 0
    cost_end_of_day: int = 0
    cost_split: int = 0
    total_cost: int = 0  # of all ticks so far
    settled_count: int = 0  # of whole payments, all ticks so far
    settled_delay: int = 0  # ticks from arrival to settlement, summed over them
    arrived_count: int = 0


@dataclass(slots=True)
class Pair:
    """From one bank to another: row `sender * banks + receiver`."""

    limit: int = -1
    paid_today: int = 0
    queued: int = 0  # value that waits in Queue 2
    released: int = 0  # value released in the tick, against the budget
    first: int = -1  # the first payment that waits in Queue 2, while cycles are looked for


@dataclass(slots=True)
class Payment:
    """A payment. `remaining` is less than `amount` only where payments are divisible. `parent` is what it was split from."""

    sender: int = 0
    receiver: int = 0
    amount: int = 0
    remaining: int = 0
    arrival: int = 0
    deadline: int = 0
    priority: int = 5
    divisible: int = 0
    status: int = 0
    overdue: int = 0
    overdue_since: int = -1
    newly_overdue: int = 0
    parent: int = -1
    open_parts: int = 0
    settled_tick: int = -1
    leaf: int = -1  # what its bank's tree says of it in this tick
    said: float = 0.0  # the action's number


@dataclass(slots=True)
class Shock:
    """A scenario event that moves money or collateral."""

    code: int = 0
    tick: int = 0
    bank: int = 0
    other: int = 0
    amount: int = 0


@dataclass(slots=True)
class Node:
    """A node of a policy tree. Its condition is `begin` to `end` of the operations; an action's number, likewise."""

    is_action: int = 0
    begin: int = 0
    end: int = 0
    on_true: int = -1
    on_false: int = -1
    action: int = -1
    begin_second: int = 0
    end_second: int = 0
    number: int = -1  # a priority flag, the place of a register, or the place of a set of counterparties
    visits: int = 0


@dataclass(slots=True)
class Operation:
    """A step of an expression: its code, the number it pushes, the field it reads or the steps it skips."""

    code: int = 0
    number: float = 0.0
    place: int = 0


@dataclass(slots=True)
class Happening:
    """What happened in the tick; `bank` is the one that acts, `other` its counterparty; NONE where there is none."""

    kind: int = 0
    bank: int = -1
    other: int = -1
    payment: int = -1
    amount: int = 0
    detail: int = -1  # a node, a way of settling, or the payment it was split from


@dataclass(slots=True)
class Candidate:
    """Banks whose queued payments might be settled against each other; `members` of its row names them."""

    value: int = 0
    length: int = 0


@dataclass(slots=True)
class Clock:
    """What there is once: the time, how full the tables are, and how the market is set up."""

    tick: int = 0
    ticks: int = 0
    ticks_per_day: int = 1
    banks: int = 0
    known: int = 0  # payments that exist, to come or not, splits included
    arrived: int = 0  # of those drawn ahead, in order of arrival
    scheduled: int = 0
    queued1: int = 0
    queued2: int = 0
    queue2_value: int = 0
    submitted: int = 0
    next_shock: int = 0
    logged: int = 0
    keeps_log: int = 1
    saved_cycles: int = 0
    candidates: int = 0
    deferred: int = 0
    divisible: int = 0
    priority_queue: int = 0
    reallocates: int = 0
    bilateral: int = 0
    cycles: int = 0
    longest_cycle: int = 3
    most_cycles: int = 10
    most_parts: int = 0  # that a payment can be split into by any policy here; 0: by none


@dataclass(slots=True)
class Source:
    """Arrivals of one bank, or of one band of a bank. Its weights stand in its row of `weights`, in the order of the file."""

    bank: int = 0
    rate: float = 0.0
    amounts: int = 0
    first: float = 0.0
    second: float = 0.0
    shortest: int = 1
    longest: int = 1
    priorities: int = 0
    low: int = 5
    high: int = 5
    divisible: int = 0
    is_weighted: int = 0


@dataclass(slots=True)
class Change:
    """A scenario event that changes what arrives from its tick on."""

    code: int = 0
    tick: int = 0
    bank: int = 0
    other: int = 0
    factor: float = 1.0
    second_factor: float = 1.0


@dataclass(slots=True)
class Rates:
    """Costs as whole numbers: weights of what is charged, in units of 10**-12; and penalties in cents, or NONE and a weight."""

    overdraft: int = 0
    collateral: int = 0
    liquidity: int = 0
    borrowing: int = 0
    delay: int = 0  # in units of 10**-6
    overdue: int = 1000  # in units of 10**-3, as the next three
    urgent: int = 1000
    normal: int = 1000
    low: int = 1000
    deadline_penalty: int = 0
    deadline_weight: int = 0
    end_of_day_penalty: int = 0
    end_of_day_weight: int = 0
    split_friction: int = 0
    overdraft_bps: float = 0.0  # as the file says them, for policies to read
    delay_per_cent: float = 0.0
    collateral_bps: float = 0.0


class World(NamedTuple):
    """All tables of a market at work. `clock` and `rates` have one row."""

    clock: list[Clock]
    rates: Sequence[Rates]
    accounts: list[Account]
    pairs: list[Pair]
    payments: list[Payment]
    shocks: Sequence[Shock]
    nodes: Sequence[Node]
    operations: Sequence[Operation]
    candidates: Sequence[Candidate]
    log: Sequence[Happening]
    queue1: list[int]  # all banks' Queue 1, bank after bank
    queue2: list[int]
    submissions: list[int]
    order: list[int]  # room to sort in
    members: list[list[int]]
    path: list[int]
    states: list[list[float]]  # the registers of each bank
    focus: list[list[int]]  # sets of counterparties: a 1 for each bank that is in
    stack: list[float]


class Draw(NamedTuple):
    """All that is needed to draw payments ahead. `word` holds the two halves of the generator's state."""

    sources: Sequence[Source]
    changes: Sequence[Change]
    weights: list[list[float]]  # a row a source, a column a bank of `order`
    categories: list[list[float]]  # a row a source: for CATEGORICAL a priority, its weight, a priority, …
    order: list[int]  # the banks in the order of the file
    factors: list[float]  # of the rates: one for each bank, then one for all
    word: list[int]


def dtype_of(row: type) -> np.dtype:
    """The record with the same names: whole numbers as int64, others as float64."""
    kinds = {"int": np.int64, "float": np.float64}
    return np.dtype([(column.name, kinds[str(column.type)]) for column in fields(row)], align=True)
