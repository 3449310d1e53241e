from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from runs import services, typed
from runs.management import terminal
from runs.models import Run, Simulation, Turn
from runs.specs import BadSpec, load_scenario
from runs.states import Status, Trigger
from runs.templatetags.show import amount, duration, measured
from simweb.access.services import local_admin


class Command(BaseCommand):
    """`manage.py run SLUG`: play a run here, with a progress bar; it is recorded like any other."""

    help = "Run a simulation in this terminal and print what was measured."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="which simulation; `manage.py run ?` lists them")
        parser.add_argument("--turns", metavar="NUMBER")
        parser.add_argument("--seed", metavar="NUMBER")
        parser.add_argument(
            "--param",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="may be repeated; written as on the page: 2.5, true, [1, 2], nothing for none",
        )
        parser.add_argument("--metric", action="extend", nargs="+", default=[], metavar="KEY", help="what to measure")

    def handle(self, *args: Any, **options: Any) -> None:
        simulation = Simulation.objects.filter(slug=options["slug"]).first()
        if simulation is None:
            known = ", ".join(Simulation.objects.values_list("slug", flat=True)) or "none; start the server once"
            raise CommandError(f"There is no simulation {options['slug']!r}. There are: {known}.")
        with terminal.played_here():
            run = terminal.play(self._queue(simulation, options))
        self._sum_up(run)
        if run.status != Status.COMPLETED:
            raise SystemExit(1)

    def _queue(self, simulation: Simulation, options: dict[str, Any]) -> Run:
        try:
            [run] = services.create_runs(
                simulation,
                trigger=Trigger.MANUAL,
                by=local_admin(),
                params=self._params(simulation, options["param"]),
                turns=typed.whole_from(options, "turns"),
                seed=typed.whole_from(options, "seed"),
                metric_keys=options["metric"],
            )
        except BadSpec as error:
            lines = "\n".join(f"  {'.'.join(item.loc)}: {item.msg}" for item in error.errors)
            raise CommandError(f"This run cannot be started:\n{lines}") from None
        return run

    def _params(self, simulation: Simulation, assignments: list[str]) -> dict[str, Any]:
        fields = {field.name: field for field in typed.param_fields(load_scenario(simulation.scenario))}
        found: dict[str, Any] = {}
        for text in assignments:
            name, equals, value = text.partition("=")
            if not equals:
                raise CommandError(f"--param {text}: write it as NAME=VALUE.")
            found[name] = typed.read(fields[name], value) if name in fields else value
        return {name: value for name, value in found.items() if value is not typed.LEFT_OUT}

    def _sum_up(self, run: Run) -> None:
        console = Console(file=self.stdout)  # type: ignore[arg-type]  # it is one in all that is asked of it
        table = Table(
            title=f"Run {run.pk}: {run.status}, {run.turns_done} turns in {duration(run.duration_ms)}, seed {run.seed}"
        )
        table.add_column("Metric")
        table.add_column("Last turn, or whole run", justify="right")
        last = Turn.objects.filter(run=run).order_by("-number").first()
        for key, value in {**(last.metrics if last else {}), **(run.run_metrics or {})}.items():
            table.add_row(key, measured(value))
        console.print(table)
        if run.problem_count:
            console.print(f"{amount(run.problem_count)} problems; the first: {run.problems.first()}")
        if run.error_type:
            console.print(f"{run.error_type} in turn {run.error_turn}: {run.error_message}", style="red", markup=False)
