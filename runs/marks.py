"""Marks: what people add to a run, its result untouched: tags, notes, a star."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from runs.events import announce, record
from runs.models import Run
from runs.specs import BadSpec, FieldError, clean_description

MOST_TAGS = 20
LONGEST_TAG = 50
LONGEST_NOTES = 20_000


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Trimmed, lower case, in alphabetical order, each once. Raises BadSpec."""
    cleaned = sorted({" ".join(tag.split()).lower() for tag in tags} - {""})
    if len(cleaned) > MOST_TAGS:
        raise BadSpec([FieldError(("tags",), f"A run has at most {MOST_TAGS} tags.")])
    if any(len(tag) > LONGEST_TAG or "," in tag for tag in cleaned):
        raise BadSpec([FieldError(("tags",), f"A tag is at most {LONGEST_TAG} characters long and holds no comma.")])
    return cleaned


@transaction.atomic
def mark(
    run: Run,
    *,
    by: User | None,
    tags: Iterable[str] | None = None,
    notes: str | None = None,
    is_starred: bool | None = None,
    description: str | None = None,
) -> None:
    """Change what is given; what is None stays. Raises BadSpec."""
    changes: dict[str, Any] = {}
    if tags is not None:
        changes["tags"] = clean_tags(tags)
    if notes is not None:
        if len(notes) > LONGEST_NOTES:
            raise BadSpec([FieldError(("notes",), f"Notes are at most {LONGEST_NOTES:,} characters long.")])
        changes["notes"] = notes.strip()
    if description is not None:
        changes["description"] = clean_description(description)
    if is_starred is not None:
        changes["is_starred"] = is_starred
    changed = [name for name, value in changes.items() if getattr(run, name) != value]
    if not changed:
        return
    now = timezone.now()
    Run.objects.filter(pk=run.pk).update(**changes, version=F("version") + 1, changed_at=now)
    _tell(run, now, by, changed)


@transaction.atomic
def add_tag(run: Run, tag: str, *, by: User | None) -> None:
    """Add one tag to those that the run has by now, whoever else adds one: compare and swap. Raises BadSpec."""
    while (tags := clean_tags([*run.tags, tag])) != run.tags:
        now = timezone.now()
        unchanged = Run.objects.filter(pk=run.pk, version=run.version)
        if unchanged.update(tags=tags, version=F("version") + 1, changed_at=now):
            _tell(run, now, by, ["tags"])
            return
        run.refresh_from_db(fields=["tags", "version"])


def _tell(run: Run, now: datetime, by: User | None, changed: Iterable[str]) -> None:
    record(run.pk, "marked", now, actor=by, detail=", ".join(name.removeprefix("is_") for name in changed))
    announce(run, "state")
