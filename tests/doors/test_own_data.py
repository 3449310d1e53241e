"""What a server keeps on disk: closed to everybody else, and copied whole while it runs."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.server import Lab, Server

ONE_DATABASE = "it is the file and the folder that are looked at, of a server of its own"
RUN_A_MODEL_THAT_WRITES = {"says": "file"}


@pytest.fixture(scope="module")
def open_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As an earlier version has left it: everybody may look."""
    folder = tmp_path_factory.mktemp("own-data")
    folder.chmod(0o755)
    (folder / "secret-key").write_text("k" * 60)
    for file in folder.iterdir():
        file.chmod(0o644)
    return folder


@pytest.fixture(scope="module")
def own(open_folder: Path) -> Iterator[Server]:
    """A server of its own on that folder."""
    server = Server(open_folder, SIMWEB_WORKERS="1")
    server.link = server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def own_lab(own: Server) -> Iterator[Lab]:
    lab = Lab(own.base, own.manage("token", "own data", "--role", "admin"))
    yield lab
    lab.client.close()


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nobody_else_may_read_what_a_server_keeps(own: Server, own_lab: Lab, open_folder: Path) -> None:
    run = own_lab.run(own_lab.simulation("Writes a file", "odd", 1, params=RUN_A_MODEL_THAT_WRITES))
    assert own_lab.ended(run)["status"] == "completed"
    kept = [*open_folder.glob("simweb.sqlite3*"), open_folder / "secret-key", open_folder / "written-by-a-model"]
    assert {file.name for file in kept} > {"simweb.sqlite3", "simweb.sqlite3-wal", "simweb.sqlite3-shm"}
    assert mode_of(open_folder) == 0o700
    assert {file.name: mode_of(file) for file in kept} == {file.name: 0o600 for file in kept}
    log = own.log.read_text()
    assert f"{open_folder} was open to other users of this machine (mode 0755). It is closed now." in log
    assert log.count("was open to other users") == 2, "the folder and the key, each once"
