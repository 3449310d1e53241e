"""House rules that a machine can check."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("simweb", "metrics", "runs", "performance", "experiments", "bench", "tests")
MOST_LINES, MOST_IN_FUNCTION = 400, 40
FRAMES = (
    *("_run_row", "_run_progress", "_run_gone", "_page_head", "_page_live"),
    *("_page_outcome", "_history_rows", "_stats", "_simulation_cells"),
)


def modules(*rooms: str) -> list[Path]:
    """The Python files of rooms; migrations are written by a machine."""
    found = [path for room in rooms or ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_there_is_something_to_check() -> None:
    assert len(modules()) > 80


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    long = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in modules()}
    assert {name: lines for name, lines in long.items() if lines > MOST_LINES} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in modules()
        for node in functions(path)
    }
    assert {name: lines for name, lines in long.items() if lines > MOST_IN_FUNCTION} == {}


def writes_status(path: Path) -> bool:
    """True when it changes the status of rows: `.update(status=…)` or `run.status = …`."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    updates = [
        n for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr == "update"
    ]
    assigned = [target for node in nodes if isinstance(node, ast.Assign) for target in node.targets]
    set_on_row = [
        t for t in assigned if isinstance(t, ast.Attribute) and t.attr == "status" and ast.unparse(t) != "self.status"
    ]
    return bool(set_on_row) or any(keyword.arg == "status" for call in updates for keyword in call.keywords)


def test_one_module_alone_writes_the_status_of_a_run() -> None:
    places = [path for path in modules("runs", "metrics", "simweb") if ROOT / "simweb/scenarios" not in path.parents]
    assert {str(path.relative_to(ROOT)) for path in places if writes_status(path)} == {"runs/services.py"}


@pytest.mark.parametrize("room", ["simweb.engine", "simweb.scenarios"])
def test_models_are_played_without_django(room: str) -> None:
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in modules(room.replace(".", "/"))
        if path.name != "__main__.py"
    ]
    assert names
    code = (
        f"import importlib, sys; [importlib.import_module(name) for name in {names}]; "
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'django', 'channels', 'ninja', 'runs', 'metrics'}))"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert found.stdout.strip() == "[]", found.stdout + found.stderr


def settings_named(path: Path) -> set[str]:
    return set(re.findall(r'environment\.\w+\(\s*"(\w+)"', path.read_text()))


def test_every_setting_is_explained_in_the_readme() -> None:
    known = settings_named(ROOT / "simweb" / "settings.py")
    assert {"SIMWEB_DATA_DIR", "SIMWEB_WORKERS", "DATABASE_URL"} <= known
    readme = ROOT / "README.md"
    assert readme.exists()
    assert {name for name in known if name not in readme.read_text()} == set()


@pytest.mark.parametrize("name", FRAMES)
def test_a_partial_that_is_pushed_begins_with_an_element_that_has_an_id(name: str) -> None:
    """Their whole shape is tested where they are sent: tests/runs/test_page_socket.py."""
    text = (ROOT / "templates" / "runs" / f"{name}.html").read_text()
    text = re.sub(r"{%\s*load [^%]*%}", "", text).strip()
    if name == "_simulation_cells":
        included = re.findall(r'include "runs/(\w+)\.html"', text)
        assert included
        texts = [(ROOT / "templates" / "runs" / f"{part}.html").read_text() for part in included]
        text = "".join(re.sub(r"{%\s*load [^%]*%}", "", part).strip() for part in texts)
    assert re.match(r"<[\w-]+[^>]*\sid=\"", text), text[:200]


def test_every_guarantee_names_a_test_that_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs" / "guarantees.md").read_text())
    assert len(named) > 20
    for path, name in named:
        assert re.search(rf"(def|class) {name}\(", (ROOT / path).read_text()), (path, name)


def test_pages_hold_no_script_and_no_handler_of_their_own() -> None:
    for path in sorted((ROOT / "templates").rglob("*.html")):
        text = path.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path
        assert not re.search(r"\son\w+=", text), path
        assert "javascript:" not in text, path


def test_templates_take_mappings_apart_by_pairs() -> None:
    """`data.items` is a column of that name where there is one: Django looks up keys before methods."""
    for path in sorted((ROOT / "templates").rglob("*.html")):
        assert not re.search(r"{%\s*for [^%]*\.(items|keys|values)\s*%}", path.read_text().replace("row.values", "")), (
            path
        )


def test_no_migration_is_missing(db: None) -> None:
    from django.core.management import call_command

    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
