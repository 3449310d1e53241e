"""Lists of payments for tests, and the markets that they are for."""

from __future__ import annotations

from dataclasses import replace

from simweb.scenarios.payments.files.payment_list import read_payments
from simweb.scenarios.payments.market import Bank, Listed, Market

NAMES = ("BANK_A", "BANK_B", 'Bank "Öst", Wien; SE', "O'Neill")
DAY = Market(ticks_per_day=24, days=1, banks=tuple(Bank(name, 0, {}) for name in NAMES))
WEEK = replace(DAY, days=5)
HEADER = "sender,receiver,amount,tick"


def one(text: str, market: Market = DAY) -> Listed:
    """The one payment of a list."""
    [payment] = read_payments(text, market)
    return payment


def cells(hours: str = "00:00-24:00", **said: object) -> str:
    """A list with one payment, of BANK_A to BANK_B unless it says otherwise; times of day are those of `hours`."""
    row: dict[str, object] = {"sender": "BANK_A", "receiver": "BANK_B", "amount": 100, "tick": 3, **said}
    row = {title: cell for title, cell in row.items() if cell is not None}
    needs_hours = "time" in row or ":" in str(row.get("deadline", ""))
    above = f"# day: {hours}\n" if needs_hours else ""
    return above + ";".join(row) + "\n" + ";".join(map(str, row.values()))
