from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from runs.management.copies import copy, database_file


class Command(BaseCommand):
    """`manage.py backup FILE`: all rows as they are now, in one file, while the server goes on."""

    help = "Copy the database to a new file; a server that runs need not be stopped. `restore` puts it back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="where to; there must be none of this name")

    def handle(self, *, file: Path, **options: Any) -> None:
        source = database_file("at any time", f'pg_dump --format=custom --file={file} "$DATABASE_URL"')
        if file.exists():
            raise CommandError(f"{file} is there already: choose another name.")
        if not source.exists():
            raise CommandError(f"There is no database yet: {source}.")
        copy(source, file)
        self.stdout.write(f"{file}: {file.stat().st_size / 2**20:.1f} MiB. Keep it as private as the database itself.")
