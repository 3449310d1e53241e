"""Payments drawn ahead with xorshift64* (Vigna 2016, ACM TOMS 42(4) 30), in the order of draws of the published engine.

A state of 64 bits is kept as two halves of 32, so that the same source is right with Python's integers and with int64.
"""

from __future__ import annotations

import math

from .codes import (
    ALL_RATES,
    CATEGORICAL,
    EVEN,
    EXPONENTIAL,
    LOG_NORMAL,
    NORMAL,
    ONE_RATE,
    ONE_WEIGHT,
    UNIFORM,
)
from .kernel import kernel
from .records import Change, Draw, Payment, Source

HALF_WORD = 0xFFFFFFFF
FACTOR_HIGH, FACTOR_LOW = 0x2545F491, 0x4F6CDD1D  # of 0x2545F4914F6CDD1D
MOST_AMOUNT = 10**12
LEAST_FLOAT = 2.0**-53


@kernel
def advance(draw: Draw) -> tuple[int, int]:
    """The next 64 bits, as (upper half, lower half)."""
    high, low = draw.word[0], draw.word[1]
    high, low = high ^ (high >> 12), low ^ ((low >> 12) | ((high & 0xFFF) << 20))
    high, low = high ^ (((high << 25) | (low >> 7)) & HALF_WORD), low ^ ((low << 25) & HALF_WORD)
    high, low = high ^ (high >> 27), low ^ ((low >> 27) | ((high & 0x7FFFFFF) << 5))
    draw.word[0], draw.word[1] = high, low
    # The product modulo 2**64; of the lower halves' product, what goes over 32 bits.
    upper = (low >> 16) * FACTOR_LOW
    lower = (low & 0xFFFF) * FACTOR_LOW + ((upper & 0xFFFF) << 16)
    carried = (upper >> 16) + (lower >> 32)
    return (carried + low * FACTOR_HIGH + high * FACTOR_LOW) & HALF_WORD, lower & HALF_WORD


@kernel
def draw_float(draw: Draw) -> float:
    """From 0 up to, not including, 1."""
    high, low = advance(draw)
    return ((high << 21) + (low >> 11)) * LEAST_FLOAT


@kernel
def draw_below(draw: Draw, bound: int) -> int:
    """The 64 bits modulo `bound`."""
    high, low = advance(draw)
    rest = high % bound
    rest = (rest * 65536 + (low >> 16)) % bound
    return (rest * 65536 + (low & 0xFFFF)) % bound


@kernel
def draw_poisson(draw: Draw, rate: float) -> int:
    """By multiplication (Knuth, TAOCP 2, 3.4.1)."""
    least, product, count = math.exp(-rate), 1.0, 0
    while True:
        product *= draw_float(draw)
        if product <= least:
            return count
        count += 1


@kernel
def draw_normal(draw: Draw) -> float:
    """The cosine branch of Box and Muller (1958)."""
    first, second = draw_float(draw), draw_float(draw)
    return math.sqrt(-2.0 * math.log(max(first, LEAST_FLOAT))) * math.cos(2.0 * math.pi * second)


@kernel
def draw_amount(draw: Draw, source: Source) -> int:
    """At least a cent, at most MOST_AMOUNT."""
    if source.amounts == UNIFORM:
        return int(source.first) + draw_below(draw, int(source.second) - int(source.first) + 1)
    value = 0.0
    if source.amounts == NORMAL:
        value = source.first + source.second * draw_normal(draw)
    elif source.amounts == LOG_NORMAL:
        variance = math.log(1.0 + source.second * source.second / (source.first * source.first))
        value = math.exp(math.log(source.first) - variance / 2.0 + math.sqrt(variance) * draw_normal(draw))
    elif source.amounts == EXPONENTIAL:
        value = -math.log(max(1.0 - draw_float(draw), LEAST_FLOAT)) / source.first
    return max(1, math.floor(min(value, float(MOST_AMOUNT)) + 0.5))


@kernel
def draw_receiver(draw: Draw, source: Source, row: int) -> int:
    """Another bank: all alike, or by weight in the order of the file."""
    banks = len(draw.order)
    if source.is_weighted == 0:
        place = draw_below(draw, banks - 1)
        for bank in draw.order:
            if bank != source.bank:
                if place == 0:
                    return bank
                place -= 1
    total, last = 0.0, -1
    for place in range(banks):
        if draw.order[place] != source.bank and draw.weights[row][place] > 0.0:
            total += draw.weights[row][place]
            last = draw.order[place]
    drawn, so_far = draw_float(draw) * total, 0.0
    for place in range(banks):
        if draw.order[place] != source.bank:
            so_far += draw.weights[row][place]
            if drawn < so_far:
                return draw.order[place]
    return last


@kernel
def draw_priority(draw: Draw, source: Source, row: int) -> int:
    """A fixed one draws nothing."""
    if source.priorities == EVEN:
        return source.low + draw_below(draw, source.high - source.low + 1)
    if source.priorities != CATEGORICAL:
        return source.low
    choices = draw.categories[row]
    total = 0.0
    for place in range(0, len(choices), 2):
        total += choices[place + 1]
    drawn, so_far, last = draw_float(draw) * total, 0.0, source.low
    for place in range(0, len(choices), 2):
        so_far += choices[place + 1]
        if choices[place + 1] > 0.0:
            last = int(choices[place])
            if drawn < so_far:
                return last
    return last


@kernel
def apply_change(draw: Draw, change: Change, windows: list[float]) -> None:
    """From its tick on. Factors are of what the file says: they do not add up."""
    if change.code == ALL_RATES:
        draw.factors[len(draw.factors) - 1] = change.factor
    elif change.code == ONE_RATE:
        draw.factors[change.bank] = change.factor
    elif change.code == ONE_WEIGHT:
        for row in range(len(draw.sources)):
            if draw.sources[row].bank == change.bank:
                for place in range(len(draw.order)):
                    if draw.order[place] == change.other:
                        draw.weights[row][place] = change.factor
                draw.sources[row].is_weighted = 1
    else:
        windows[0], windows[1] = change.factor, change.second_factor


@kernel
def draw_payments(
    draw: Draw, payments: list[Payment], ticks: int, ticks_per_day: int, is_capped: bool, windows: list[float]
) -> int:
    """Fill the table with what arrives, in order; how many there are, or −1 when it has no room for all."""
    count = next_change = 0
    for tick in range(ticks):
        while next_change < len(draw.changes) and draw.changes[next_change].tick <= tick:
            apply_change(draw, draw.changes[next_change], windows)
            next_change += 1
        latest = ticks
        if is_capped:
            latest = min(ticks, (tick // ticks_per_day + 1) * ticks_per_day)
        for row in range(len(draw.sources)):
            source = draw.sources[row]
            rate = source.rate * draw.factors[source.bank] * draw.factors[len(draw.factors) - 1]
            arriving = draw_poisson(draw, rate)
            if count + arriving > len(payments):
                return -1
            shortest = max(1, math.floor(source.shortest * windows[0]))
            longest = max(shortest, math.floor(source.longest * windows[1]))
            for _ in range(arriving):
                payment = payments[count]
                payment.sender, payment.arrival = source.bank, tick
                amount = draw_amount(draw, source)
                payment.amount = payment.remaining = amount
                payment.receiver = draw_receiver(draw, source, row)
                offset = shortest + draw_below(draw, longest - shortest + 1)
                payment.deadline = max(tick + 1, min(tick + offset, latest))
                payment.priority = draw_priority(draw, source, row)
                payment.divisible = source.divisible
                count += 1
    return count


@kernel
def draw_again(draw: Draw, records: int, ticks: int, places: list[int], arrivals: list[int]) -> None:
    """Fill both: of so many records one, with replacement, and the tick in which it comes."""
    for number in range(len(places)):
        places[number] = draw_below(draw, records)
        arrivals[number] = draw_below(draw, ticks)
