import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from runs.imports import import_runs
from runs.specs import BadSpec
from simweb.access.services import local_admin


class Command(BaseCommand):
    """`manage.py import_runs FILE`: runs of a JSON export, of any size, become rows here."""

    help = "Make runs of a JSON export (of /api/v1/runs/N/export?format=json)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            data = json.loads(options["file"].read_text())
            made = import_runs(data, by=local_admin())
        except (OSError, ValueError) as error:
            reason = error.errors[0].msg if isinstance(error, BadSpec) else str(error)
            raise CommandError(f"{options['file']}: {reason}") from None
        self.stdout.write("\n".join(f"run {run.pk}: {run.simulation.name}, {run.status}" for run in made))
