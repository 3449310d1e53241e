"""What a model prints, as it is kept."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.executors.log import Log


def log_of(*parts: bytes, most: int = 1000) -> str:
    log = Log(most)
    for part in parts:
        log.write(part)
    return log.text


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        ("plain\n", "plain\n"),
        ("no end", "no end"),
        ("\x1b[31mred\x1b[0m and \x1b[1;38;5;4mbold\x1b[m\n", "red and bold\n"),
        ("\x1b]0;a title\x07text\n", "text\n"),
        (" 10%\r 50%\r100%\ndone\n", "100%\ndone\n"),
        ("Windows\r\nlines\r\n", "Windows\nlines\n"),
        ("bell\x07 and \0 and \x08\n", "bell and \ufffd and \n"),
        ("über 🦓\n", "über 🦓\n"),
    ],
)
def test_it_reads_as_a_terminal_shows_it(printed: str, kept: str) -> None:
    assert log_of(printed.encode()) == kept


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    assert log_of(b"a\xffb\n") == "a\ufffdb\n"


@given(
    st.text(st.sampled_from("ab\r\n\x1b[31m;ü🦓]0\x07\\"), max_size=60),
    st.lists(st.integers(0, 200), max_size=8),
)
def test_where_it_is_cut_into_reads_makes_no_difference(text: str, cuts: list[int]) -> None:
    data = text.encode() + b"\n."
    ends = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    assert log_of(*(data[start:end] for start, end in itertools.pairwise(ends))) == log_of(data)


@given(st.lists(st.text(st.sampled_from("xyz\n"), max_size=400), max_size=12))
def test_of_much_the_beginning_and_the_end_are_kept(parts: list[str]) -> None:
    printed, kept = "".join(parts), log_of(*(part.encode() for part in parts), most=100)
    if len(printed) <= 100:
        assert kept == printed
        return
    assert kept.startswith(printed[:50])
    assert kept.endswith(printed[-50:])


def test_what_is_left_out_is_counted() -> None:
    assert (
        log_of(b"a" * 50 + b"b" * 1_234 + b"c" * 49 + b"\n", most=100).count("1,234 characters of the log are left out")
        == 1
    )


def test_a_line_without_an_end_does_not_wait_for_ever() -> None:
    log = Log(1000)
    for _ in range(100):
        log.write(b"x" * 10_000)
    assert len(log.text) < 70_000
