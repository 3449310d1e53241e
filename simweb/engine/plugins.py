"""Plug-ins: importing other people's code so that it finds its own neighbours, and nothing of it ends this process.

In the process that plays one run, a plug-in's folder comes first for good, and simweb's own root last. In a server, which has
rooms named `runs` and `metrics`, it does so only while the plug-in is imported.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
OURS = "simweb"
PATIENCE_SECONDS = 30
_importing = threading.RLock()
_tried: dict[str, str] = {}  # once in the life of a process; blank where nothing spoke against it
_folders: set[Path] = set()


class Deadly(Exception):
    """Code that ends, or never gives back, the process that imports it."""


def module_of(place: str) -> ModuleType:
    """Import "package.module" or "/path/to/file.py". Raises what the code raises; ValueError for a path that is not whole."""
    if place.partition(".")[0] == OURS:
        return importlib.import_module(place)
    folder = folder_of(place)
    with _importing, _among_its_own(folder):
        if place not in _tried:
            _tried[place] = _try_in_a_fork(place)
        if _tried[place]:
            raise Deadly(_tried[place])
        if folder is not None:
            _folders.add(folder)
        return _imported(place)


def make_way(place: str) -> None:
    """From now on the plug-in's folder comes first and simweb's root last: for a process that plays nothing else."""
    if place and place.partition(".")[0] != OURS:
        _tried[place] = ""  # what it costs is this run
        sys.path[:] = _path_for(folder_of(place))


def is_path(place: str) -> bool:
    """Whether this names a file, not a module."""
    return "/" in place or place.endswith(".py")


def folder_of(place: str) -> Path | None:
    """Where the plug-in's neighbours are; None when nobody knows where it is itself."""
    if is_path(place):
        return Path(place).parent
    found = PathFinder.find_spec(place.partition(".")[0], _path_for(None))
    if found is None:
        return None
    if found.submodule_search_locations:
        return Path(next(iter(found.submodule_search_locations))).parent
    return Path(found.origin).parent if found.origin else None


def _path_for(folder: Path | None) -> list[str]:
    others = [entry for entry in sys.path if not _is(entry, ROOT) and not (folder and _is(entry, folder))]
    first = [] if folder is None or folder == ROOT else [str(folder)]
    return [*first, *others, str(ROOT)]


def _is(entry: str, folder: Path) -> bool:
    return Path(entry or ".").resolve() == folder.resolve()


@contextmanager
def _among_its_own(folder: Path | None) -> Iterator[None]:
    """Modules of simweb, or of plug-ins elsewhere, that have the names of neighbours are out of the way for a moment."""
    if folder is None or folder.resolve() == ROOT:
        yield
        return
    neighbours = {entry.stem for entry in folder.iterdir() if entry.suffix == ".py" or entry.is_dir()} - {OURS}
    foreign = [known for known in (ROOT, *_folders) if known.resolve() != folder.resolve()]
    hidden = {name: sys.modules.pop(name) for name in _modules_of(neighbours, foreign)}
    before, sys.path[:] = list(sys.path), _path_for(folder)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        for name in _modules_of({name.partition(".")[0] for name in hidden}, [folder]):
            del sys.modules[name]
        sys.modules.update(hidden)
        sys.path[:] = [*before, *([str(folder)] if str(folder) not in before else [])]


def _modules_of(tops: set[str], folders: list[Path]) -> list[str]:
    """Names of imported modules, with all that lies in them, whose first part is one of `tops`, found in one of these folders."""
    homes = {folder.resolve() for folder in folders}
    found = {top for top in tops if top in sys.modules and _home(sys.modules[top]) in homes}
    return [name for name in sys.modules if name.partition(".")[0] in found]


def _home(module: ModuleType) -> Path | None:
    """The folder in which a module of the first level, or the folder that is one, lies."""
    within = next(iter(getattr(module, "__path__", [])), None) or getattr(module, "__file__", None)
    return Path(within).resolve().parent if within else None


def _imported(place: str) -> ModuleType:
    return _from_file(Path(place)) if is_path(place) else importlib.import_module(place)


def _try_in_a_fork(place: str) -> str:
    """Import it where nothing is lost: how the process ended if it did not live to see the end of it, else nothing.

    What is merely raised there will be raised here again.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        with suppress(BaseException):
            os.setsid()
            _be_silent()
            _imported(place)
        os.write(writer, b".")
        os._exit(0)
    os.close(writer)
    try:
        is_over, _, _ = select.select([reader], [], [], PATIENCE_SECONDS)
        lived = bool(is_over) and os.read(reader, 1) == b"."
    finally:
        os.close(reader)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)  # with all that it has started
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if not is_over:
        return f"it is not imported within {PATIENCE_SECONDS} s"
    if not lived:
        how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with exit status {status}"
        return f"a process that imports it {how}"
    return ""


def _be_silent() -> None:
    """What it prints is printed when it is imported in earnest."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)


def _from_file(file: Path) -> ModuleType:
    if not file.is_absolute():
        raise ValueError(f"write the whole path, such as {file.resolve()}")
    name = f"simweb_plugin_{file.stem}_{sha256(bytes(file)).hexdigest()[:8]}"
    if name in sys.modules:
        return sys.modules[name]
    found = importlib.util.spec_from_file_location(name, file)
    if found is None or found.loader is None:
        raise ImportError(f"{file} is no Python file")
    module = sys.modules[name] = importlib.util.module_from_spec(found)
    try:
        found.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
