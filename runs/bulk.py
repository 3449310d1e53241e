"""Bulk acts: one act upon many runs, through the same services as upon one. Each run's is a transaction of its own, which
also moves the act's place on, so that nothing is done twice: not by two servers, not after a restart."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from runs import marks, services
from runs.models import BulkAct, BulkItem, Run
from runs.search import parse
from runs.specs import BadSpec, FieldError

UNDO_DAYS = 7
BATCH = 50
AT_ONCE_SECONDS = 1.0
MOST_IDS = 200
LARGEST = 2**63 - 1


ACTS: dict[str, Callable[[Run, BulkAct], Any]] = {
    "stop": lambda run, bulk: services.cancel(run, by=bulk.by),
    "retry": lambda run, bulk: services.retry(run, by=bulk.by),
    "delete": lambda run, bulk: services.delete(run, by=bulk.by),
    "restore": lambda run, bulk: services.restore(run, by=bulk.by),
    "tag": lambda run, bulk: marks.add_tag(run, bulk.tag, by=bulk.by),
    "star": lambda run, bulk: marks.mark(run, by=bulk.by, is_starred=True),
}


def begin(act: str, *, by: User, ids: list[int] | None = None, query: str = "", tag: str = "") -> BulkAct:
    """Ask for an act upon these runs, or upon all that match the query and are there now. Raises BadSpec."""
    if act not in ACTS or act == "restore":
        raise BadSpec([FieldError(("act",), f"Write one of {', '.join(name for name in ACTS if name != 'restore')}.")])
    if ids is not None and not 0 < len(ids) <= MOST_IDS:
        raise BadSpec([FieldError(("ids",), f"Choose 1 to {MOST_IDS} runs.")])
    tags = marks.clean_tags([tag])
    if act == "tag" and not tags:
        raise BadSpec([FieldError(("tag",), "Write the tag.")])
    parse(query)
    kept = tags[0] if act == "tag" else ""
    total = None if ids is None else len(set(ids))
    return BulkAct.objects.create(act=act, ids=ids, query=query, tag=kept, by=by, place=LARGEST, total=total)


def undo(bulk: BulkAct, *, by: User) -> BulkAct:
    """Bring back what a bulk deletion took. Raises BadSpec when it was none, or is too long ago."""
    if not may_undo(bulk):
        raise BadSpec([FieldError(("act",), f"Only deletions of the last {UNDO_DAYS} days can be undone.")])
    total = bulk.items.filter(refusal="").count()
    return BulkAct.objects.create(act="restore", undoes=bulk, by=by, place=LARGEST, total=total)


def may_undo(bulk: BulkAct) -> bool:
    """Whether `undo` can be asked for."""
    is_old = bulk.created_at < timezone.now() - timedelta(days=UNDO_DAYS)
    return bulk.act == "delete" and bulk.finished_at is not None and not is_old and not bulk.undone_by.exists()


def advance() -> None:
    """Go on with what is not finished, for about a second. A duty of every server."""
    until = time.monotonic() + AT_ONCE_SECONDS
    for bulk in BulkAct.objects.filter(finished_at=None).select_related("by").order_by("id"):
        play(bulk, until)


def play(bulk: BulkAct, until: float | None = None) -> None:
    """Go on with one until it is finished, or until a moment of the monotonic clock."""
    until = time.monotonic() + AT_ONCE_SECONDS if until is None else until
    if bulk.total is None:
        bulk.total = _found(bulk).count()
        bulk.save(update_fields=["total"])
    while time.monotonic() < until:
        batch = list(_found(bulk).filter(pk__lt=bulk.place).select_related("simulation").order_by("-pk")[:BATCH])
        if not batch:
            bulk.finished_at = timezone.now()
            bulk.save(update_fields=["finished_at"])
            return
        for run in batch:
            if time.monotonic() >= until or not _do(bulk, run):
                return


def _found(bulk: BulkAct) -> Any:
    if bulk.undoes_id is not None:
        return Run.objects.filter(bulk_items__bulk=bulk.undoes_id, bulk_items__refusal="")
    found = Run.objects.filter(deleted_at=None)
    if bulk.ids is not None:
        return found.filter(pk__in=bulk.ids)
    return parse(bulk.query).select(found.filter(created_at__lte=bulk.created_at))


@transaction.atomic
def _do(bulk: BulkAct, run: Run) -> bool:
    """Do it to one run; False when somebody else has gone on with this act meanwhile."""
    if not BulkAct.objects.filter(pk=bulk.pk, place=bulk.place).update(place=run.pk):
        return False
    refusal = ""
    try:
        with transaction.atomic():
            ACTS[bulk.act](run, bulk)
    except (services.TransitionRefused, BadSpec) as refused:
        refusal = str(refused)[:300]
    BulkItem.objects.create(bulk=bulk, run=run, refusal=refusal)
    counter = "refused" if refusal else "done"
    BulkAct.objects.filter(pk=bulk.pk).update(**{counter: F(counter) + 1})
    bulk.place = run.pk
    return True
