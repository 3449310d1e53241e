from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from runs.specs import BadSpec
from runs.transfer.imports import import_runs, read_export
from simweb.access.services import local_admin


class Command(BaseCommand):
    """`manage.py import_runs FILE`: runs of a JSON export, of any size, become rows here."""

    help = "Make runs of a JSON export (of /api/v1/runs/N/export?format=json)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = import_runs(read_export(options["file"].read_bytes()), by=local_admin())
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from None
        except BadSpec as error:
            lines = "\n".join(f"  {'.'.join(item.loc)}: {item.msg}" for item in error.errors)
            raise CommandError(f"{options['file']} cannot be imported:\n{lines}") from None
        self.stdout.write("\n".join(f"run {run.pk}: {run.simulation.name}, {run.status}" for run in made))
