"""Parameters of every type, from a form to the model in its child process and back into the form."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from tests.doors.browser import Browser, form_of
from tests.html import Page
from tests.web.server import Lab

# What is typed, what is stored, what the model gets.
TYPED: dict[str, tuple[str, Any, str]] = {
    "integer": ("-7", -7, "-7"),
    "real": ("2.5", 2.5, "2.5"),
    "text": ("Zoë, “so”", "Zoë, “so”", "'Zoë, “so”'"),
    "prompt": ("Three.\r\n\r\n four", "Three.\n\n four", repr("Three.\n\n four")),
    "maybe_integer": ("", None, "None"),
    "maybe_real": ("", None, "None"),
    "maybe_boolean": ("false", False, "False"),
    "maybe_text": ("", "", "''"),
    "maybe_date": ("", None, "None"),
    "maybe_point": ('{"x": 3}', {"x": 3, "y": 0.5}, "Point(x=3, y=0.5)"),
    "colour": ("deep blue", "deep blue", "'deep blue'"),
    "level": ("3", 3, "3"),
    "maybe_level": ("null", None, "None"),
    "words": ("b", "b", "'b'"),
    "numbers": ("2", 2, "2"),
    "switches": ("false", False, "False"),
    "mixed": ('"1"', "1", "'1'"),
    "only": ("this", "this", "'this'"),
    "day": ("2026-02-28", "2026-02-28", "datetime.date(2026, 2, 28)"),
    "moment": ("2026-02-28T01:02:03", "2026-02-28T01:02:03", "datetime.datetime(2026, 2, 28, 1, 2, 3)"),
    "clock": ("23:59:00", "23:59:00", "datetime.time(23, 59)"),
    "span": ("P1DT2H", "P1DT2H", "datetime.timedelta(days=1, seconds=7200)"),
    "exact": ("0.10000000000000000001", "0.10000000000000000001", "Decimal('0.10000000000000000001')"),
    "maybe_exact": ("2.50", "2.50", "Decimal('2.50')"),
    "listed": ("[3, 1]", [3, 1], "[3, 1]"),
    "named": ('{"ä": 1.5}', {"ä": 1.5}, "{'ä': 1.5}"),
    "pair": ('[2, "two"]', [2, "two"], "(2, 'two')"),
    "many": ("[]", [], "()"),
    "distinct": ('["q", "p"]', ["p", "q"], "['p', 'q']"),
    "frozen": ("[5]", [5], "frozenset({5})"),
    "point": ('{"x": 1, "why": 2.5}', {"x": 1, "y": 2.5}, "Point(x=1, y=2.5)"),
    "points": ('[{"x": 9}]', [{"x": 9, "y": 0.5}], "[Point(x=9, y=0.5)]"),
    "either": ('"3"', "3", "'3'"),
    "anything": ('{"a": [true, null]}', {"a": [True, None]}, "{'a': [True, None]}"),
    "file": ("c/d e", "c/d e", "PosixPath('c/d e')"),
    "number": (
        str(7).zfill(32),
        "00000000-0000-0000-0000-000000000007",
        f"UUID('{'0' * 8}-0000-0000-0000-{'7':0>12}')",
    ),
    "raw": ("xyz", "xyz", "b'xyz'"),
    "aliased": ("41", 41, "41"),
    "chosen": ("42", 42, "42"),
    "reached": ("43", 43, "43"),
    "percent": ("25", 25, "0.25"),
    "share": ("75", 75, "0.75"),
    "split": ('"a b"', ["a", "b"], "['a', 'b']"),
    "low": ("2", 2, "2"),
    "high": ("3", 3, "3"),
}


def given(run: dict[str, Any]) -> dict[str, str]:
    """What the model of this run was made with."""
    assert run["status"] == "completed", run["error"]
    return {row["name"]: row["value"] for row in run["run_metrics"]["run.given.params"]}


def started(answer: httpx.Response, lab: Lab) -> dict[str, Any]:
    """The run that a form has started, ended."""
    [number] = re.findall(r"/runs/(\d+)/$", str(answer.url))
    return lab.ended(int(number))


def test_a_form_sent_as_it_stands_plays_with_the_defaults(lab: Lab, browser: Browser) -> None:
    slug = lab.simulation("Fields as they are", "fields", 1)
    plain = given(lab.ended(lab.run(slug)))
    sent = started(browser.send(f"/simulations/{slug}/new/", {}), lab)
    assert given(sent) == plain
    assert plain["percent"] == plain["share"] == "0.5"


def test_every_type_of_field_goes_from_form_to_model_and_back(lab: Lab, browser: Browser) -> None:
    slug = lab.simulation("Fields of all kinds", "fields", 1)
    path = f"/simulations/{slug}/new/"
    asked = form_of(browser.page(path))
    missing = {name.removeprefix("param-") for name in asked if name.startswith("param-")} - set(TYPED)
    assert missing == {"boolean", "secret", "login"}
    typed = {f"param-{name}": text for name, (text, _, _) in TYPED.items()}
    run = started(browser.send(path, {**typed, "param-boolean": None, "param-maybe_text-none": None}), lab)
    expected = {name: stored for name, (_, stored, _) in TYPED.items()} | {"boolean": False}
    assert {name: value for name, value in run["params"].items() if name in expected} == expected
    played = given(run)
    assert {name: played[name] for name in TYPED} == {name: value for name, (_, _, value) in TYPED.items()}
    assert played["boolean"] == "False"
    # "As last time": sent again as it stands, it is the same run, and nothing is validated a second time.
    again = started(browser.send(path, {}), lab)
    assert again["params"] == run["params"]
    assert given(again) == played
    assert given(lab.ended(lab.client.post(f"/runs/{run['id']}/again").json()["id"])) == played


@pytest.mark.parametrize(
    "name", ["maybe_integer", "maybe_real", "maybe_boolean", "maybe_text", "maybe_date", "maybe_level"]
)
def test_an_optional_parameter_with_a_default_can_be_none(lab: Lab, browser: Browser, name: str) -> None:
    slug = lab.simulation(f"None of {name}", "fields", 1)
    none: dict[str, Any] = {"maybe_text": {"param-maybe_text-none": "on"}, "maybe_boolean": {}}.get(
        name, {f"param-{name}": "null" if name == "maybe_level" else ""}
    )
    run = started(browser.send(f"/simulations/{slug}/new/", none), lab)
    assert run["params"][name] is None
    assert given(run)[name] == "None"
    assert given(started(browser.send(f"/simulations/{slug}/new/", {}), lab))[name] == "None"


@pytest.mark.parametrize("text", ["null", "true", "false"])
def test_an_optional_boolean_has_three_states(lab: Lab, browser: Browser, text: str) -> None:
    slug = lab.simulation(f"Three states, {text}", "fields", 1)
    run = started(browser.send(f"/simulations/{slug}/new/", {"param-maybe_boolean": text}), lab)
    assert run["params"]["maybe_boolean"] is {"null": None, "true": True, "false": False}[text]


def test_a_text_of_many_lines_keeps_them(lab: Lab, browser: Browser) -> None:
    slug = lab.simulation("Lines", "fields", 1, params={"text": "\n one\n\ntwo", "prompt": "one"})
    page = browser.page(f"/simulations/{slug}/new/")
    assert [page.by_id(f"param-{name}").name for name in ("text", "prompt")] == ["textarea", "textarea"]
    run = started(browser.send(f"/simulations/{slug}/new/", {}), lab)
    assert (run["params"]["text"], run["params"]["prompt"]) == ("\n one\n\ntwo", "one")


def test_a_validator_that_divides_does_so_once_however_often_a_run_is_repeated(lab: Lab) -> None:
    slug = lab.simulation("Per cent", "fields", 1, params={"percent": 40, "share": 30})
    first = lab.ended(lab.run(slug, params={"share": 20}))
    assert (first["params"]["percent"], first["params"]["share"]) == (40, 20)
    assert (given(first)["percent"], given(first)["share"]) == ("0.4", "0.2")
    lab.client.patch(f"/simulations/{slug}", json={"params": {"low": 1}}).raise_for_status()
    assert given(lab.ended(lab.run(slug)))["percent"] == "0.4"
    replay = lab.client.post(f"/runs/{first['id']}/verify").json()["id"]
    assert given(lab.ended(replay))["percent"] == "0.4"
    assert lab.get(first["id"])["verification"]["status"] == "verified"


def test_aliases_are_understood_and_what_is_kept_has_the_names_of_the_fields(lab: Lab) -> None:
    slug = lab.simulation("Aliases", "fields", 1, params={"otherName": 8, "second_name": 9, "place": [10, 11]})
    run = lab.ended(lab.run(slug, params={"firstName": 12}))
    assert [run["params"][name] for name in ("aliased", "chosen", "reached")] == [8, 12, 10]
    assert [given(run)[name] for name in ("aliased", "chosen", "reached")] == ["8", "12", "10"]
    assert given(lab.ended(lab.run(slug, params={"aliased": 1})))["aliased"] == "1"


def test_a_secret_reaches_the_model_and_nobody_else(lab: Lab, browser: Browser) -> None:
    slug = lab.simulation("Secrets", "fields", 1)
    path = f"/simulations/{slug}/new/"
    typed = {"param-secret": "open-sesame", "param-login": '{"name": "ali", "password": "forty-thieves"}'}
    run = started(browser.send(path, typed), lab)
    assert [given(run)[name] for name in ("secret", "login")] == ["'emases-nepo'", "'seveiht-ytrof'"]
    number = run["id"]
    assert run["params"]["secret"] == "**********"
    assert run["params"]["login"] == {"name": "ali", "password": "**********"}
    again = lab.ended(lab.client.post(f"/runs/{number}/again").json()["id"])
    assert given(again)["secret"] == "'emases-nepo'"
    lab.client.patch(f"/simulations/{slug}", json={"params": {"secret": "open-sesame"}}).raise_for_status()
    pages = [
        path,
        f"/runs/{number}/",
        f"/runs/{number}/?tab=spec",
        f"/simulations/{slug}/",
        "/",
        f"/admin/runs/run/{number}/change/",
    ]
    pages += [
        f"/admin/runs/run/{number}/change/",
        "/runs/?columns=param.secret,param.login",
        f"/compare/?runs={number},{again['id']}",
    ]
    asked = [
        f"/runs/{number}",
        f"/runs/{number}/export?format=json",
        f"/runs/{number}/export?format=csv",
        "/simulations",
    ]
    texts = [browser.client.get(page).raise_for_status().text for page in pages]
    texts += [lab.client.get(address).raise_for_status().text for address in asked]
    assert not [text for text in texts if "open-sesame" in text or "forty-thieves" in text]


def test_a_saved_secret_stays_when_only_its_mask_comes_back(lab: Lab) -> None:
    slug = lab.simulation("Kept secret", "fields", 1, params={"secret": "open-sesame"})
    saved = lab.client.get(f"/simulations/{slug}").json()["params"]
    assert saved["secret"] == "**********"
    lab.client.patch(f"/simulations/{slug}", json={"params": saved}).raise_for_status()
    assert given(lab.ended(lab.run(slug, params=saved)))["secret"] == "'emases-nepo'"
    bare = lab.simulation("No secret", "fields", 1)
    refused = lab.client.post(f"/simulations/{bare}/runs", json={"params": {"secret": "**********"}})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["loc"] == ["params", "secret"]


def test_no_page_shows_what_only_python_reads(lab: Lab, browser: Browser) -> None:
    slug = lab.simulation("Shown", "fields", 1)
    run = started(browser.send(f"/simulations/{slug}/new/", {"param-named": '{"a": 1}', "param-listed": "[1]"}), lab)
    page = Page(browser.client.get(f"/runs/{run['id']}/").text)
    shown = [
        element.text for element in page.all("dd") if element.text.split()[:2] != ["name", "value"]
    ]  # not what was measured
    assert '{"a": 1.0}' in shown
    assert "[1]" in shown
    assert not [text for text in shown if "{'" in text or "['" in text]


def test_what_is_no_json_is_refused_at_its_field_and_kept_in_it(lab: Lab, browser: Browser) -> None:
    slug = lab.simulation("No JSON", "fields", 1)
    answer = browser.send(f"/simulations/{slug}/new/", {"param-listed": "[1, 2", "param-high": "-1"}, status=422)
    page = Page(answer.text)
    assert "Must be JSON" in page.by_id("error-listed").text
    assert page.by_id("param-listed").text.strip() == "[1, 2"


def test_a_secret_that_is_required_and_saved_need_not_be_typed_again(lab: Lab, browser: Browser) -> None:
    refused = browser.send("/simulations/new/?scenario=keyed", {"name": "Keyed"}, status=422)
    assert Page(refused.text).by_id("error-api_key").text == "Is required."
    slug = lab.simulation("Keyed", "keyed", 1, params={"api_key": "open-sesame"}, metric_keys=["turn.key.length"])
    path = f"/simulations/{slug}/new/"
    assert browser.page(path).by_id("param-api_key").attributes["value"] == ""
    checked = Page(browser.send(path, {"param-calls": "0"}, to="/scenarios/keyed/check/").text)
    assert [checked.by_id(f"error-{name}").text for name in ("api_key", "calls")] == ["", "Must be at least 1."]
    run = started(browser.send(path, {}), lab)
    turn = lab.client.get(f"/runs/{run['id']}/turns").json()["items"][0]
    assert turn["metrics"] == {"turn.key.length": len("open-sesame")}
    browser.send(f"/simulations/{slug}/settings/", {"param-calls": "2", "name": "Still keyed"})
    assert lab.ended(lab.run(slug))["status"] == "completed"


def test_runs_that_differ_in_a_list_are_told_apart_where_they_are_compared(lab: Lab, browser: Browser) -> None:
    slug = lab.simulation("Listed", "fields", 1)
    runs = [lab.ended(lab.run(slug, params={"listed": listed}))["id"] for listed in ([1, 2], [3, 4])]
    cells = [cell.text for cell in browser.page(f"/compare/?runs={runs[0]},{runs[1]}").all("td")]
    assert {"[1, 2]", "[3, 4]"} <= set(cells)
