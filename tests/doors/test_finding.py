"""Finding runs, on both databases."""

from __future__ import annotations

import pytest

from tests.doors.browser import signed_in
from tests.web.server import Lab, Server


def found(lab: Lab, q: str, **more: object) -> list[int]:
    answer = lab.client.get("/runs", params={"q": q, "limit": 100, **more}).raise_for_status()
    return [run["id"] for run in answer.json()["items"]]


@pytest.mark.parametrize("word", ["übermut", "ÜBERMUT", "Übermut", "über"])
def test_letters_are_found_in_any_case(lab: Lab, server: Server, word: str) -> None:
    [noted] = lab.finished(lab.simulation("Noted", "toy", 2), 1)
    [named] = lab.finished(lab.simulation("Übermut AG", "toy", 2), 1)
    lab.client.patch(f"/runs/{noted}", json={"notes": "Reiner Übermut, 100 % (sic)"}).raise_for_status()
    assert {noted, named} <= set(found(lab, word))
    assert noted in found(lab, f'"{word} AG" OR "ÜBERMUT, 100 % (SIC)"')
    assert not found(lab, "übermüt")
    with signed_in(server) as pages:
        assert "Übermut AG" in pages.get("/", params={"q": word}).text


def test_an_error_is_found_by_its_type(lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Raises", "crashing", 5), 1)
    kind = lab.get(run)["error"]["type"]
    assert run in found(lab, kind)
    assert run in found(lab, kind.lower())


@pytest.mark.parametrize(("sort", "field"), [("seed", "seed"), ("turns", "turns"), ("problems", "problem_count")])
def test_runs_are_sorted_by_seed_turns_and_problems(lab: Lab, sort: str, field: str) -> None:
    slug = lab.simulation(f"Sorted by {sort}", "worried", 3)
    wanted = [{"seed": 5, "turns": 2}, {"seed": 3, "turns": 4}, {"seed": 9, "turns": 1}]
    runs = [lab.run(slug, **one) for one in wanted]
    values = {run: lab.ended(run)[field] for run in runs}
    for sign, is_reversed in (("", False), ("-", True)):
        ordered = sorted(runs, key=lambda run: values[run], reverse=is_reversed)
        assert found(lab, f"simulation:{slug}", sort=f"{sign}{sort}") == ordered
        first = lab.client.get("/runs", params={"q": f"simulation:{slug}", "sort": f"{sign}{sort}", "limit": 2}).json()
        rest = found(lab, f"simulation:{slug}", sort=f"{sign}{sort}", cursor=first["next_cursor"])
        assert [*(run["id"] for run in first["items"]), *rest] == ordered
