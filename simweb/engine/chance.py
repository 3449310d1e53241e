"""Chance that no scenario asked for: the hash seed and the global generators, the same wherever a spec is played."""

from __future__ import annotations

import os
import random
import sys

import numpy as np

HASH_SETTING = "PYTHONHASHSEED"
HASH_SEED = "0"  # with Python's own, drawn by each process, a loop over a set of texts goes another way each time
# A stream of its own: neither the scenario's generator nor one that it spawns.
GLOBAL_STREAM = (2**32 - 1,)


def seed_globals(seed: int) -> None:
    """Seed `random` and `numpy.random`, for models that draw from them, as many do."""
    words = np.random.SeedSequence(seed, spawn_key=GLOBAL_STREAM).generate_state(8)
    random.seed(words[:4].tobytes())
    np.random.seed(words[4:])


def fix_hash_seed() -> None:
    """Begin anew with the one hash seed, unless this process has it: it can be set only before Python starts."""
    if os.environ.get(HASH_SETTING) != HASH_SEED:
        os.execve(sys.executable, sys.orig_argv, {**os.environ, HASH_SETTING: HASH_SEED})  # noqa: S606 – ourselves
