"""The environment of the tests. pytest loads this as a plugin, before any conftest, and so before Django's settings."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from tests.scenarios import SETTING

DATA_DIR = tempfile.mkdtemp(prefix="simweb-tests-")
REDIS_URL = os.environ.pop("REDIS_URL", "") or "redis://127.0.0.1:6379/9"
FAULT_RUNS = int(os.environ.get("SIMWEB_FAULT_RUNS", "60"))  # `make faults` wants 1,000
SMOKE_URL = os.environ.get("SIMWEB_SMOKE_URL", "")
SMOKE_TOKEN = os.environ.get("SIMWEB_SMOKE_TOKEN", "")
REQUIRED = os.environ.get("SIMWEB_REQUIRE", "")

atexit.register(shutil.rmtree, DATA_DIR, ignore_errors=True)
for name in [name for name in os.environ if name.startswith("SIMWEB_") and name != "SIMWEB_REQUIRE"]:
    del os.environ[name]  # what a developer has set for a server must not change what is tested
os.environ.update(SIMWEB_DATA_DIR=DATA_DIR, SIMWEB_WORKERS="2", SIMWEB_SCENARIOS=SETTING)
# No server of a test compiles for a minute; tests of compiled rules compile once, and keep it for the next run.
os.environ.update(SIMWEB_COMPILED="0", SIMWEB_COMPILED_DIR=str(Path(__file__).parents[1] / "var" / "compiled"))
