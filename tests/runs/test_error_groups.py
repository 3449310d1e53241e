"""Errors are grouped by what they have in common."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.errors import LONGEST, error_group
from runs.models import Run
from tests.conftest import Api, MakeRun
from tests.runs.lives import ERROR, claimed

MESSAGES = [
    ("timeout after 31 s", "timeout after 32 s", "TimeoutError: timeout after # s"),
    ("got 1,204.5 of 3e-7", "got 12 of 9", "E: got # of #"),
    ("no file /home/ann/a.csv here", "no file /var/tmp/b/c.csv here", "E: no file <path> here"),
    ("bad id 3fa85f64-5717-4562-b3fc-2c963f66afa6", "bad id 00000000-5717-4562-b3fc-2c963f66afa6", "E: bad id <id>"),
    ("object at 0x7f38a0e652d0", "object at 0x1238a0e65fff", "E: object at <id>"),
    ("first line\nsecond", "\nfirst line\nother", "E: first line"),
]


@pytest.mark.parametrize(("one", "other", "group"), MESSAGES)
def test_what_differs_from_run_to_run_is_masked(one: str, other: str, group: str) -> None:
    kind = group.split(":")[0]
    assert error_group(kind, one) == error_group(kind, other) == group


def test_words_are_left_as_they_are() -> None:
    assert error_group("ValueError", "and/or: no such agent, deadbeef") == "ValueError: and/or: no such agent, deadbeef"
    assert error_group("KeyError", "") == "KeyError"


@given(st.text(max_size=300), st.text(max_size=3000))
def test_a_group_is_short_however_long_the_message(kind: str, message: str) -> None:
    group = error_group(kind, message)
    assert len(group) <= LONGEST


def test_a_failed_run_is_found_by_its_group(api: Api, make_run: MakeRun) -> None:
    runs = [make_run(), make_run()]
    for seconds, run in enumerate(runs, 31):
        claimed(run).fail("model", {**ERROR, "message": f"timeout after {seconds} s"})
    found = api.get("/runs", q='error:"RuntimeError: timeout after # s"').json()["items"]
    assert {item["id"] for item in found} == {run.pk for run in runs} == set(Run.objects.values_list("pk", flat=True))
