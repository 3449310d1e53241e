"""What a lab has recorded is still right after an update."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from runs import immutable
from runs.models import Delivery, Run, SeriesBlock
from runs.notifiers import create_notifier
from tests.conftest import MakeRun
from tests.runs.lives import lead_to

pytestmark = pytest.mark.django_db(transaction=True)


def test_errors_of_runs_that_failed_before_they_were_grouped_are_grouped(make_run: MakeRun) -> None:
    failed, completed = lead_to(make_run(), "failed"), lead_to(make_run(), "completed")
    with connection.cursor() as cursor:  # as it was before there was the column, which no trigger kept then
        cursor.execute(f"DROP TRIGGER run_immutable{' ON runs_run' if connection.vendor == 'postgresql' else ''}")
    Run.objects.update(error_group="")
    try:
        import_module("runs.migrations.0011_performance").group_errors(apps, None)
    finally:
        immutable.install()
    assert Run.objects.get(pk=failed.pk).error_group == "RuntimeError: boom"
    assert Run.objects.get(pk=completed.pk).error_group == ""


def test_blocks_of_mappings_that_were_packed_as_numbers_are_forgotten(make_run: MakeRun) -> None:
    run, number = lead_to(make_run(), "completed"), bytes(8 * 4_096)
    for first, names, values in ((1, [], number), (4_097, [], 2 * number), (8_193, ["a", "b"], 2 * number)):
        SeriesBlock.objects.create(run=run, metric="turn.walk.parts", first=first, names=names, values=values)
    import_module("runs.migrations.0017_blank_names").forget(apps, None)
    assert set(SeriesBlock.objects.values_list("first", flat=True)) == {1, 8_193}


def test_an_answer_that_grows_when_its_addresses_are_shortened_still_fits(make_run: MakeRun) -> None:
    run = make_run()
    create_notifier(run.simulation, channel="email", address="ada@example.com", statuses=["failed"])
    lead_to(run, "failed")
    Delivery.objects.update(answer="http://a " * 33)
    import_module("runs.migrations.0020_discreet_answers").shorten(apps, None)
    kept = Delivery.objects.get().answer
    assert kept.startswith("http://a/… http://a/… ")
    assert len(kept) == 300
