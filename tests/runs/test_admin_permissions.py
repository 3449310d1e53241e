"""Who may do what in the admin: every model against every role, as staff. A model that is not in the table fails here."""

from __future__ import annotations

import pytest
from django.contrib import admin as site
from django.test import RequestFactory

from simweb.access.roles import Role
from tests.conftest import make_person

pytestmark = pytest.mark.django_db
VIEWER, OPERATOR, ADMIN, NOBODY = Role.VIEWER, Role.OPERATOR, Role.ADMIN, None
VERBS = ("view", "add", "change", "delete")
LOOKED_AT = (VIEWER, NOBODY, NOBODY, NOBODY)
TABLE: dict[str, tuple[Role | None, ...]] = {
    "auth.User": (ADMIN, ADMIN, ADMIN, ADMIN),
    "auth.Group": (ADMIN, ADMIN, ADMIN, ADMIN),
    "access.Token": (ADMIN, NOBODY, ADMIN, ADMIN),
    "access.IdempotentRequest": (ADMIN, NOBODY, NOBODY, ADMIN),
    "axes.AccessAttempt": (ADMIN, NOBODY, NOBODY, ADMIN),
    "metrics.MetricSelection": (ADMIN, NOBODY, ADMIN, ADMIN),
    "runs.Simulation": (VIEWER, NOBODY, OPERATOR, NOBODY),
    "runs.SavedView": (ADMIN, NOBODY, NOBODY, NOBODY),
    "runs.Notifier": (OPERATOR, NOBODY, NOBODY, NOBODY),
    "runs.Delivery": (OPERATOR, NOBODY, NOBODY, NOBODY),
    **dict.fromkeys(("runs.Run", "runs.Turn", "runs.Event", "runs.Problem", "runs.Decision", "runs.Frame"), LOOKED_AT),
    **dict.fromkeys(("runs.JournalEntry", "runs.SeriesBlock", "runs.BulkAct", "runs.ServerProcess"), LOOKED_AT),
    **dict.fromkeys(("performance.DailyPerformance", "performance.RemovedDay", "performance.ChangedDay"), LOOKED_AT),
    **dict.fromkeys(("performance.SystemDay", "performance.ExecutionTotals", "performance.ErrorTotals"), LOOKED_AT),
    "experiments.Experiment": LOOKED_AT,
}
ACTIONS = {("runs.Run", "stop"), ("runs.Run", "retry"), ("runs.Run", "delete_runs")}  # besides Django's, to delete


def test_every_model_of_the_admin_is_in_the_table_and_nothing_else_is() -> None:
    assert {model._meta.label for model in site.site._registry} == set(TABLE)


@pytest.mark.parametrize("role", Role)
def test_staff_may_do_what_their_role_says(rf: RequestFactory, role: Role) -> None:
    person = make_person(role)
    person.is_staff = True
    request = rf.get("/admin/")
    request.user = person
    seen = {
        (model._meta.label, verb)
        for model, page in site.site._registry.items()
        for verb in VERBS
        if getattr(page, f"has_{verb}_permission")(request)
    }
    assert seen == {
        (label, verb)
        for label, needed in TABLE.items()
        for verb, least in zip(VERBS, needed, strict=True)
        if least is not NOBODY and role.covers(least)
    }
    offered = {
        (model._meta.label, action)
        for model, page in site.site._registry.items()
        for action in page.get_actions(request)
    }
    assert {pair for pair in offered if pair[1] != "delete_selected"} == (ACTIONS if role.covers(OPERATOR) else set())
    assert {label for label, action in offered if action == "delete_selected"} == {
        label for label, verb in seen if verb == "delete"
    }
