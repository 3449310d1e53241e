from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from experiments import queries, services
from experiments.found import agents_found
from experiments.models import Experiment
from runs.management import terminal
from runs.specs import BadSpec
from runs.states import Status
from runs.templatetags.show import amount, duration
from simweb.access.services import local_admin
from simweb.engine import Faulty
from simweb.scenarios.optimization.llm.fake import FakeServer
from simweb.scenarios.optimization.params import AS_WRITTEN, config_of
from simweb.scenarios.optimization.reading import gather
from simweb.scenarios.optimization.subjects import templates

LATEST = 20
FAKE_PORT = 8089
T = TypeVar("T")


class Command(BaseCommand):
    """`manage.py experiment run FILE`: the same runner as the page and the API have."""

    help = "Optimise policies from a YAML file: run it, check it, write one to start from, list what was run."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, parser_class=ArgumentParser)
        run = verbs.add_parser("run", help="run an experiment here and keep it like any other")
        validate = verbs.add_parser("validate", help="say what is wrong with a file, or what it would do")
        for verb in (run, validate):
            verb.add_argument("file", type=Path)
            verb.add_argument("--seed", type=int, help="instead of the file's master_seed")
            verb.add_argument("--proposer", default="", help="instead of the file's")
            verb.add_argument("--model", default="", help="instead of the file's")
            verb.add_argument("--max-iterations", type=int, help="instead of the file's")
            verb.add_argument("--budget-tokens", type=int, help="instead of the file's")
            verb.add_argument("--budget-usd", type=float, help="instead of the file's")
        run.add_argument("--dry-run", action="store_true", help="check it, and make nothing")
        template = verbs.add_parser("template", help="write an experiment to start from")
        template.add_argument("name", nargs="?", help="which one; left out, they are listed")
        verbs.add_parser("list", help=f"the newest {LATEST} experiments")
        fake = verbs.add_parser(
            "fake-llm", help="a server like OpenAI's that answers by a rule: for experiments without a key"
        )
        fake.add_argument("--host", default="127.0.0.1")
        fake.add_argument("--port", type=int, default=FAKE_PORT)

    def handle(self, *args: Any, **options: Any) -> None:
        verbs: dict[str, Callable[[dict[str, Any]], None]] = {
            "run": self._run,
            "validate": self._validate,
            "template": self._template,
            "list": self._list,
            "fake-llm": self._fake_llm,
        }
        verbs[options["verb"]](options)

    def _run(self, options: dict[str, Any]) -> None:
        if options["dry_run"]:
            self._validate(options)
            return
        params = self._params(options)
        with terminal.played_here():
            experiment = self._checked(options, lambda: services.start(params, by=local_admin(), seed=options["seed"]))
            run = queries.run_of(experiment)
            assert run is not None
            run = terminal.play(run)
        self._sum_up(experiment)
        if run.status != Status.COMPLETED:
            raise SystemExit(1)

    def _validate(self, options: dict[str, Any]) -> None:
        checked = self._checked(options, lambda: services.check(self._params(options), options["seed"]))
        config = config_of(checked)
        told = f"{options['file']} is right: {config.name}, {config.convergence.max_iterations} iterations at most of"
        self.stdout.write(f"{told} {', '.join(config.optimized_agents)}, proposed by {config.proposer.kind}.")

    def _template(self, options: dict[str, Any]) -> None:
        known, name = templates(), options["name"]
        if name is None:
            self.stdout.write("\n".join(f"{template.key:14} {template.title}" for template in known.values()))
        elif name in known:
            self.stdout.write(known[name].text, ending="")
        else:
            raise CommandError(f"There is no template {name!r}. There are {', '.join(known)}.")

    def _list(self, options: dict[str, Any]) -> None:
        table = Table()
        for head in ("Number", "Experiment", "Proposer", "Status", "Iterations", "Final cost"):
            table.add_column(head)
        for standing in queries.standings(Experiment.objects.filter(deleted_at=None).order_by("-id")[:LATEST]):
            result, done = standing.result, standing.run.turns_done if standing.run else 0
            cost = amount(result["final_cost"]) if result else "—"
            experiment = standing.experiment
            table.add_row(str(experiment.pk), experiment.name, experiment.proposer, standing.status, amount(done), cost)
        self._console.print(table)

    def _fake_llm(self, options: dict[str, Any]) -> None:
        host, port = options["host"], options["port"]
        try:
            with FakeServer(host, port) as server, suppress(KeyboardInterrupt):
                self.stdout.write(f"A fake language model answers at {server.base_url}  (stop it with Ctrl+C)")
                self.stdout.flush()
                server.serve_forever()
        except OSError as error:
            raise CommandError(f"{host}:{port}: {error.strerror}. Choose another with --port.") from None

    def _params(self, options: dict[str, Any]) -> dict[str, Any]:
        try:
            text, files = gather(options["file"])
        except Faulty as faulty:
            raise CommandError(f"{options['file']} cannot be run:\n{_indented(map(str, faulty.faults))}") from None
        return {
            "experiment": text,
            "files": files,
            "proposer": options["proposer"] or AS_WRITTEN,
            "model": options["model"],
            "max_iterations": options["max_iterations"],
            "budget_tokens": options["budget_tokens"],
            "budget_cost_usd": options["budget_usd"],
        }

    def _checked(self, options: dict[str, Any], make: Callable[[], T]) -> T:
        try:
            return make()
        except BadSpec as error:
            told = (one.msg if one.loc[:2] == ("params", "experiment") else str(BadSpec([one])) for one in error.errors)
            raise CommandError(f"{options['file']} cannot be run:\n{_indented(told)}") from None

    def _sum_up(self, experiment: Experiment) -> None:
        [standing] = queries.standings([experiment])
        run, records = standing.run, queries.iterations(standing.run)
        assert run is not None
        took = duration(run.duration_ms)
        table = Table(
            title=f"Experiment {experiment.pk}: {run.status}, {len(records)} iterations in {took}, seed {run.seed}"
        )
        for head in ("Agent", "First cost", "Final cost", "Policy"):
            table.add_column(head)
        for found in agents_found(records, standing.result):
            numbers = ", ".join(f"{name} {last:g}" for name, _, last in found.parameters)
            table.add_row(found.agent, amount(found.first_cost), amount(found.cost), numbers)
        self._console.print(table)
        if run.narrative:
            self._console.print(run.narrative, markup=False)
        if run.problem_count:
            self._console.print(
                f"{amount(run.problem_count)} problems; the first: {run.problems.first()}", markup=False
            )
        if run.error_type:
            self._console.print(f"{run.error_type}: {run.error_message}", style="red", markup=False)

    @property
    def _console(self) -> Console:
        return Console(file=self.stdout)  # type: ignore[arg-type]  # it is one in all that is asked of it


def _indented(lines: Any) -> str:
    return "\n".join(f"  {line}" for line in lines)
