from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class PerformanceConfig(AppConfig):
    """How simulations have been doing. What it hears of is wired here."""

    name = "performance"

    def ready(self) -> None:
        from performance import changes, counters
        from performance.rollup import Nightly
        from runs.events import run_counted, run_ended, runs_removed
        from runs.upkeep import further_duties

        run_ended.connect(counters.on_run_ended, dispatch_uid="counters")
        run_counted.connect(changes.on_run_counted, dispatch_uid="changed days")
        runs_removed.connect(changes.on_runs_removed, dispatch_uid="removed days")
        further_duties.append(Nightly().roll_up)
        if settings.OTLP_ENDPOINT:
            _trace_runs()


def _trace_runs() -> None:
    """Costs nothing where no endpoint is set: not even an import."""
    from runs.events import run_changed

    try:
        from performance import tracing
    except ImportError as error:
        raise ImproperlyConfigured(
            f"SIMWEB_OTLP_ENDPOINT is set, and what it needs is not installed ({error}): "
            "install the extra `tracing` of pyproject.toml, or leave the variable out"
        ) from None
    run_changed.connect(tracing.on_run_changed, dispatch_uid="tracing")
