from django.apps import AppConfig


class PerformanceConfig(AppConfig):
    """How simulations have been doing."""

    name = "performance"

    def ready(self) -> None:
        from performance import counters
        from performance.rollup import Nightly
        from runs.events import run_ended
        from runs.upkeep import further_duties

        run_ended.connect(counters.on_run_ended, dispatch_uid="counters")
        further_duties.append(Nightly().roll_up)
