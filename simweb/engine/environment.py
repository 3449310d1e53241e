"""environment: with what a run is played, so that a later one can be told what is different."""

from __future__ import annotations

import platform
import subprocess
import sys
from functools import cache
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

import numpy as np

from simweb.engine.scenario import FILES_READ, Scenario, file_digest

GIT_SECONDS = 2.0


def environment(scenario: type[Scenario]) -> dict[str, Any]:
    """Python, platform, versions of the packages that are imported, processor features that NumPy uses, SHA-256 of the data
    files that were read, by `folder/name`; of a scenario in a git repository its commit.

    `git` is {commit, dirty}, or left out where there is no repository, no git, or no answer in time.
    """
    imported = {name.partition(".")[0] for name in sys.modules}
    found = {
        distribution: known
        for package, versions in distributions().items()
        if package in imported
        for distribution, known in versions
    }
    told = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": dict(sorted(found.items())),
        "processor": processor(),
        "files": {f"{folder}/{name}": file_digest(folder, name) for folder, name in sorted(FILES_READ)},
    }
    git = repository(scenario)
    return {**told, "git": git} if git else told


@cache
def processor() -> str:
    """The SIMD extensions that NumPy found: its kernels for each may differ in a last digit."""
    extensions = np.show_config(mode="dicts")["SIMD Extensions"]
    return " ".join([*extensions["baseline"], *extensions["found"]])


@cache
def distributions() -> dict[str, list[tuple[str, str]]]:
    """Of each importable package, the distributions it comes from, with their versions; looked up once a process."""
    found = packages_distributions()
    return {package: [(name, version(name)) for name in sorted(set(names))] for package, names in found.items()}


def repository(scenario: type[Scenario]) -> dict[str, Any] | None:
    """Commit of the plug-in's git repository, and whether tracked files differ from it."""
    file = getattr(sys.modules.get(scenario.__module__), "__file__", None)
    if file is None or scenario.__module__.startswith("simweb."):
        return None
    folder = Path(file).resolve().parent
    if not any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        return None
    command = ["git", "-C", str(folder), "status", "--porcelain=v2", "--branch", "--untracked-files=no"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=GIT_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    lines = done.stdout.splitlines()
    commit = next((line.split()[2] for line in lines if line.startswith("# branch.oid ")), "")
    return {"commit": commit, "dirty": any(not line.startswith("#") for line in lines)}
