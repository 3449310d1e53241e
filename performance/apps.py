from django.apps import AppConfig


class PerformanceConfig(AppConfig):
    """How simulations have been doing."""

    name = "performance"

    def ready(self) -> None:
        from performance import counters
        from runs.events import run_ended

        run_ended.connect(counters.on_run_ended, dispatch_uid="counters")
