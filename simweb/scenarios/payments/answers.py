"""Questions about a run of payments, answered by playing it again: why a cost is what it is, the life of a payment, the tree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import Field

from simweb.engine import Block, Branch, Params, Question, Table, Text, Tree
from simweb.scenarios.documents.suggestions import did_you_mean
from simweb.scenarios.payments.cost_shares import KIND_TITLES, Share, shares_of
from simweb.scenarios.payments.noticing import money
from simweb.scenarios.payments.policies.language import TREES
from simweb.scenarios.payments.policies.wording import worded_action, worded_condition
from simweb.scenarios.payments.rules import codes
from simweb.scenarios.payments.rules.records import Happening
from simweb.scenarios.payments.system import KINDS, System

OF_BANKS: dict[str, Any] = {"keys_of": ["run.payments.cost", "turn.payments.balance", "turn.payments.queued"]}
STATES = ("to come", "held in Queue 1", "submitted", "waiting in Queue 2", "settled", "split", "dropped")


Charged = tuple[int, dict[str, int]]  # a tick, and what it cost by kind


class CostParams(Params):
    """Of which bank, and when."""

    bank: str = Field(
        title="Bank", min_length=1, description="Its id, as the scenario writes it.", json_schema_extra=OF_BANKS
    )
    tick: int | None = Field(
        None, ge=0, title="Tick", description="From 0: tick 0 is turn 1. Blank: all ticks together."
    )


class PaymentParams(Params):
    """Which payment."""

    payment: int = Field(ge=0, title="Payment", description="Its number, as decisions and problems name it.")


class PaymentsOfParams(Params):
    """Whose payments."""

    bank: str = Field(
        "", title="Bank", description="That pays or is paid. Blank: all banks.", json_schema_extra=OF_BANKS
    )


class PolicyParams(Params):
    """Whose policy."""

    bank: str = Field(
        title="Bank", min_length=1, description="Its id, as the scenario writes it.", json_schema_extra=OF_BANKS
    )


QUESTIONS = (
    Question("cost", "Why this cost?", "Every cent of a bank's cost, by kind and by payment.", CostParams),
    Question(
        "payment",
        "The life of a payment",
        "From its arrival to its settlement, step by step.",
        PaymentParams,
        mention="payment {payment}",
    ),
    Question("payments", "All payments", "When each arrived, was due and was settled, and how.", PaymentsOfParams),
    Question("policy", "The policy of a bank", "Its tree, and how often each branch was taken.", PolicyParams),
)


def answer(system: System, question: str, asked: Any, turns: int) -> Sequence[Block]:
    """The answer, from a system that has not begun. Raises ValueError for a bank, a tick or a payment that there is not."""
    return ANSWERS[question](system, asked, min(turns, system.blueprint.market.ticks))


def _cost(system: System, asked: CostParams, turns: int) -> Sequence[Block]:
    bank = _number_of(system, asked.bank)
    if asked.tick is not None and asked.tick >= turns:
        raise ValueError(f"There is no tick {asked.tick}: the run has ticks 0 to {turns - 1}.")
    shares: list[tuple[int, Share]] = []
    charged: list[Charged] = []
    for tick in range(turns if asked.tick is None else asked.tick + 1):
        log = system.play_tick()
        if asked.tick in (None, tick):
            shares += ((tick, share) for share in shares_of(system, bank, log))
            charged.append((tick, system.costs_of_tick()[asked.bank]))
    when = f"in tick {asked.tick}" if asked.tick is not None else f"in {_counted(turns, 'tick')}"
    total = sum(sum(costs.values()) for _, costs in charged)
    if not total:
        return [Text(f"{asked.bank} was charged nothing {when}.")]
    kinds = [kind for kind in KINDS if any(costs[kind] for _, costs in charged)]
    return [
        Text(f"{asked.bank} was charged {money(total)} {when}."),
        _by_kind(charged, shares, kinds),
        *([_by_tick(charged, kinds)] if asked.tick is None else []),
        *_by_holding(shares),
        *_by_payment(system, shares),
    ]


def _by_kind(charged: list[Charged], shares: list[tuple[int, Share]], kinds: Sequence[str]) -> Table:
    rows: list[list[Any]] = []
    for kind in kinds:
        of_kind = [share for _, share in shares if share.kind == kind]
        rows.append([KIND_TITLES[kind], _how(of_kind), sum(costs[kind] for _, costs in charged)])
    return Table("By kind", ("Kind", "How", "Cents"), rows, ("Total", "", sum(int(row[-1]) for row in rows)))


def _how(shares: Sequence[Share]) -> str:
    """In a few words, what these shares of one kind are made of."""
    payments = {share.payment for share in shares if share.payment is not None}
    if payments:
        return f"{_counted(len(payments), 'payment')}, below"
    formulas = Counter(share.formula for share in shares)
    if len(formulas) > 1:
        return f"{len(formulas):,} different amounts over {_counted(len(shares), 'tick')}"
    return "".join(f"{formula}, in {_counted(ticks, 'tick')}" for formula, ticks in formulas.items())


def _counted(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count:,} {what}s"


def _by_tick(charged: list[Charged], kinds: Sequence[str]) -> Table:
    rows: list[list[Any]] = [
        [tick, *(costs[kind] for kind in kinds), sum(costs.values())] for tick, costs in charged if any(costs.values())
    ]
    foot: list[Any] = ["Total", *(sum(int(row[place]) for row in rows) for place in range(1, len(kinds) + 2))]
    return Table("By tick, in cents", ("Tick", *(KIND_TITLES[kind] for kind in kinds), "Sum"), rows, foot)


def _by_holding(shares: list[tuple[int, Share]]) -> Iterator[Block]:
    """What was charged on all that the bank held or owed, tick by tick, where it was not always the same."""
    held = [(tick, share) for tick, share in shares if share.payment is None]
    changing = {kind for kind in KINDS if len({share.formula for _, share in held if share.kind == kind}) > 1}
    rows: list[list[Any]] = [
        [tick, KIND_TITLES[share.kind], share.formula, round(float(share.cents), 4)]
        for tick, share in held
        if share.kind in changing
    ]
    if rows:
        yield Table("Held or owed, by tick", ("Tick", "Kind", "How", "Cents, unrounded"), rows)


def _by_payment(system: System, shares: list[tuple[int, Share]]) -> Iterator[Block]:
    """What each payment contributed, before the tick's sum was rounded."""
    rows: list[list[Any]] = []
    exact, names = 0.0, system.names
    for tick, share in shares:
        if share.payment is None:
            continue
        payment = system.payments[share.payment]
        exact += float(share.cents)
        to = names[int(payment.receiver)]
        rows.append(
            [tick, str(share.payment), to, KIND_TITLES[share.kind], share.formula, round(float(share.cents), 4)]
        )
    if rows:
        yield from _sums(rows)
        heads = ("Tick", "Payment", "To", "Kind", "How", "Cents, unrounded")
        yield Table("By tick and payment", heads, rows, ("Total", "", "", "", "", round(exact, 4)))
        yield Text(
            "Of each kind the sum over all payments is rounded once a tick, half up; penalties are rounded down each."
        )


def _sums(rows: list[list[Any]]) -> Iterator[Block]:
    """Of each payment over the ticks, where there are several."""
    sums: dict[tuple[str, str, str], list[float]] = {}
    for _, number, to, kind, _, cents in rows:
        sums.setdefault((number, to, kind), []).append(cents)
    if len(sums) < len(rows):
        table: list[list[Any]] = [[*key, len(cents), round(sum(cents), 4)] for key, cents in sums.items()]
        yield Table("By payment", ("Payment", "To", "Kind", "Ticks", "Cents, unrounded"), table)


def _life(system: System, asked: PaymentParams, turns: int) -> Sequence[Block]:
    rows: list[list[Any]] = []
    family = {asked.payment}
    for tick in range(turns):
        log = system.play_tick()
        children = range(int(system.clock.scheduled), int(system.clock.known))
        family |= {number for number in children if int(system.payments[number].parent) in family}
        rows += ([tick, str(row.payment), *_step(system, row)] for row in log if row.payment in family)
    known = int(system.clock.known)
    if asked.payment >= known or not rows:
        raise ValueError(
            f"There is no payment {asked.payment} in this run: the payments are numbered 0 to {known - 1}."
        )
    payment = system.payments[asked.payment]
    sender, receiver = system.names[int(payment.sender)], system.names[int(payment.receiver)]
    state = STATES[int(payment.status)]
    amount, due = money(int(payment.amount)), int(payment.deadline)
    told = f"Payment {asked.payment}: {amount} from {sender} to {receiver}, due by tick {due}; {state}"
    if payment.status == codes.SETTLED:
        delay = int(payment.settled_tick - payment.arrival)
        told += f" in tick {payment.settled_tick}, {_ticks(delay)} it arrived"
    return [Text(f"{told}."), Table("Step by step", ("Tick", "Payment", "What happened", "How", "Cents"), rows)]


def _ticks(delay: int) -> str:
    return "in which" if delay == 0 else "a tick after" if delay == 1 else f"{delay} ticks after"


def _step(system: System, row: Happening) -> list[Any]:
    """What happened, how, and with what amount."""
    what, detail = codes.HAPPENINGS[row.kind], ""
    if row.kind == codes.PAID:
        detail = codes.WAYS[row.detail]
    elif row.detail != codes.NONE and row.kind != codes.CREDITED:
        detail = system.blueprint.program.path_to(row.detail)
    amount = row.amount
    if row.kind in (codes.SPLIT, codes.REPRIORITISED):
        detail += f", into {amount} parts" if row.kind == codes.SPLIT else f", to {amount}"
        amount = int(system.payments[row.payment].amount)
    return [what, detail, amount]


def _payments(system: System, asked: PaymentsOfParams, turns: int) -> Sequence[Block]:
    chosen = _number_of(system, asked.bank) if asked.bank else None
    ways: dict[int, str] = {}
    for _ in range(turns):
        ways.update((row.payment, codes.WAYS[row.detail]) for row in system.play_tick() if row.kind == codes.PAID)
    rows = []
    for number in range(int(system.clock.known)):
        payment = system.payments[number]
        if payment.status != codes.TO_COME and chosen in (None, int(payment.sender), int(payment.receiver)):
            rows.append(_payment_row(system, number, payment, ways))
    heads = ("Payment", "From", "To", "Cents", "Priority", "Arrived", "Due", "Settled", "How", "Delay")
    whose = f" of {asked.bank}" if asked.bank else ""
    parts = sum(system.payments[int(row[0])].parent != codes.NONE for row in rows)
    split = f", and {_counted(parts, 'part')} of some that were split" if parts else ""
    told = f"{_counted(len(rows) - parts, 'payment')}{whose}{split}. Times are ticks, amounts cents."
    return [Text(told), Table("Payments", heads, rows)]


def _payment_row(system: System, number: int, payment: Any, ways: Mapping[int, str]) -> list[Any]:
    is_settled = payment.status == codes.SETTLED
    part_of = f"part of {payment.parent}, " if payment.parent != codes.NONE else ""
    how = ways.get(number, "in parts") if is_settled else STATES[int(payment.status)]
    if payment.status == codes.SPLIT_UP:
        how = f"split, {_counted(int(payment.open_parts), 'part')} not settled"
    return [
        str(number),
        system.names[int(payment.sender)],
        system.names[int(payment.receiver)],
        int(payment.amount),
        int(payment.priority),
        int(payment.arrival),
        int(payment.deadline),
        int(payment.settled_tick) if is_settled else None,
        part_of + how,
        int(payment.settled_tick - payment.arrival) if is_settled else None,
    ]


def _policy(system: System, asked: PolicyParams, turns: int) -> Sequence[Block]:
    bank = _number_of(system, asked.bank)
    for _ in range(turns):
        system.play_tick()
    return list(policy_trees(system, bank))


def policy_trees(system: System, bank: int, *, counts: bool = True) -> Iterator[Block]:
    """The bank's trees as they are drawn, with how often each node was reached."""
    policy = system.blueprint.banks[bank].policy
    roots = system.blueprint.program.roots[bank]
    nodes = system.tables.readable(system.world.nodes)
    for tree, root in zip(TREES, roots, strict=True):
        if root != codes.NONE:
            title = f"{system.names[bank]}: {tree.replace('_', ' ')}"
            yield Tree(title, _branch(nodes, policy[tree], root, counts))
    if parameters := policy.get("parameters"):
        yield Table("Parameters", ("Name", "Value"), [[name, value] for name, value in parameters.items()])


def _branch(nodes: Any, said: Mapping[str, Any], number: int, counts: bool) -> Branch:
    row = nodes[number]
    count = int(row.visits) if counts else None
    if said["type"] == "action":
        return Branch(worded_action(said), str(said["node_id"]), count)
    yes = _branch(nodes, said["on_true"], int(row.on_true), counts)
    no = _branch(nodes, said["on_false"], int(row.on_false), counts)
    return Branch(worded_condition(said["condition"]), str(said["node_id"]), count, yes, no)


def _number_of(system: System, bank: str) -> int:
    if bank not in system.names:
        raise ValueError(
            f"There is no bank {bank!r}.{did_you_mean(bank, system.names)} There are {', '.join(system.names[:20])}."
        )
    return system.names.index(bank)


ANSWERS: Mapping[str, Callable[[System, Any, int], Sequence[Block]]] = {
    "cost": _cost,
    "payment": _life,
    "payments": _payments,
    "policy": _policy,
}
