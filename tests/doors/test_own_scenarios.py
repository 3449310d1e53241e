"""A scenario and a list of payments of one's own, by API: what is wrong with them, and how long a world of them is."""

from __future__ import annotations

from typing import Any

import httpx

from simweb.scenarios.payments.files.games import game_text
from tests.web.server import Lab

ONE_DATABASE = "what is refused never reaches the database"

RIGHT = game_text("castro-3")


def asked(lab: Lab, **spec: Any) -> httpx.Response:
    """The answer to one more run of a simulation of Castro's first game."""
    if not lab.made:
        lab.simulation("Of payments", "payments", 1000, params={"game": "castro-1"})
    return lab.client.post(f"/simulations/{lab.made[0]}/runs", json=spec)


def refused(lab: Lab, **params: Any) -> list[dict[str, Any]]:
    """What is wrong with a run of these parameters."""
    answer = asked(lab, params=params)
    assert answer.status_code == 422, answer.text
    return list(answer.json()["errors"])


def turns_of(lab: Lab, **spec: Any) -> int:
    """How many turns such a run is given, and plays."""
    run = lab.ended(asked(lab, **spec).raise_for_status().json()["id"])
    assert (run["status"], run["turns_done"]) == ("completed", run["turns"])
    return int(run["turns"])


def test_all_faults_of_a_scenario_are_told_at_once_each_with_its_path_and_line(lab: Lab) -> None:
    text = RIGHT.replace("opening_balance", "opening_balanse", 1).replace("num_days: 1", "num_days: none")
    [number] = [place for place, line in enumerate(text.splitlines(), 1) if "opening_balanse" in line]
    errors = refused(lab, game="own", scenario=text)
    found = {tuple(error["loc"]): error for error in errors}
    days = found["params", "scenario", "simulation", "num_days"]
    wrong = found["params", "scenario", "agents", "0", "opening_balanse"]
    assert wrong["line"] == number
    assert 'Did you mean "opening_balance"?' in wrong["msg"]
    assert days["line"] == next(place for place, line in enumerate(text.splitlines(), 1) if "num_days" in line)
    assert ("params", "scenario", "agents", "0", "opening_balance") in found


def test_of_many_faults_fifty_are_told_and_how_many_more_there_are(lab: Lab) -> None:
    wrong = "\n".join(f"unknown_{number}: 1" for number in range(60))
    errors = refused(lab, game="own", scenario=f"{RIGHT}\n{wrong}\n")
    assert len(errors) == 51
    assert errors[-1]["msg"] == "… and 10 more."


def test_a_wrong_line_of_a_list_is_named_by_its_number(lab: Lab) -> None:
    lines = ["sender,receiver,amount,tick", "BANK_A,BANK_B,10.00,0", "BANK_A,BANK_B,1.234,0", "BANK_B,BANK_A,5,many"]
    errors = refused(lab, payments="\n".join(lines))
    assert sorted({error["line"] for error in errors}) == [3, 4]
    assert all(error["loc"][:2] == ["params", "payments"] for error in errors)


def test_a_run_has_the_turns_of_its_world_and_fewer_only_when_asked(lab: Lab) -> None:
    assert turns_of(lab) == 2
    assert turns_of(lab, turns=1000) == 2
    assert turns_of(lab, turns=1) == 1
    assert turns_of(lab, params={"game": "own", "scenario": RIGHT}) == 3


def test_a_simulation_saved_whole_follows_the_game_and_one_saved_short_does_not(lab: Lab) -> None:
    assert turns_of(lab, params={"game": "castro-2"}) == 12
    short = lab.simulation("Short", "payments", 1)
    run = lab.client.post(f"/simulations/{short}/runs", json={"params": {"game": "castro-2"}}).json()
    assert lab.ended(run["id"])["turns"] == 1
