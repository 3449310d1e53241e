"""/metrics: every end is counted once, in the transaction of the end, and what was counted stays counted."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from runs import services
from runs.models import Run, Simulation
from runs.simulations import create_simulation
from runs.states import FailureKind, Status
from runs.transfer.exports import json_of
from runs.transfer.imports import import_runs
from simweb.access.roles import Role
from tests.conftest import Api, MakeRun, api_of, signed_in
from tests.performance.scraping import Scrape, scrape
from tests.runs.lives import ERROR, claimed, lead_to, played, turn

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
TOTAL, TIMES, ERRORS = "agent_execution_total", "agent_execution_duration_seconds", "agent_execution_errors_total"
BOUNDS = ["0.1", "0.5", "1", "2", "5", "10", "30", "60", "120", "300", "600", "1800", "3600", "+Inf"]


def took(run: Run, milliseconds: int) -> Run:
    """Have the run end so long after it began."""
    holder = claimed(run)
    ended_at = timezone.now()
    Run.objects.filter(pk=run.pk).update(started_at=ended_at - timedelta(milliseconds=milliseconds))
    return services.transition(run.pk, Status.COMPLETED, fence=holder.lease, at=ended_at)


def fail(run: Run, error_type: str) -> None:
    claimed(run).fail(FailureKind.MODEL, {**ERROR, "type": error_type})


def counters(found: Scrape) -> dict[str, float]:
    """Everything that must never decrease."""
    kinds = {family.name: family.type for family in found.families}
    return {
        f"{s.name}{sorted(s.labels.items())}": s.value
        for family in found.families
        for s in family.samples
        if kinds[family.name] in {"counter", "histogram"}
    }


def test_an_empty_lab_is_answered_with_valid_text(viewer_api: Api) -> None:
    found = scrape(viewer_api)
    assert found.of("simweb_runs", "status") == {"queued": 0, "running": 0, "stuck": 0}
    assert found.of("simweb_workers", "state") == {"busy": 0, "idle": 0}
    assert (found.value("simweb_sockets"), found.value("simweb_turns_recorded_total")) == (0, 0)
    assert {family.type for family in found.families} == {"counter", "gauge", "histogram"}
    assert all(family.documentation for family in found.families)
    assert "_created" not in found.text


def test_what_is_running_is_told(viewer_api: Api) -> None:
    [built] = [s for s in scrape(viewer_api).samples if s.name == "simweb_build_info"]
    assert set(built.labels) == {"version", "python", "django"}
    assert f'version = "{built.labels["version"]}"' in (ROOT / "pyproject.toml").read_text()
    assert built.labels["django"].startswith("5.2")


def test_each_end_is_counted_once_by_its_kind(viewer_api: Api, make_run: MakeRun) -> None:
    before = scrape(viewer_api)
    assert before.of(TOTAL, "agent_id", "status") == {"a-toy completed": 0, "a-toy failed": 0, "a-toy cancelled": 0}
    assert before.of(ERRORS) == before.of("agent_success_rate") == {}
    for status in ("completed", "failed", "cancelled", "completed"):
        lead_to(make_run(), status)
    after = scrape(viewer_api)
    assert after.of(TOTAL, "agent_id", "status") == {"a-toy completed": 2, "a-toy failed": 1, "a-toy cancelled": 1}
    assert after.of(ERRORS, "agent_id", "error_type") == {"a-toy RuntimeError": 1}
    assert after.value(f"{TIMES}_count", agent_id="a-toy") == 3
    assert after.value("agent_success_rate", agent_id="a-toy") == 0.6667
    assert after.value("simweb_turns_recorded_total") == 6


def test_only_what_ended_changes_when_one_more_run_ends(viewer_api: Api, make_run: MakeRun) -> None:
    lead_to(make_run(), "completed")
    other = create_simulation(name="Other", scenario="toy", slug="other")
    lead_to(make_run(other), "failed")
    before = counters(scrape(viewer_api))
    run = make_run()
    assert counters(scrape(viewer_api)) == before
    services.cancel(run, by=None)
    after = counters(scrape(viewer_api))
    changed = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert changed == {"agent_execution_total[('agent_id', 'a-toy'), ('status', 'cancelled')]": 1}


def test_a_simulation_without_an_ended_run_has_zeros_and_no_rate(viewer_api: Api, run: Run) -> None:
    found = scrape(viewer_api)
    assert found.of(TOTAL, "status", agent_id="a-toy") == {"completed": 0, "failed": 0, "cancelled": 0}
    assert set(found.of(f"{TIMES}_bucket", "le", agent_id="a-toy").values()) == {0}
    assert found.of("agent_success_rate") == {}


@pytest.mark.parametrize(
    ("milliseconds", "bound"),
    [(0, "0.1"), (100, "0.1"), (101, "0.5"), (60_000, "60"), (60_001, "120"), (3_600_000, "3600"), (3_600_001, "+Inf")],
)
def test_a_duration_at_a_bound_is_within_it(viewer_api: Api, run: Run, milliseconds: int, bound: str) -> None:
    took(run, milliseconds)
    found = scrape(viewer_api)
    within = found.of(f"{TIMES}_bucket", "le", agent_id="a-toy")
    place = BOUNDS.index(bound)
    assert [within[le] for le in BOUNDS] == [0] * place + [1] * (len(BOUNDS) - place)
    assert found.value(f"{TIMES}_sum", agent_id="a-toy") == milliseconds / 1000
    assert found.value(f"{TIMES}_count", agent_id="a-toy") == 1


def test_buckets_hold_all_that_is_shorter(viewer_api: Api, make_run: MakeRun) -> None:
    for milliseconds in (50, 800, 900, 7_000, 4_000_000):
        took(make_run(), milliseconds)
    found = scrape(viewer_api)
    within = found.of(f"{TIMES}_bucket", "le", agent_id="a-toy")
    assert list(within) == BOUNDS, "in their order"
    assert list(within.values()) == [1, 1, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5]
    assert found.value(f"{TIMES}_sum", agent_id="a-toy") == 4_008.75


def test_runs_that_were_cancelled_are_in_no_duration_and_no_error(viewer_api: Api, make_run: MakeRun) -> None:
    for status in ("queued", "running", "stuck"):
        services.cancel(lead_to(make_run(), status), by=None)
    found = scrape(viewer_api)
    assert found.value(TOTAL, agent_id="a-toy", status="cancelled") == 3
    assert found.value(f"{TIMES}_count", agent_id="a-toy") == found.value(f"{TIMES}_sum", agent_id="a-toy") == 0
    assert found.of(ERRORS) == {}


def test_replays_are_left_out_but_for_their_turns(viewer_api: Api, make_run: MakeRun) -> None:
    run = lead_to(make_run(), "completed")
    before = scrape(viewer_api)
    replay = services.verify(run, by=None)
    assert replay is not None
    lead_to(replay, "failed")
    after = scrape(viewer_api)
    turns = "simweb_turns_recorded_total"
    assert (before.value(turns), after.value(turns)) == (2, 4)
    changed = {name for name, value in counters(after).items() if value != counters(before).get(name)}
    assert changed == {f"{turns}[]"}


def test_turns_are_counted_as_they_come_and_once(viewer_api: Api, run: Run) -> None:
    told = []
    holder = claimed(run)
    for message in (turn(1), turn(2), turn(3)):
        holder.add([message])
        told.append(scrape(viewer_api).value("simweb_turns_recorded_total"))
    services.transition(run.pk, Status.STUCK)
    told.append(scrape(viewer_api).value("simweb_turns_recorded_total"))
    holder.complete(played())
    told.append(scrape(viewer_api).value("simweb_turns_recorded_total"))
    assert told == [1, 2, 3, 3, 3]


def test_the_queue_and_what_is_played_are_told(viewer_api: Api, make_run: MakeRun) -> None:
    for status in ("queued", "queued", "running", "stuck", "completed"):
        lead_to(make_run(), status)
    found = scrape(viewer_api)
    assert found.of("simweb_runs", "status") == {"queued": 2, "running": 1, "stuck": 1}
    assert found.of("simweb_workers", "state") == {"busy": 2, "idle": 0}


def test_what_was_counted_stays_counted_when_runs_are_deleted_removed_restored_or_imported(
    viewer_api: Api, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, failed, old = (lead_to(make_run(), status) for status in ("completed", "failed", "completed"))
    exported = json.loads("".join(json_of([kept])))
    before = scrape(viewer_api)
    services.delete(failed, by=None)
    assert scrape(viewer_api).value("agent_success_rate", agent_id="a-toy") == 1, (
        "the rate is of the runs that are kept"
    )
    services.restore(failed, by=None)
    services.delete(old, by=None)
    exported["runs"][0]["fingerprint"] = None  # that of this run is made up
    import_runs(exported, by=None)
    later = timezone.now() + timedelta(days=100)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    call_command("prune", "--older-than", "1d", verbosity=0)
    monkeypatch.undo()
    assert not Run.objects.exists()
    assert counters(scrape(viewer_api)) == counters(before)


def test_archived_and_deleted_simulations_disappear_but_not_their_turns(viewer_api: Api, make_run: MakeRun) -> None:
    gone, archived = (create_simulation(name=name, scenario="toy", slug=name) for name in ("gone", "archived"))
    for simulation in (gone, archived, None):
        lead_to(make_run(simulation), "failed")
    Simulation.objects.filter(pk=archived.pk).update(is_archived=True)
    gone.delete()
    found = scrape(viewer_api)
    assert {s.labels["agent_id"] for s in found.samples if "agent_id" in s.labels} == {"a-toy"}
    assert found.value("simweb_turns_recorded_total") == 6


def test_error_types_beyond_the_twentieth_are_other(viewer_api: Api, make_run: MakeRun) -> None:
    types = [f"Error{number:02}" for number in range(25)]
    for error_type in [*types, "Error00", "Error19", "Error20", "Error24"]:
        fail(make_run(), error_type)
    other = create_simulation(name="Other", scenario="toy", slug="other")
    fail(make_run(other), "Error24")
    found = scrape(viewer_api)
    expected = dict.fromkeys(types[:20], 1.0) | {"Error00": 2, "Error19": 2, "other": 7}
    assert found.of(ERRORS, "error_type", agent_id="a-toy") == expected
    assert found.of(ERRORS, "error_type", agent_id="other") == {"Error24": 1}


@pytest.mark.parametrize(
    "name", ['quote " in it', "back\\slash", "line\nbreak", "back\\nslash", "ünïcode 💥", "a,b}{="]
)
def test_any_type_of_error_is_read_back_as_it_was(viewer_api: Api, run: Run, name: str) -> None:
    fail(run, name)
    assert scrape(viewer_api).of(ERRORS, "error_type") == {name: 1}


def test_an_error_without_a_type_has_a_name_too(viewer_api: Api, run: Run) -> None:
    fail(run, "")
    assert scrape(viewer_api).of(ERRORS, "error_type") == {"unknown": 1}


def test_an_end_that_is_rolled_back_is_not_counted(viewer_api: Api, make_run: MakeRun) -> None:
    lead_to(make_run(), "failed")
    before = counters(scrape(viewer_api))
    run = make_run()

    @transaction.atomic
    def in_vain() -> None:
        lead_to(run, "failed")
        assert counters(scrape(viewer_api)) != before
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        in_vain()
    assert counters(scrape(viewer_api)) == before


def test_an_end_costs_two_statements_more_at_most(make_run: MakeRun) -> None:
    for number in range(22):
        fail(make_run(), f"Error{number}")
    for error_type in ("Error0", "Error21", "Error99"):
        run = make_run()
        with CaptureQueriesContext(connection) as asked:
            fail(run, error_type)
        counting = [query["sql"] for query in asked if "totals" in query["sql"]]
        assert [sql.split()[0] for sql in counting] == ["UPDATE", "UPDATE"]


def test_a_scrape_asks_as_much_of_twenty_simulations_as_of_one(viewer_api: Api, make_run: MakeRun) -> None:
    fail(make_run(), "Error")
    with CaptureQueriesContext(connection) as of_one:
        scrape(viewer_api)
    for number in range(20):
        simulation = create_simulation(name=f"S{number}", scenario="toy", slug=f"s{number}")
        fail(make_run(simulation), f"Error{number}")
    with CaptureQueriesContext(connection) as of_twenty:
        found = scrape(viewer_api)
    assert len(found.of("agent_success_rate", "agent_id")) == 21
    assert len(of_twenty) == len(of_one) <= 8


@pytest.mark.parametrize("role", list(Role))
def test_a_token_of_any_role_may_scrape(viewer: User, operator: User, admin: User, role: Role) -> None:
    owner = {Role.VIEWER: viewer, Role.OPERATOR: operator, Role.ADMIN: admin}[role]
    assert scrape(api_of(owner, role)).families


def test_a_person_who_is_signed_in_may_look(viewer: User) -> None:
    assert Scrape(signed_in(viewer)).families


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer simweb_wrong", "Basic YTpi", "simweb_wrong"])
def test_others_are_told_what_to_do(db: None, header: str) -> None:
    answer = Client(headers={"authorization": header} if header else None).get("/metrics")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    said = answer.content.decode()
    assert "SIMWEB_METRICS_NETWORKS" in said
    assert "manage.py token" in said
    assert "agent_" not in said


@pytest.mark.parametrize(
    ("networks", "address", "status"),
    [
        ("10.1.0.0/16", "10.1.255.3", 200),
        ("10.1.0.0/16", "::ffff:10.1.2.3", 200),
        ("10.1.0.0/16", "10.2.0.1", 401),
        ("127.0.0.1, fd00::/8", "fd00::1", 200),
        ("127.0.0.1", "127.0.0.1", 200),
        ("127.0.0.1", "127.0.0.2", 401),
        ("0.0.0.0/0", "", 401),
        ("", "127.0.0.1", 401),
    ],
)
def test_networks_that_are_named_need_no_token(
    db: None, settings: Any, monkeypatch: pytest.MonkeyPatch, networks: str, address: str, status: int
) -> None:
    from simweb import environment

    monkeypatch.setenv("SIMWEB_METRICS_NETWORKS", networks)
    settings.METRICS_NETWORKS = environment.networks("SIMWEB_METRICS_NETWORKS")
    forwarded = {"HTTP_X_FORWARDED_FOR": "10.1.0.1, 127.0.0.1"}  # anybody may say so
    assert Client().get("/metrics", REMOTE_ADDR=address, **forwarded).status_code == status


def test_metrics_are_only_read(viewer_api: Api) -> None:
    assert viewer_api.client.post("/metrics").status_code == 405


def test_the_dashboard_for_grafana_shows_nothing_that_is_not_exported(viewer_api: Api, make_run: MakeRun) -> None:
    lead_to(make_run(), "failed")
    found = scrape(viewer_api)
    exported: dict[str, set[str]] = {}
    for sample in found.samples:
        exported.setdefault(sample.name, set()).update(sample.labels)
    dashboard = json.loads((ROOT / "docs" / "grafana.json").read_text())
    questions = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    questions += [item["query"]["query"] for item in dashboard["templating"]["list"] if item["type"] == "query"]
    used: set[str] = set()
    for question in questions:
        names = re.findall(r"\b(?:agent|simweb)_\w+", question.replace("agent_id", ""))
        assert names, question
        labels = set(re.findall(r"(\w+)=~?\"", question))
        for grouped in re.findall(r"\bby \(([^)]*)\)", question):
            labels |= {label.strip() for label in grouped.split(",")}
        for name in names:
            assert labels <= exported[name] | {"instance"}, question
        used.update(names)
    assert {
        name for name in exported if not name.startswith("simweb_build") and not name.endswith(("_sum", "_count"))
    } <= used


def test_the_dashboard_for_grafana_can_be_put_anywhere() -> None:
    dashboard = json.loads((ROOT / "docs" / "grafana.json").read_text())
    assert (dashboard["id"], dashboard["uid"], dashboard["title"]) == (None, "simweb", "simweb")
    assert [(item["name"], item["type"]) for item in dashboard["templating"]["list"]] == [
        ("datasource", "datasource"),
        ("simulation", "query"),
    ]
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
