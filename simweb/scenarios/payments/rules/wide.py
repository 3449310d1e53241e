"""Products beyond 64 bits: sums of `base × weight`, kept as whole cents and a rest in units of 10**-12 cents."""

from __future__ import annotations

from .codes import MOST_COST
from .kernel import inlined, kernel

MILLION = 1_000_000
UNIT = 1_000_000_000_000
HALF = 500_000_000_000


@inlined
def add_product(whole: int, rest: int, base: int, weight: int) -> tuple[int, int]:
    """`(whole, rest)` with `base × weight / 10**12` added; a sum of MOST_COST or more stays MOST_COST.

    `base` up to 10**17 with `weight` up to 10**12, or up to 10**12 with up to 10**16: no step leaves int64.
    """
    high, low = base // MILLION, base % MILLION
    upper, lower = weight // MILLION, weight % MILLION
    middle = high * lower + low * upper
    rest += (middle % MILLION) * MILLION + low * lower
    whole += high * upper + middle // MILLION + rest // UNIT
    if whole >= MOST_COST:
        return MOST_COST, 0
    return whole, rest % UNIT


@inlined
def rounded(whole: int, rest: int) -> int:
    """The sum in cents, rounded half up, once."""
    if rest >= HALF:
        return whole + 1
    return whole


@inlined
def charge(base: int, weight: int) -> int:
    """`base × weight / 10**12`, rounded half up."""
    if base == 0 or weight == 0:
        return 0  # as most are; a division takes its time
    whole, rest = add_product(0, 0, base, weight)
    return rounded(whole, rest)


@kernel
def truncated(base: int, weight: int) -> int:
    """`base × weight / 10**12`, without what is behind the point."""
    whole, _ = add_product(0, 0, base, weight)
    return whole
