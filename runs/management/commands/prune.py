"""`manage.py prune`: remove old runs for good."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from runs.retention import due, prune


class Command(BaseCommand):
    help = "Remove runs that ended long ago, and those deleted more than 7 days ago. Starred runs are never removed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--older-than", metavar="90d", help="default: SIMWEB_RETENTION_DAYS; 0d keeps for ever")
        parser.add_argument("--dry-run", action="store_true", help="say how many, remove none")

    def handle(self, *, older_than: str | None, dry_run: bool, **options: Any) -> None:
        days = settings.RETENTION_DAYS
        if older_than is not None:
            found = re.fullmatch(r"([0-9]{1,5})d", older_than, re.ASCII)
            if found is None:
                raise CommandError(f"--older-than {older_than!r}: write a number of days, such as 90d")
            days = int(found[1])
        now = timezone.now()
        if dry_run:
            self.stdout.write(f"{due(now, days).count():,} runs would be removed.")
            return
        self.stdout.write(f"{sum(prune(now, days)):,} runs removed.")
