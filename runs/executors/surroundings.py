"""Surroundings: what of this server's environment the processes that play models get, and what their logs may not show."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from django.conf import settings

from simweb.engine.chance import HASH_SEED, HASH_SETTING
from simweb.engine.redaction import known_secrets
from simweb.engine.secrets import MASK

ALLOWED = (
    *("PATH", "HOME", "LANG", "LANGUAGE", "LC_*", "TZ", "TMPDIR", "USER", "LOGNAME", "SHELL", "TERM"),
    *("PYTHON*", "VIRTUAL_ENV", "LD_LIBRARY_PATH"),
    *("NUMBA_*", "OMP_*", "MKL_*", "OPENBLAS_*"),
    *("SIMWEB_SCENARIOS", "SIMWEB_COMPILED*", "SIMWEB_DATA_DIR", "SIMWEB_MAX_DECISIONS"),
    # Experiments ask models of language in the process that plays them.
    *("*_API_KEY", "*_BASE_URL", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
)
NEVER = ("SIMWEB_SECRET_KEY", "DATABASE_URL", "REDIS_URL")


def environment_of_engine() -> dict[str, str]:
    """In what every process of the engine plays: the same run, the same surroundings."""
    return {
        **allowed(os.environ, settings.PLAYER_ENV),
        "SIMWEB_DATA_DIR": str(settings.DATA_DIR),
        "SIMWEB_COMPILED": str(int(settings.COMPILED)),
        "SIMWEB_MAX_DECISIONS": str(settings.MAX_DECISIONS_PER_RUN),
        # One thread a child: as many children as cores are meant to run side by side.
        "OPENBLAS_NUM_THREADS": "1",
        HASH_SETTING: HASH_SEED,
    }


def allowed(environment: Mapping[str, str], further: list[str]) -> dict[str, str]:
    """The variables that models may read: those that anything needs, and `further` ones (names, or patterns with *)."""
    patterns = (*ALLOWED, *further)
    return {
        name: value
        for name, value in environment.items()
        if name not in NEVER and any(fnmatchcase(name, pattern) for pattern in patterns)
    }


def without_secrets(log: str) -> str:
    """What a model printed, with a mask for each secret of this server; it may have been given one, or have found it."""
    for secret in _secrets():
        log = log.replace(secret, MASK)
    return log


def _secrets() -> Iterator[str]:
    """Longest first: one may hold another."""
    yield from sorted({*known_secrets(), settings.SECRET_KEY}, key=len, reverse=True)
