from django.apps import AppConfig


class PerformanceConfig(AppConfig):
    """How simulations have been doing."""

    name = "performance"

    def ready(self) -> None:
        from performance.rollup import Nightly
        from runs.upkeep import further_duties

        further_duties.append(Nightly().roll_up)
