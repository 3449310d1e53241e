from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from simweb.access.models import Token
from simweb.access.roles import Role
from simweb.access.services import create_token, digest, local_admin
from simweb.smoke import smoke


class Command(BaseCommand):
    """`manage.py smoke URL`: whether a running server answers, plays a run and tells a socket of it; 1 if it does not."""

    help = "Check a running server: its health, one short run, one socket. The run is deleted again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", help="where the server is, such as http://127.0.0.1:8000")
        parser.add_argument(
            "--token", default="", help="of an operator; left out, one is made in this database and taken back"
        )
        parser.add_argument("--seconds", type=float, default=60.0, help="to wait for each answer, at most")

    def handle(self, *args: Any, **options: Any) -> None:
        borrowed = "" if options["token"] else self._borrow()
        try:
            if not self._check(options["url"], options["token"] or borrowed, options["seconds"]):
                raise SystemExit(1)
        finally:
            if borrowed:
                Token.objects.filter(digest=digest(borrowed)).delete()

    def _borrow(self) -> str:
        try:
            return create_token(name="manage.py smoke", role=Role.OPERATOR, owner=local_admin())
        except DatabaseError as error:
            self.stderr.write(f"No token can be made in this database ({error}): give one with --token.")
            raise SystemExit(1) from None

    def _check(self, url: str, token: str, seconds: float) -> bool:
        for step in smoke(url, token, seconds):
            self.stdout.write(f"{'ok    ' if step.is_good else 'FAILED'}  {step.name:7} {step.seen}")
            if not step.is_good:
                return False
        self.stdout.write(self.style.SUCCESS(f"{url} works."))
        return True
