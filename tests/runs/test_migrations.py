"""What a lab has recorded is still right after an update."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from runs.models import Run
from tests.conftest import MakeRun
from tests.runs.lives import lead_to

pytestmark = pytest.mark.django_db(transaction=True)


def test_errors_of_runs_that_failed_before_they_were_grouped_are_grouped(make_run: MakeRun) -> None:
    failed, completed = lead_to(make_run(), "failed"), lead_to(make_run(), "completed")
    try:
        call_command("migrate", "performance", "zero", verbosity=0)
        call_command("migrate", "runs", "0010_series_blocks", verbosity=0)
    finally:
        call_command("migrate", verbosity=0)
    assert Run.objects.get(pk=failed.pk).error_group == "RuntimeError: boom"
    assert Run.objects.get(pk=completed.pk).error_group == ""
    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.filter(pk=failed.pk).update(error_group="mended")
