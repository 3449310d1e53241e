"""Experiment files: SimCash's YAML and simweb's additions to it, read with everything that is wrong told at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from simweb.engine import Fault, Faulty
from simweb.scenarios.documents.sections import Complaints, Section
from simweb.scenarios.documents.suggestions import shown
from simweb.scenarios.documents.yaml_text import UNREADABLE, Document, read_yaml
from simweb.scenarios.optimization.acceptance import Acceptance
from simweb.scenarios.optimization.config import (
    BOOTSTRAP,
    DEFAULT_SAMPLES,
    MOST_ITERATIONS,
    MOST_SEED,
    PAIRWISE,
    SEARCHED_FOR_EACH,
    TEMPORAL,
    ConvergenceConfig,
    EvaluationConfig,
    ExperimentConfig,
    Mode,
    OutputConfig,
    Place,
)
from simweb.scenarios.optimization.model_sections import read_budget, read_constraints, read_llm, read_prompts
from simweb.scenarios.optimization.proposer_section import read_proposer
from simweb.scenarios.optimization.sources import Folder, Found, Refused, Source, Uploaded, text_of
from simweb.scenarios.optimization.subjects import SUBJECTS, ready_made
from simweb.scenarios.optimization.texts import LONGEST_NAME, is_readable, text, texts

MODES = {"bootstrap": BOOTSTRAP, "deterministic": PAIRWISE, PAIRWISE: PAIRWISE, TEMPORAL: TEMPORAL}
MOST_SAMPLES = 100_000
MOST_TICKS = 1_000_000
# Of each profile the samples, the greatest variation, whether a saving must be significant, and the least saving.
PROFILES: Mapping[str, tuple[int, float, bool, float]] = {
    "conservative": (100, 0.3, True, 0.02),
    "moderate": (50, 0.5, True, 0.0),
    "aggressive": (20, 1.0, False, 0.0),
}
# Words of other programs, and what they are called here.
OTHER_WORDS = {
    "seed": ("master_seed",),
    "agents": ("optimized_agents",),
    "optimised_agents": ("optimized_agents",),
    "scenario_path": ("scenario",),
    "samples": ("num_samples",),
}


class FaultyFile(Faulty):
    """The file cannot be used; `config` is what could be read of it, for who looks for more that is wrong."""

    def __init__(self, faults: Sequence[Fault], config: ExperimentConfig) -> None:
        super().__init__(faults)
        self.config = config


def read_file(path: Path) -> ExperimentConfig:
    """The experiment in a file; the files it names are read from its folder. Raises Faulty."""
    try:
        written = text_of(path, path.name)
    except Refused as refused:
        raise Faulty([Fault(str(refused))]) from None
    return _read(written, Folder(path.parent, path.name))


def gather(path: Path) -> tuple[str, dict[str, str]]:
    """The text of an experiment's file, and of the files that it names: what it takes to read it elsewhere. Raises Faulty."""
    try:
        written, source = text_of(path, path.name), Folder(path.parent, path.name)
    except Refused as refused:
        raise Faulty([Fault(str(refused))]) from None
    _read(written, source)
    return written, source.texts


def read_text(written: str, files: Mapping[str, str], name: str) -> ExperimentConfig:
    """The experiment in a text, with the files that came with it. Raises Faulty."""
    return _read(written, Uploaded({other: given for other, given in files.items() if other != name}))


def _read(written: str, source: Source) -> ExperimentConfig:
    document = read_yaml(written)
    complaints = Complaints(document, OTHER_WORDS)
    if not isinstance(document.value, dict):
        if document.value is not UNREADABLE:
            complaints.add(f'Write fields here, such as "name" and "scenario", not {shown(document.value)}.', ())
        raise Faulty(complaints.sorted())
    config = _experiment(Section(complaints, (), document.value), document, source)
    if complaints.found:
        raise FaultyFile(complaints.sorted(), config)
    return config


def _experiment(top: Section, document: Document, source: Source) -> ExperimentConfig:
    subject = top.word("subject", SUBJECTS) or next(iter(SUBJECTS))
    name, scenario = _name(top), _scenario(top, source, subject)
    agents = texts(top, "optimized_agents", what="an agent") if top.required("optimized_agents") else ()
    if top.raw("optimized_agents") == []:
        top.complain("optimized_agents", "Name at least one agent to optimise.")
    evaluation, starting = _evaluation(top), _starting(top)
    config = ExperimentConfig(
        name=name,
        description=text(top, "description"),
        scenario_path=scenario.path,
        scenario_text=scenario.text,
        evaluation=evaluation,
        convergence=_convergence(top),
        llm=read_llm(top, source),
        proposer=read_proposer(top, source),
        prompt_customization=read_prompts(top, agents),
        policy_constraints=read_constraints(top),
        starting_policy=starting,
        optimized_agents=agents,
        output=_output(top),
        budget=read_budget(top),
        master_seed=top.integer("master_seed", 42, 0, MOST_SEED),
        reproduce_published=top.flag("reproduce_published", False),
        subject=subject,
        lines=_lines(document, agents, starting),
    )
    top.close()
    return config


def _name(top: Section) -> str:
    name = text(top, "name", required=True, longest=LONGEST_NAME)
    if name and not name.isprintable():
        top.complain("name", "The name has characters that cannot be seen. Write it on one line.")
    return name


def _scenario(top: Section, source: Source, subject: str) -> Found:
    """The file of this name; where there is none, the ready-made scenario of this name."""
    name = text(top, "scenario", required=True, longest=1_000)
    if not name:
        return Found(Path(), "")
    try:
        return source.read(name)
    except Refused as refused:
        if written := ready_made(subject, name):
            return Found(Path(name), written)
        top.complain("scenario", str(refused))
        return Found(Path(), "")


def _evaluation(top: Section) -> EvaluationConfig:
    rate = top.number("min_settlement_rate", 0.0, 0, 1) if top.has("min_settlement_rate") else None
    said = top.section("evaluation", required=True)
    if said is None:
        return EvaluationConfig(1)
    block = said.section("acceptance")
    profile = block.word("profile", PROFILES) if block else ""
    samples = PROFILES[profile][0] if profile else DEFAULT_SAMPLES
    count = said.integer("num_samples", samples, 1, MOST_SAMPLES)
    evaluation = EvaluationConfig(
        ticks=said.integer("ticks", 1, 1, MOST_TICKS, required=True),
        mode=cast(Mode, MODES.get(said.word("mode", MODES), BOOTSTRAP)),
        num_samples=count,
        acceptance=_acceptance(block, profile, rate),
        holdout_samples=said.integer("holdout_samples", 0, 0, MOST_SAMPLES),
        search_samples=said.integer("search_samples", SEARCHED_FOR_EACH * count, 1, SEARCHED_FOR_EACH * MOST_SAMPLES),
        exploitability=said.flag("exploitability", True),
        history_days=said.optional_integer("history_days", 1, MOST_SAMPLES),
    )
    said.close()
    return evaluation


def _acceptance(said: Section | None, profile: str, rate: float | None) -> Acceptance:
    """What a profile says holds where the file itself says nothing."""
    if said is None:
        return Acceptance(min_settlement_rate=rate)
    _, most, is_significant, least = PROFILES.get(profile, (0, None, False, 0.0))
    key = "max_coefficient_of_variation"
    acceptance = Acceptance(
        require_statistical_significance=said.flag("require_statistical_significance", is_significant),
        max_coefficient_of_variation=said.number(key, 0.0, 0, 1_000) if said.has(key) else most,
        min_improvement=least,
        min_settlement_rate=rate,
    )
    said.close()
    return acceptance


def _convergence(top: Section) -> ConvergenceConfig:
    said = top.section("convergence", required=True)
    if said is None:
        return ConvergenceConfig()
    convergence = ConvergenceConfig(
        max_iterations=said.integer("max_iterations", 50, 1, MOST_ITERATIONS),
        stability_threshold=said.number("stability_threshold", 0.05, 0, 1),
        stability_window=said.integer("stability_window", 5, 1, MOST_ITERATIONS),
        improvement_threshold=said.number("improvement_threshold", 0.01, 0, 1),
        cv_threshold=said.number("cv_threshold", 0.03, 0, 1_000),
        regret_threshold=said.number("regret_threshold", 0.10, 0, 1_000),
    )
    said.close()
    return convergence


def _output(top: Section) -> OutputConfig | None:
    said = top.section("output")
    if said is None:
        return None
    output = OutputConfig(
        text(said, "directory", "results"), text(said, "database", "experiments.db"), said.flag("verbose", True)
    )
    said.close()
    return output


def _starting(top: Section) -> dict[str, Any]:
    """A policy for each agent that is named, in the subject's words."""
    said = top.section("starting_policy")
    return {} if said is None else {agent: policy for agent, policy in said.fields.items() if is_readable(policy)}


def _lines(document: Document, agents: Sequence[str], starting: Mapping[str, Any]) -> dict[Place, int]:
    """Of the places where something may be found wrong only when the scenario is played."""
    script = document.value.get("proposer")
    scripted = script.get("proposals") if isinstance(script, dict) else None
    places: list[Place] = [
        *(("scenario",), ("optimized_agents",), ("proposer",), ("policy_constraints",), ("starting_policy",)),
        *(("llm",), ("llm", "model"), ("budget",), ("budget", "cost_usd")),
        *(("optimized_agents", number) for number in range(len(agents))),
        *(("starting_policy", agent) for agent in starting),
        *(("proposer", "proposals", agent) for agent in (scripted if isinstance(scripted, dict) else ())),
    ]
    return {place: document.line(place) for place in places}
