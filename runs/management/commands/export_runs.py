from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from runs.models import Run
from runs.transfer.exports import json_of


class Command(BaseCommand):
    """`manage.py export_runs ID … > runs.json`: what `import_runs` reads, here or in another lab."""

    help = "Write runs as JSON to standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", type=int, nargs="+", help="the number of a run")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = list(dict.fromkeys(options["run"]))
        runs = Run.objects.select_related("simulation", "created_by").filter(deleted_at=None).in_bulk(wanted)
        if missing := [str(pk) for pk in wanted if pk not in runs]:
            raise CommandError(f"There is no run {', '.join(missing)}.")
        for part in json_of([runs[pk] for pk in wanted]):
            self.stdout.write(part, ending="")
