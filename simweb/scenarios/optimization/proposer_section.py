"""Who proposes, as an experiment file says it: `proposer`, and what a script proposes."""

from __future__ import annotations

from typing import Any, cast

from simweb.engine import Faulty
from simweb.scenarios.documents.sections import Complaints, Section
from simweb.scenarios.documents.suggestions import shown
from simweb.scenarios.documents.yaml_text import UNREADABLE, read_yaml
from simweb.scenarios.optimization.config import KINDS, ProposerConfig, ProposerKind
from simweb.scenarios.optimization.sources import Refused, Source
from simweb.scenarios.optimization.texts import is_readable, text

EXAMPLE = "proposer: {kind: best-response}"
Script = dict[str, tuple[Any, ...]]


def read_proposer(top: Section, source: Source) -> ProposerConfig:
    """The block `proposer`; without one, the model of the block `llm` proposes."""
    said = top.section("proposer")
    if said is None:
        if not top.has("llm") and not top.has("proposer"):
            top.complain("proposer", f"Say who proposes: {EXAMPLE}, or an llm block with its model.")
        return ProposerConfig("llm")
    kind = cast(ProposerKind, said.word("kind", KINDS, required=True))
    if kind == "best-response":
        grid, refine = said.integer("grid", 21, 2, 10_001), said.integer("refine", 12, 0, 1_000)
        proposer = ProposerConfig(kind, grid=grid, refine=refine)
    elif kind == "tpe":
        proposer = ProposerConfig(kind, trials=said.integer("trials", 20, 1, 10_000))
    elif kind == "scripted":
        proposer = ProposerConfig(kind, proposals=_script(said, source))
    else:
        proposer = ProposerConfig(kind or "best-response")
    if kind == "llm" and not top.has("llm"):
        said.complain("kind", "The llm proposer needs an llm block with its model.")
    if kind:
        said.close()
    return proposer


def _script(said: Section, source: Source) -> Script | None:
    file, has_inline = text(said, "file"), said.has("proposals")
    if bool(file) == has_inline:
        message = (
            "A scripted proposer needs proposals, a list for each agent, or a file that holds them; one of the two."
        )
        said.complain("proposals", message)
        return None
    if has_inline:
        return _by_agent(said.section("proposals"))
    try:
        return _script_file(source.read(file).text)
    except Refused as refused:
        said.complain("file", str(refused))
    except Faulty as faulty:
        for fault in faulty.faults:
            said.complain("file", f"{file}: {fault}")
    return None


def _script_file(written: str) -> Script:
    document = read_yaml(written)
    complaints = Complaints(document)
    script = None
    if isinstance(document.value, dict):
        script = _by_agent(Section(complaints, (), document.value))
    else:
        complaints.add(f"Write a list of proposals for each agent here, not {shown(document.value)}.", ())
    if complaints.found or script is None:
        raise Faulty(complaints.sorted())
    return script


def _by_agent(said: Section | None) -> Script | None:
    """Each item is a number, the numbers by name, a policy under `policy`, or nothing for no proposal."""
    if said is None:
        return None
    script = {}
    for agent in said.fields:
        items = said.items(agent)
        for number, item in enumerate(items):
            if is_readable(item) and not _is_proposal(item):
                wanted = "Write a number, numbers by their names, {policy: …} or null"
                said.complaints.add(f"{wanted} here, not {shown(item)}.", (*said.path, agent, number))
        script[agent] = tuple(None if item is UNREADABLE else item for item in items)
    return script


def _is_proposal(item: Any) -> bool:
    if isinstance(item, dict):
        return set(item) == {"policy"} or all(_is_number(value) for value in item.values())
    return item is None or _is_number(item)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
