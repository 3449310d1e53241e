import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, connections
from django.utils.module_loading import import_string

from runs import simulations
from runs.courier import Courier
from runs.executors import get_executor
from runs.live import hub
from runs.management.only_one import only_one
from runs.models import ServerProcess
from runs.presence import Presence, own_name, take_name
from runs.upkeep import Upkeep
from simweb import schema
from simweb.access.services import create_sign_in_link, local_admin, note_server_address
from simweb.engine import registry

# Threads that record runs must not make those that answer requests wait 5 ms, Python's default, for their turn.
SWITCH_SECONDS = 0.001
# To tell a thousand sockets something takes thousands of objects for a moment. With Python's default of 700 that has the
# garbage looked for after every frame, now and then among all that lives, and everybody waits 0.1 s.
YOUNG_OBJECTS = 10_000
# Any number that nobody else takes for a lock in this database.
PREPARING = 20_260_501
# To tell the others that this process ends; a database that is away must not keep it.
LEAVE_SECONDS = 3


@contextmanager
def one_after_the_other() -> Iterator[None]:
    """Servers that start together would each make the same tables. On SQLite there is but one: see `only_one`."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [PREPARING])
    try:
        yield
    finally:
        connections.close_all()  # and with it the lock ends, as it does when this process is killed


class Command(BaseCommand):
    """`manage.py serve`: everything in one command and one process tree."""

    help = "Migrate, make the ready-made simulations, start web server and executor, print a sign-in link."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, help="runs side by side (default: SIMWEB_WORKERS, or one a core)")

    def handle(self, *args: Any, **options: Any) -> None:
        self._lock = only_one()
        if options["workers"] is not None:
            if not 1 <= options["workers"] <= 256:
                raise CommandError("--workers must be a number from 1 to 256.")
            settings.WORKERS = options["workers"]
        with one_after_the_other():
            if refusal := schema.refusal():
                raise CommandError(refusal)
            call_command("migrate", verbosity=0, interactive=False)
            simulations.make_ready()
            secret = create_sign_in_link(local_admin())
            self._take_name()
        for warning in registry.listing().warnings.values():
            self.stderr.write(self.style.WARNING(f"Warning: {warning}"))
        gc.freeze()  # what is loaded by now stays: collections need not look at it again
        gc.set_threshold(YOUNG_OBJECTS)
        sys.setswitchinterval(SWITCH_SECONDS)
        self._serve(options["host"], options["port"], secret)

    def _serve(self, host: str, port: int, secret: str) -> None:
        from simweb.server import WebServer  # installs Twisted's reactor: only in a server

        application = import_string(settings.ASGI_APPLICATION)
        executor = get_executor()
        executor.start()
        presence = Presence(own_name(), ServerProcess.Kind.WEB, executor.slots, lambda: hub.sockets)
        upkeep = Upkeep(presence)
        clockwork = (upkeep, Courier())
        for thread in clockwork:
            thread.start()
        server = WebServer(
            application,
            host,
            port,
            lambda: self._greet(host, port, secret),
            may_send_larger=import_string(settings.DOORMAN)().judge,
            workers=executor.slots,
        )
        try:
            server.run()
        finally:
            for thread in clockwork:
                thread.stop()
            executor.stop()
            upkeep.join(LEAVE_SECONDS)
        if not server.listening_addresses:
            raise CommandError(f"Port {port} of {host} is taken or not allowed. Try another: PORT={port + 1} make run")

    def _take_name(self) -> None:
        """Have a name that nobody else has, before anything is done under it: runs of this name are buried at start."""
        before = own_name()
        name = take_name()
        if name != before:
            told = (
                f"{settings.DATA_DIR} is a copy: the server {before} is up elsewhere. This one is {name} from now on."
            )
            self.stderr.write(self.style.WARNING(f"Warning: {told}"))

    def _greet(self, host: str, port: int, secret: str) -> None:
        shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104
        base = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"
        note_server_address(base)
        self.stdout.write(f"simweb is running at {base}/  (stop it with Ctrl+C)")
        self.stdout.write(f"Sign in, once, within 12 hours: {base}/sign-in/{secret}/")
        self.stdout.flush()
