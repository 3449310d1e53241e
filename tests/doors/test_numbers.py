"""Numbers as people type them, on a page and in a command, and as programs send them."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from tests.doors.browser import Browser
from tests.html import Page
from tests.web.server import ROOT, Lab, Server

AMBIGUOUS = [
    ("param-tempo", "1,5", "Must be a number. Write 1.5, with a point."),
    ("param-tempo", "1.000,5", "Must be a number. Write 1000.5, with a point."),
    ("param-tempo", "1,000", "Must be a number. Write 1000, or 1.000: a comma may mean either."),
    ("param-agents", "1,5", "Must be a whole number."),
    ("param-agents", "1,000", "Must be a whole number. Write 1000, without separators."),
    ("param-agents", "1 000", "Must be a whole number. Write 1000, without separators."),
    ("param-agents", "１２", "Must be a whole number. Write 12, in plain digits."),
    ("turns", "1,5", "Must be a whole number from 1 to 1000000."),
    ("turns", "1,000", "Must be a whole number from 1 to 1000000. Write 1000, without separators."),
    ("turns", "１２", "Must be a whole number from 1 to 1000000. Write 12, in plain digits."),
    ("seed", "1 000", "Must be a whole number from 0 to 9007199254740991. Write 1000, without separators."),
    ("replicates", "2,0", "Must be a whole number from 1 to 100."),
]


@pytest.mark.parametrize(("name", "text", "says"), AMBIGUOUS)
def test_a_page_refuses_what_may_be_read_in_two_ways(
    lab: Lab, browser: Browser, name: str, text: str, says: str
) -> None:
    slug = lab.simulation("Typed", "toy", 1)
    answer = browser.send(f"/simulations/{slug}/new/", {name: text}, status=422)
    page = Page(answer.text)
    assert page.by_id(f"error-{name.removeprefix('param-')}").text == says
    assert page.by_id(name).attributes["value"] == text
    assert lab.client.get(f"/simulations/{slug}/runs").json()["items"] == []
    checked = browser.send(f"/simulations/{slug}/new/", {name: text}, to="/scenarios/toy/check/")
    assert Page(checked.text).by_id(f"error-{name.removeprefix('param-')}").text == says


@pytest.mark.parametrize(("name", "text", "says"), [case for case in AMBIGUOUS if case[0] != "replicates"])
def test_the_command_reads_as_the_page_does(lab: Lab, server: Server, name: str, text: str, says: str) -> None:
    slug = lab.simulation("Typed in a terminal", "toy", 1)
    bare = name.removeprefix("param-")
    option = ["--param", f"{bare}={text}"] if bare != name else [f"--{name}", text]
    done = subprocess.run(
        [sys.executable, "manage.py", "run", slug, *option], cwd=ROOT, env=server.env, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert says in done.stderr
    assert lab.client.get(f"/simulations/{slug}/runs").json()["items"] == []


def test_the_command_gives_the_model_values_of_the_right_types(lab: Lab, server: Server) -> None:
    slug = lab.simulation("Fields in a terminal", "fields", 1)
    assigned = {"real": "2", "boolean": "false", "numbers": "2", "maybe_integer": "", "listed": "[4]", "percent": "40"}
    options = [part for name, value in assigned.items() for part in ("--param", f"{name}={value}")]
    server.manage("run", slug, "--turns", "1", "--seed", "3", *options)
    [run] = lab.client.get(f"/simulations/{slug}/runs").json()["items"]
    given = {row["name"]: row["value"] for row in run["run_metrics"]["run.given.params"]}
    assert [given[name] for name in assigned] == ["2.0", "False", "2", "None", "[4]", "0.4"]
    assert run["seed"] == 3


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("agents", True),
        ("agents", "3"),
        ("agents", 3.0),
        ("tempo", "1.5"),
        ("tempo", True),
        ("polite", 1),
        ("polite", "true"),
    ],
)
def test_a_parameter_is_what_json_says_it_is(lab: Lab, field: str, value: Any) -> None:
    slug = lab.simulation("Strict", "toy", 1)
    calls = [
        lab.client.post(f"/simulations/{slug}/runs", json={"params": {field: value}}),
        lab.client.patch(f"/simulations/{slug}", json={"params": {field: value}}),
        lab.client.post("/simulations", json={"name": "Stricter", "scenario": "toy", "params": {field: value}}),
        lab.client.post("/simulations/run", json={"simulation": slug, "params": {field: value}}),
    ]
    assert [call.status_code for call in calls] == [422] * 4
    assert all(call.json()["errors"][0]["loc"] == ["params", field] for call in calls)


@pytest.mark.parametrize("value", [True, "3", 3.0])
def test_turns_and_seeds_are_integers_everywhere(lab: Lab, value: Any) -> None:
    slug = lab.simulation("Strict numbers", "toy", 1)
    calls = [
        *(lab.client.post(f"/simulations/{slug}/runs", json={name: value}) for name in ("turns", "seed", "priority")),
        *(
            lab.client.patch(f"/simulations/{slug}", json=change)
            for change in ({"turns": value}, {"execution": {"max_parallel": value}})
        ),
        lab.client.post("/simulations", json={"name": "Stricter", "scenario": "toy", "turns": value}),
        *(
            lab.client.post("/simulations/run", json={"num_agents": 2, **more})
            for more in ({"num_turns": value}, {"seed": value})
        ),
        lab.client.post("/simulations/run", json={"num_agents": value}),
    ]
    assert [call.status_code for call in calls] == [422] * len(calls)
    assert "number" in calls[0].json()["errors"][0]["msg"] or "integer" in calls[0].json()["errors"][0]["msg"]
