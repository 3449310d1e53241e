"""Lists of payments of a person's own: read right, or refused with every line that is wrong."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simweb.engine import Faulty
from simweb.scenarios.payments.files.payment_list import MOST_PAYMENTS, read_payments
from simweb.scenarios.payments.market import Listed
from tests.engine.payments.lists import DAY, HEADER, NAMES, WEEK, cells, one
from tests.engine.payments.texts import list_faults


def test_a_payment_is_read_with_all_that_its_line_says() -> None:
    text = cells(deadline=4, priority=9, divisible="true")
    assert one(text) == Listed("BANK_A", "BANK_B", 100, 3, 7, 9, True)


def test_what_a_line_leaves_out_has_the_defaults_of_events() -> None:
    assert one(cells()) == Listed("BANK_A", "BANK_B", 100, 3, 8, 5, False)
    assert one(cells(deadline="", priority="", divisible="")) == one(cells())
    assert one(cells(), replace(DAY, ticks_per_day=100)).deadline == 13  # a tenth of the day


def test_two_lines_that_are_alike_are_two_payments() -> None:
    text = cells()
    assert len(read_payments(text + text[text.index("\n") :], DAY)) == 2


def test_payments_stand_in_the_order_of_the_list() -> None:
    text = f"{HEADER}\nBANK_A,BANK_B,1,9\nBANK_B,BANK_A,2,0\n"
    assert [payment.amount for payment in read_payments(text, DAY)] == [1, 2]


@pytest.mark.parametrize(
    "header",
    [
        "From,To,Value,Tick",
        "payer,PAYEE,Payment Value,arrival_tick",
        " Debtor , Creditor , amount , tick ",
        "from_agent,to_agent,amount,tick",
        '"sender","receiver","amount","tick"',
    ],
)
def test_columns_are_found_by_their_usual_names(header: str) -> None:
    assert one(f"{header}\nBANK_A,BANK_B,100,3") == one(cells())


def test_columns_may_stand_in_any_order_beside_others_for_people() -> None:
    assert one("Reference;tick;to;value;from\nx-1;3;BANK_B;100;BANK_A") == one(cells())


def test_blank_lines_comments_and_empty_columns_of_spreadsheets_are_skipped() -> None:
    assert one(f"\n# mine\n{HEADER},,\n\n# first\nBANK_A,BANK_B,100,3,,\n,,,,,\n") == one(cells())


# Amounts.


@pytest.mark.parametrize(
    ("written", "cents"),
    [
        ("15000", 15000),
        ("1 234 567", 1234567),
        ("1,234,567", 1234567),
        ("1.234.567", 1234567),
        ("1'234", 1234),
        ("1\u00a0234", 1234),
        ("1234.56", 123456),
        ("1234,56", 123456),
        ("1,234.56", 123456),
        ("1.234,56", 123456),
        ("1 234,56", 123456),
        ("1'234'567.89", 123456789),
        ("0.01", 1),
    ],
)
def test_amounts_without_decimals_are_cents_and_those_with_two_are_units(written: str, cents: int) -> None:
    assert one(cells(amount=written)).amount == cents


@pytest.mark.parametrize(
    ("written", "readings"),
    [("1,234", ("1234", "1.234")), ("1.234", ("1234", "1.234")), ("12.345", ("12345", "12.345"))],
)
def test_an_amount_that_can_be_read_in_two_ways_is_refused_with_both(written: str, readings: tuple[str, str]) -> None:
    [fault] = list_faults(cells(amount=written), DAY)
    assert f"{written} can be {readings[0]} or {readings[1]}." in fault.message


NO_AMOUNTS = """
1.5 | 1.2345 | 1,23,45 | 1,234.567 | 1.234.56 | 1,234,56 | 12 34 | -5 | +5 | 5 EUR | €5.00 | 1e3 | 0 | 0.00 | nan
1 234.567,89 | 01,234 | ٣ | 1000000000001 | 11111111111111111111111111111111111111111 | .50 | 5.
"""


@pytest.mark.parametrize("written", ["", *(text.strip() for text in NO_AMOUNTS.strip().replace("\n", "|").split("|"))])
def test_an_amount_that_is_none_is_refused(written: str) -> None:
    [fault] = list_faults(cells(amount=written), DAY)
    assert (fault.line, fault.path) == (2, ("amount",))


def test_amounts_with_and_without_decimals_do_not_stand_in_one_list() -> None:
    text = f"{HEADER}\nBANK_A,BANK_B,100,3\nBANK_A,BANK_B,100.00,3\nBANK_A,BANK_B,7,3"
    assert [(fault.line, fault.path) for fault in list_faults(text, DAY)] == [(2, ("amount",)), (4, ("amount",))]


@pytest.mark.parametrize(("written", "cents"), [("1,234", 1234), ("1.234", 1234), ("1234", 1234)])
def test_a_column_of_cents_has_whole_cents_in_groups_or_without(written: str, cents: int) -> None:
    assert one(cells(amount=None, amount_cents=written)).amount == cents


@pytest.mark.parametrize("written", ["12.34", "1,23", "1.2345", ""])
def test_a_column_of_cents_has_no_decimals(written: str) -> None:
    [fault] = list_faults(cells(amount=None, amount_cents=written), DAY)
    assert fault.path == ("amount_cents",)


# Other refusals.


@pytest.mark.parametrize(
    ("said", "path", "part"),
    [
        ({"sender": "BANK_C"}, "sender", "Did you mean"),
        ({"sender": "bank_a"}, "sender", 'Did you mean "BANK_A"?'),
        ({"sender": ""}, "sender", "missing"),
        ({"receiver": "BANK_A"}, "receiver", "cannot pay itself"),
        ({"priority": 11}, "priority", "from 0 to 10"),
        ({"priority": "high"}, "priority", "from 0 to 10"),
        ({"divisible": "maybe"}, "divisible", "true or false"),
    ],
)
def test_a_wrong_cell_is_named_by_its_line_and_column(said: dict[str, object], path: str, part: str) -> None:
    [fault] = list_faults(cells(**said), DAY)
    assert (fault.line, fault.path) == (2, (path,))
    assert part in fault.message


def test_all_lines_that_are_wrong_are_told_at_once_by_their_number() -> None:
    lines = [
        "BANK_X,BANK_B,1.234,99",
        "",
        "BANK_A,BANK_B,5,1",
        "BANK_A,BANK_B,5",
        'BANK_A,"BANK_B,5,1',
        "BANK_A,BANK_B,5,1,9",
    ]
    text = "\n".join(["# mine", HEADER, *lines])
    faults = list_faults(text, DAY)
    assert [(fault.line, fault.path) for fault in faults] == [
        (3, ("sender",)),
        (3, ("amount",)),
        (3, ("tick",)),
        (6, ()),
        (7, ()),
        (8, ()),
    ]
    assert "quotation mark" in faults[4].message


def test_an_amount_whose_comma_broke_the_line_is_told_so() -> None:
    [fault] = list_faults(f"{HEADER}\nBANK_A,BANK_B,1,234.56,3", DAY)
    assert "5 columns, the header 4. Put amounts with commas in quotes." in fault.message


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "empty"),
        ("\n# only this\n", "empty"),
        ("BANK_A,BANK_B,100,3", "no header"),
        (HEADER, "no payment"),
        ("sender,receiver,amount\n", '"tick" or "time" is missing'),
        ("sender,amount,tick\n", '"receiver" is missing'),
        ("sender,receiver,tick\n", '"amount" or "amount_cents" is missing'),
        (HEADER + ",time\n", '"tick" or "time", not both'),
        (HEADER + ",value\n", "say the same"),
        (HEADER + ",Prioritty\n", 'Did you mean "priority"?'),
        (HEADER + ",currency\n", 'The column "currency" is not known'),
    ],
)
def test_a_list_without_a_usable_header_is_refused_with_what_to_write(text: str, part: str) -> None:
    [fault] = list_faults(text, DAY)
    assert part in fault.message


def test_a_list_that_is_too_long_is_refused_at_the_line_where_it_is() -> None:
    text = f"{HEADER}\n" + "BANK_A,BANK_B,5,1\n" * (MOST_PAYMENTS + 1)
    [fault] = list_faults(text, DAY)
    assert fault.line == MOST_PAYMENTS + 2


def test_a_list_without_a_right_line_is_not_read_to_its_end() -> None:
    text = f"{HEADER}\n" + "A,B,x,y\n" * 20_000
    faults = list_faults(text, DAY)
    assert 10_000 < len(faults) < 10_010
    assert "the rest was not read" in faults[-1].message


# By chance.

PAYMENTS = st.builds(
    lambda ends, amount, tick, deadline, priority, divisible: Listed(
        *ends, amount, tick, tick + deadline, priority, divisible
    ),
    st.permutations(NAMES).map(lambda names: tuple(names[:2])),
    st.integers(1, 10**12),
    st.integers(0, 119),
    st.integers(1, 200),
    st.integers(0, 10),
    st.booleans(),
)


def money(cents: int, groups: str, point: str) -> str:
    """An amount in units of the currency."""
    return f"{cents // 100:,}".replace(",", groups) + f"{point}{cents % 100:02}"


def quoted(cell: object, separator: str) -> str:
    """A cell as a spreadsheet writes it."""
    text = str(cell)
    return '"' + text.replace('"', '""') + '"' if separator in text or '"' in text else text


@given(
    payments=st.lists(PAYMENTS, min_size=1, max_size=8),
    separator=st.sampled_from(",;\t"),
    groups_and_point=st.sampled_from(
        [None, ("", "."), ("", ","), (",", "."), (".", ","), (" ", ","), ("'", "."), ("\u00a0", ",")]
    ),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    mark=st.sampled_from(["", "\ufeff"]),
    by_day=st.booleans(),
)
def test_a_list_is_read_alike_in_every_dialect(
    payments: list[Listed],
    separator: str,
    groups_and_point: tuple[str, str] | None,
    end: str,
    mark: str,
    by_day: bool,
) -> None:
    lines = [
        ["sender", "receiver", "amount", "tick", "deadline", "priority", "divisible"] + (["day"] if by_day else [])
    ]
    for p in payments:
        amount = money(p.amount, *groups_and_point) if groups_and_point else p.amount
        tick = p.tick % 24 if by_day else p.tick
        row = [p.sender, p.receiver, amount, tick, p.deadline - p.tick, p.priority, p.divisible]
        lines.append([quoted(cell, separator) for cell in row + ([p.tick // 24 + 1] if by_day else [])])
    text = mark + end.join(separator.join(line) for line in lines) + end
    assert read_payments(text, WEEK) == tuple(payments)


@given(st.text())
def test_no_text_does_more_than_be_refused(text: str) -> None:
    with contextlib.suppress(Faulty):
        read_payments(text, DAY)


@given(
    st.lists(
        st.lists(
            st.sampled_from([*NAMES, "1", "0", '"', "09:30", "1,5", "#", " ", "\0", "é"]) | st.text(max_size=4),
            max_size=6,
        )
    )
)
def test_no_lines_below_a_header_do_more_than_be_refused(rows: list[list[str]]) -> None:
    with contextlib.suppress(Faulty):
        read_payments(
            "\n".join(["# day: 00:00-24:00", "sender,receiver,amount,time,deadline", *map(",".join, rows)]), DAY
        )
