from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from simweb.access.services import create_sign_in_link, local_admin


class Command(BaseCommand):
    """`manage.py sign_in_link`: another one-time link, for the local admin or somebody else."""

    help = "Print a link that signs a person in once, within 12 hours."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", help="whom it signs in (default: the local admin)")
        parser.add_argument("--base", default="http://127.0.0.1:8000", help="address of the server")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["user"]).first() if options["user"] else local_admin()
        if user is None:
            raise CommandError(f"There is no person named {options['user']!r}.")
        self.stdout.write(f"{options['base'].rstrip('/')}/sign-in/{create_sign_in_link(user)}/")
