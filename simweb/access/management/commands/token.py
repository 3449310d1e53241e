from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from simweb.access.models import Token
from simweb.access.roles import Role
from simweb.access.services import create_token, local_admin


class Command(BaseCommand):
    """`manage.py token NAME --role operator`: prints the token, nothing else."""

    help = "Make an API token and print it. It cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="what it is for; shown in the admin")
        parser.add_argument("--role", choices=Role.values, default=Role.OPERATOR.value)
        parser.add_argument("--user", help="whose token it is (default: the local admin)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 0 < len(options["name"].strip()) <= 100:
            raise CommandError("The name of a token has 1 to 100 characters.")
        if Token.objects.filter(name=options["name"]).exists():
            raise CommandError(f"There is already a token named {options['name']!r}: choose another name.")
        owner = User.objects.filter(username=options["user"]).first() if options["user"] else local_admin()
        if owner is None:
            raise CommandError(f"There is no person named {options['user']!r}.")
        self.stdout.write(create_token(name=options["name"], role=Role(options["role"]), owner=owner))
