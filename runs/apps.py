from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RunsConfig(AppConfig):
    """Playing and remembering. All wiring is here: two listeners hear of changes, executor and live."""

    name = "runs"

    def ready(self) -> None:
        from runs import executors, immutable, live
        from runs.events import run_changed

        post_migrate.connect(immutable.install, sender=self, dispatch_uid="immutable")
        run_changed.connect(executors.on_run_changed, dispatch_uid="executors")
        run_changed.connect(live.on_run_changed, dispatch_uid="live")
