"""Step 5: liquidity saving. Payments that wait in Queue 2 settle against each other, for less than they are worth."""

from __future__ import annotations

from .accounts import (
    available_liquidity,
    close_gaps,
    count_outflow,
    credit,
    debit,
    mark_settled,
    room_in_limits,
    take_from_queue2_figures,
)
from .codes import CYCLE, MOST_CANDIDATES, NONE, OFFSET, QUEUE_2
from .kernel import kernel
from .records import World
from .settlement import go_through_queue2

ROUNDS = 3
LONG_CYCLES_UP_TO = 100  # entries of Queue 2; beyond them only triangles are looked for


@kernel
def save_liquidity(world: World) -> None:
    """Offsets, a pass, cycles, a pass; up to three times, as long as something settles."""
    clock = world.clock[0]
    clock.saved_cycles = 0
    if clock.bilateral == 0 and clock.cycles == 0:
        return
    for _ in range(ROUNDS):
        settled = False
        if clock.bilateral == 1 and offset_pairs(world):
            settled = True
            go_through_queue2(world)
        if clock.cycles == 1 and settle_cycles(world):
            settled = True
            go_through_queue2(world)
        if not settled:
            return


@kernel
def comes_before(world: World, one: int, other: int) -> bool:
    """The greater value first, then the shorter, then by the banks."""
    first, second = world.candidates[one], world.candidates[other]
    if first.value != second.value:
        return first.value > second.value
    if first.length != second.length:
        return first.length < second.length
    for place in range(first.length):
        if world.members[one][place] != world.members[other][place]:
            return world.members[one][place] < world.members[other][place]
    return False


@kernel
def sift_down(world: World, root: int, size: int) -> None:
    """Restore the heap in which the last to come stands at the top."""
    order = world.order
    while True:
        child = 2 * root + 1
        if child >= size:
            return
        if child + 1 < size and comes_before(world, order[child], order[child + 1]):
            child += 1
        if not comes_before(world, order[root], order[child]):
            return
        order[root], order[child] = order[child], order[root]
        root = child


@kernel
def sort_candidates(world: World) -> None:
    """`order` names the candidates, best first (heapsort: Williams 1964)."""
    size = world.clock[0].candidates
    order = world.order
    for place in range(size):
        order[place] = place
    for root in range(size // 2 - 1, -1, -1):
        sift_down(world, root, size)
    for end in range(size - 1, 0, -1):
        order[0], order[end] = order[end], order[0]
        sift_down(world, 0, end)


@kernel
def add_candidate(world: World, value: int, length: int) -> None:
    """The banks in `path`; beyond MOST_CANDIDATES no more are kept."""
    clock = world.clock[0]
    if clock.candidates >= MOST_CANDIDATES:
        return
    candidate = world.candidates[clock.candidates]
    candidate.value, candidate.length = value, length
    for place in range(length):
        world.members[clock.candidates][place] = world.path[place]
    clock.candidates += 1


@kernel
def offset_pairs(world: World) -> bool:
    """Two banks that owe each other: all their payments settle at once if the one that owes more can pay the difference."""
    clock = world.clock[0]
    clock.candidates = 0
    for place in range(clock.queued2):
        payment = world.payments[world.queue2[place]]
        low, high = min(payment.sender, payment.receiver), max(payment.sender, payment.receiver)
        pair, back = world.pairs[low * clock.banks + high], world.pairs[high * clock.banks + low]
        if pair.first == NONE and pair.queued > 0 and back.queued > 0:
            pair.first = place  # seen
            world.path[0], world.path[1] = low, high
            add_candidate(world, min(pair.queued, back.queued), 2)
    for number in range(clock.candidates):
        world.pairs[world.members[number][0] * clock.banks + world.members[number][1]].first = NONE
    sort_candidates(world)
    settled = False
    for place in range(clock.candidates):
        members = world.members[world.order[place]]
        if offset(world, members[0], members[1]):
            settled = True
    close_gaps(world)
    return settled


@kernel
def offset(world: World, one: int, other: int) -> bool:
    """All payments of both directions, or none."""
    clock = world.clock[0]
    there = world.pairs[one * clock.banks + other].queued
    back = world.pairs[other * clock.banks + one].queued
    payer, payee, net = one, other, there - back
    if net < 0:
        payer, payee, net = other, one, -net
    if net > available_liquidity(world.accounts[payer]):
        return False
    if there > room_in_limits(world, one, other) or back > room_in_limits(world, other, one):
        return False
    debit(world, payer, net)
    credit(world, payee, net)
    for place in range(clock.queued2):
        number = world.queue2[place]
        payment = world.payments[number]
        if payment.status == QUEUE_2 and (
            (payment.sender == one and payment.receiver == other)
            or (payment.sender == other and payment.receiver == one)
        ):
            finish(world, number, OFFSET)
    return True


@kernel
def finish(world: World, number: int, way: int) -> None:
    """Its money has moved as part of a net: count it and mark it."""
    payment = world.payments[number]
    count_outflow(world, payment, payment.remaining)
    take_from_queue2_figures(world, payment, payment.remaining, 1)
    mark_settled(world, number, way)


@kernel
def settle_cycles(world: World) -> bool:
    """Cycles of three and more banks, the most valuable first; in each, the first queued payment of every step."""
    clock = world.clock[0]
    clock.candidates = 0
    for place in range(clock.queued2):
        number = world.queue2[place]
        pair = world.pairs[world.payments[number].sender * clock.banks + world.payments[number].receiver]
        if pair.first == NONE:
            pair.first = number
    longest = 3
    if clock.queued2 <= LONG_CYCLES_UP_TO:
        longest = clock.longest_cycle
    find_cycles(world, longest)
    sort_candidates(world)
    settled = False
    for place in range(clock.candidates):
        if clock.saved_cycles < clock.most_cycles and settle_cycle(world, world.order[place]):
            clock.saved_cycles += 1
            settled = True
    for place in range(clock.queued2):
        payment = world.payments[world.queue2[place]]
        world.pairs[payment.sender * clock.banks + payment.receiver].first = NONE
    close_gaps(world)
    return settled


@kernel
def find_cycles(world: World, longest: int) -> None:
    """Each simple cycle once, from its first bank, depth first."""
    clock = world.clock[0]
    banks, path = clock.banks, world.path
    for start in range(banks):
        if world.accounts[start].queue2_count == 0 or world.accounts[start].incoming_count == 0:
            continue
        depth = 0
        path[0] = start
        following = start + 1  # the next bank to try after the last of the path
        while depth >= 0:
            last = path[depth]
            if depth >= 2 and following == start + 1 and world.pairs[last * banks + start].first != NONE:
                add_candidate(world, value_of_path(world, depth + 1), depth + 1)
            if clock.candidates >= MOST_CANDIDATES:
                return
            step = next_step(world, depth, following, longest)
            if step != NONE:
                depth += 1
                path[depth] = step
                following = start + 1
            else:
                following = path[depth] + 1
                depth -= 1


@kernel
def next_step(world: World, depth: int, following: int, longest: int) -> int:
    """The next bank, from `following`, that the last of the path owes and that is not in it; NONE when there is none."""
    if depth + 1 >= longest:
        return NONE
    clock = world.clock[0]
    row = world.path[depth] * clock.banks
    for bank in range(following, clock.banks):
        if world.pairs[row + bank].first != NONE:
            is_new = True
            for place in range(depth + 1):
                if world.path[place] == bank:
                    is_new = False
            if is_new:
                return bank
    return NONE


@kernel
def value_of_path(world: World, length: int) -> int:
    """The sum of the payments around the cycle in `path`."""
    total = 0
    for place in range(length):
        pair = world.pairs[world.path[place] * world.clock[0].banks + world.path[(place + 1) % length]]
        total += world.payments[pair.first].remaining
    return total


@kernel
def settle_cycle(world: World, candidate: int) -> bool:
    """At full, unequal values, if each bank can pay what it owes more than it gets; else nothing of it."""
    clock, members, length = world.clock[0], world.members[candidate], world.candidates[candidate].length
    for place in range(length):
        bank, after, before = members[place], members[(place + 1) % length], members[(place - 1) % length]
        out = world.payments[world.pairs[bank * clock.banks + after].first]
        back = world.payments[world.pairs[before * clock.banks + bank].first]
        if out.status != QUEUE_2 or back.status != QUEUE_2:
            return False
        if out.remaining - back.remaining > available_liquidity(world.accounts[bank]):
            return False
        if out.remaining > room_in_limits(world, bank, after):
            return False
    for place in range(length):
        bank, after, before = members[place], members[(place + 1) % length], members[(place - 1) % length]
        out = world.payments[world.pairs[bank * clock.banks + after].first]
        back = world.payments[world.pairs[before * clock.banks + bank].first]
        net = out.remaining - back.remaining
        if net > 0:
            debit(world, bank, net)
        else:
            credit(world, bank, -net)
    for place in range(length):
        number = world.pairs[members[place] * clock.banks + members[(place + 1) % length]].first
        finish(world, number, CYCLE)
    return True
