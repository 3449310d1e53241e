"""Rows: a run in a list, as pages and sockets draw it. One that cannot be drawn says so in its own place, and spoils no other."""

from __future__ import annotations

import logging

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from runs.models import Run

logger = logging.getLogger(__name__)


def drawn_row(run: Run, *, may_operate: bool) -> SafeString:
    """The row of a history."""
    try:
        return render_to_string("runs/_run_row.html", {"run": run, "may_operate": may_operate})
    except Exception:
        return undrawable(run, "row")


def undrawable(run: Run, place: str) -> SafeString:
    """What stands in the `row`, or in the `live` part of its page, of a run whose drawing has just failed."""
    logger.exception("run %s: cannot be drawn", run.pk)
    return render_to_string(f"runs/_undrawable_{place}.html", {"run": run})
