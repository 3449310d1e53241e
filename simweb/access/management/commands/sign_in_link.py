from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from simweb.access.services import create_sign_in_link, local_admin, server_address


class Command(BaseCommand):
    """`manage.py sign_in_link`: another one-time link, for the local admin or somebody else."""

    help = "Print a link that signs a person in once, within 12 hours."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", help="whom it signs in (default: the local admin)")
        parser.add_argument(
            "--base", help="address of the server (default: where the one of this data directory serves)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["user"]).first() if options["user"] else local_admin()
        if user is None:
            raise CommandError(f"There is no person named {options['user']!r}.")
        base = options["base"] or server_address()
        self.stdout.write(f"{base.rstrip('/')}/sign-in/{create_sign_in_link(user)}/")
