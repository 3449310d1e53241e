from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from runs.executors.celery import celery_app
from simweb import schema


class Command(BaseCommand):
    """`manage.py worker`: play runs on this machine, for the servers that share its database and Redis."""

    help = "Start a Celery worker that plays runs. Needs SIMWEB_EXECUTOR=celery, REDIS_URL and DATABASE_URL."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workers", type=int, help="runs side by side (default: SIMWEB_WORKERS, or one a core)")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.EXECUTOR != "celery":
            raise CommandError("A worker plays for SIMWEB_EXECUTOR=celery; this is set to another executor.")
        if refusal := schema.refusal():
            raise CommandError(refusal)
        connections.close_all()  # processes of the pool are forked from this one
        count = options["workers"] or settings.WORKERS
        pool = ["--concurrency", str(count)] if count else []
        celery_app().worker_main(
            ["worker", "--loglevel", settings.LOG_LEVEL, "--without-gossip", "--without-mingle", *pool]
        )
