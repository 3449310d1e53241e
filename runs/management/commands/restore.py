from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from runs.management.copies import check, database_file, put_in_place
from runs.management.only_one import only_one


class Command(BaseCommand):
    """`manage.py restore FILE`: what `backup` has written becomes the database again."""

    help = "Put a backup in the place of the database, which is kept beside it. No server may run on it meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="what `manage.py backup` has written")

    def handle(self, *, file: Path, **options: Any) -> None:
        command = f'pg_restore --clean --if-exists --no-owner --dbname="$DATABASE_URL" {file}'
        place = database_file("while no server and no worker runs", command)
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        check(file)
        with only_one():
            connections.close_all()
            restored = put_in_place(file, place)
        self.stdout.write(f"{file} is the database now.")
        self.stdout.write("Everybody signs in again: its sessions and sign-in links are removed.")
        self.stdout.write(f"Its tokens are valid again, also those that were taken back since: {restored.tokens}.")
        if restored.before is not None:
            self.stdout.write(f"The one before is kept: {restored.before}")
