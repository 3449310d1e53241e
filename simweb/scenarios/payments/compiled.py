"""The rules as machine code: the same source, loaded a second time, compiled by Numba and kept in a folder.

Compiling takes a minute, loading what was compiled a second, and a run is made by a fork in milliseconds: so a server compiles
once in a process of its own, its fork server loads the result before it forks, and until then rules are interpreted.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib
import importlib.machinery
import importlib.util
import os
import shutil
import subprocess
import sys
import threading
import time
from functools import cache
from pathlib import Path
from types import ModuleType

from simweb.scenarios.payments import rules
from simweb.scenarios.payments.rules.kernel import COPY

SETTING = "SIMWEB_COMPILED"  # 0: never
FOLDER_SETTING = "SIMWEB_COMPILED_DIR"  # instead of `compiled/` in the data directory
DONE = "done"


def can_compile() -> bool:
    """Whether Numba is there and wanted."""
    return os.environ.get(SETTING, "1") != "0" and importlib.util.find_spec("numba") is not None


def folder() -> Path:
    """Where this version of the rules is kept compiled: Numba looks at one file's age, not at those it calls."""
    root = os.environ.get(FOLDER_SETTING) or Path(os.environ.get("SIMWEB_DATA_DIR") or "var") / "compiled"
    return (Path(root) / _digest()).resolve()


def is_ready() -> bool:
    """Whether loading would be quick."""
    return can_compile() and (folder() / DONE).exists()


def is_loaded() -> bool:
    """Whether this process has the compiled rules already."""
    return COPY in sys.modules


@cache
def load() -> ModuleType:
    """The compiled copy of the package `rules`; compiles what is not kept yet. Raises ImportError without Numba."""
    from numba import config

    kept = folder()
    kept.mkdir(parents=True, exist_ok=True)
    before = getattr(config, "CACHE_DIR", "")
    setattr(config, "CACHE_DIR", str(kept))  # noqa: B010 – Numba makes its settings when it is imported
    try:
        spec = importlib.machinery.ModuleSpec(COPY, None, is_package=True)
        spec.submodule_search_locations = list(rules.__path__)
        package = importlib.util.module_from_spec(spec)
        sys.modules[COPY] = package
        for name in ("draws", "tick", "days"):
            setattr(package, name, importlib.import_module(f"{COPY}.{name}"))
    finally:
        setattr(config, "CACHE_DIR", before)  # noqa: B010
    return package


def compile_aside() -> None:
    """Begin compiling in a process of its own, at low priority, unless another one is at it."""
    if can_compile() and not is_ready():
        command = [sys.executable, "-c", f"from {__name__} import main; main()"]
        subprocess.Popen(command, stdin=subprocess.DEVNULL)


def _end_with(parent: int) -> None:
    """A server that is stopped leaves nobody behind."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _digest() -> str:
    """Of the source of all rules, and of what compiles them."""
    digest = hashlib.sha256(sys.version.encode())
    for file in sorted(Path(rules.__path__[0]).glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def main() -> None:
    """Compile everything once, by playing a day, and say that it is done; what is compiled so far is kept in any case."""
    from simweb.scenarios.payments.system import warm_up

    os.nice(10)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    folder().mkdir(parents=True, exist_ok=True)
    with (folder() / "lock").open("w") as lock, contextlib.suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        warm_up()
        (folder() / DONE).touch()
        for old in folder().parent.iterdir():  # of rules that were changed since
            if old != folder():
                shutil.rmtree(old, ignore_errors=True)
