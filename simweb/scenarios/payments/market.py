"""Market: what a scenario file says, checked: banks, their money, what arrives, what it costs. Money is integer cents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

# Every sum of these stays below 2**63, and below 2**53 as a cost that a run can keep.
MOST_CENTS = 10**14  # of a balance, pool, cap, limit or collateral
MOST_AMOUNT = 10**12  # of one payment
MOST_TICKS = 100_000
MOST_BANKS = 1_000
HIGHEST_PRIORITY = 10
URGENT, NORMAL = 8, 4  # the lowest priorities of their bands


@dataclass(frozen=True, slots=True)
class Amounts:
    """How amounts are distributed; `first` and `second` are mean and standard deviation (of the amount itself),
    least and greatest (both included), or the rate and nothing."""

    kind: Literal["Normal", "LogNormal", "Uniform", "Exponential"]
    first: float
    second: float = 0.0


@dataclass(frozen=True, slots=True)
class Priorities:
    """How priorities are distributed: `values` with their `weights`; or, uniform, the least and the greatest, both included."""

    kind: Literal["Fixed", "Categorical", "Uniform"]
    values: tuple[int, ...]
    weights: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Payments that come by chance: a Poisson number each tick. Empty `weights`: every other bank alike."""

    rate: float
    amounts: Amounts
    deadline: tuple[int, int]  # least and greatest ticks after the arrival, both included
    priorities: Priorities = Priorities("Fixed", (5,))
    weights: Mapping[str, float] = field(default_factory=dict)
    divisible: bool = False


@dataclass(frozen=True, slots=True)
class Bank:
    """A participant. `policy` is a JSON tree (see `policies`); `bilateral` and `multilateral` bound what it pays in a day."""

    name: str
    opening_balance: int
    policy: Mapping[str, Any]
    unsecured_cap: int = 0
    arrivals: tuple[Arrivals, ...] = ()  # of bands: urgent, normal, low, as far as they are given
    posted_collateral: int = 0
    haircut: float = 0.02
    collateral_capacity: int | None = None  # None: ten times the unsecured cap
    bilateral: Mapping[str, int] = field(default_factory=dict)
    multilateral: int | None = None
    pool: int | None = None
    fraction: float | None = None  # of the pool that is put in; None: what the policy says, else all of it


@dataclass(frozen=True, slots=True)
class Penalty:
    """A fixed number of cents, or a rate in basis points of the amount."""

    mode: Literal["fixed", "rate"]
    amount: int = 0
    bps: float = 0.0


@dataclass(frozen=True, slots=True)
class Costs:
    """What banks are charged; per tick unless it says otherwise."""

    overdraft_bps: float = 0.001
    delay_per_cent: float = 0.0001
    overdue_multiplier: float = 5.0
    urgent_multiplier: float = 1.0
    normal_multiplier: float = 1.0
    low_multiplier: float = 1.0
    collateral_bps: float = 0.0002
    liquidity_bps: float = 0.0
    deadline_penalty: Penalty = Penalty("fixed", 50_000)
    end_of_day_penalty: Penalty = Penalty("fixed", 10_000)
    split_friction: int = 1_000
    borrowing_bps: float = 0.0  # of what is borrowed at the end of a day, once; only where payments are divisible


@dataclass(frozen=True, slots=True)
class LiquiditySaving:
    """What is done for payments that wait in Queue 2."""

    bilateral: bool = True
    cycles: bool = True
    longest_cycle: int = 4
    most_cycles: int = 10


EventKind = Literal[
    "DirectTransfer",
    "CustomTransactionArrival",
    "ScheduledSettlement",
    "CollateralAdjustment",
    "GlobalArrivalRateChange",
    "AgentArrivalRateChange",
    "CounterpartyWeightChange",
    "DeadlineWindowChange",
]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens at `tick`, and, given an interval, again every so many ticks.

    `bank` pays, or is the one that changes; `other` is paid, or is the counterparty. A change of collateral may be negative.
    """

    kind: EventKind
    tick: int
    interval: int | None = None
    bank: str = ""
    other: str = ""
    amount: int = 0
    factor: float = 1.0  # multiplier of a rate, the new weight, or the multiplier of the least deadline
    second_factor: float = 1.0  # the multiplier of the greatest deadline
    priority: int = 5
    deadline: int | None = None  # ticks after the arrival; None: a tenth of a day, but at least 5
    divisible: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """A payment of a list that a person brought; `deadline` is a tick of the run."""

    sender: str
    receiver: str
    amount: int
    tick: int
    deadline: int
    priority: int = 5
    divisible: bool = False


@dataclass(frozen=True, slots=True)
class Market:
    """A whole scenario. `banks` stand in the order of the file, which is that of the choice of counterparties."""

    ticks_per_day: int
    days: int
    banks: tuple[Bank, ...]
    costs: Costs = Costs()
    saving: LiquiditySaving = LiquiditySaving()
    events: tuple[Event, ...] = ()
    listed: tuple[Listed, ...] = ()
    seed: int = 0  # of the file; a run has a seed of its own
    deferred_crediting: bool = False
    deadline_cap_at_eod: bool = False
    divisible_payments: bool = (
        False  # a part is paid when there is not enough for the whole; the rest is borrowed at the end of a day
    )
    priority_queue: bool = False  # Queue 1 by priority, then deadline, rather than by arrival
    daily_reallocation: bool = True

    @property
    def ticks(self) -> int:
        """The length of the run."""
        return self.ticks_per_day * self.days

    @property
    def names(self) -> tuple[str, ...]:
        """The banks in the order in which they are served: sorted."""
        return tuple(sorted(bank.name for bank in self.banks))
