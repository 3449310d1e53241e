"""What a server keeps on disk: closed to everybody else, and copied whole while it runs."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import CommandError

from runs.management import copies
from tests.prepared import prepare
from tests.waiting import wait_until
from tests.web.server import ROOT, Lab, Server

ONE_DATABASE = "it is the file and the folder that are looked at, of a server of its own"
REFUSED = """
import json
from django.core.management import CommandError, call_command
said = []
for command in {commands}:
    try:
        call_command(*command)
    except CommandError as error:
        said.append(str(error))
print(json.dumps(said))
"""
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
    server.token = prepare(server)
    server.link = server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def own_lab(own: Server) -> Iterator[Lab]:
    lab = Lab(own.base, own.token)
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


def test_a_backup_while_a_run_is_played_is_whole_and_comes_back(own: Server, own_lab: Lab, open_folder: Path) -> None:
    [kept] = own_lab.finished(own_lab.simulation("Kept", "toy", 3), 1)
    slug = own_lab.paced("In flight", 0.05)
    playing = own_lab.run(slug)
    wait_until(lambda: own_lab.get(playing)["turns_done"] > 2)
    file = open_folder / "of-today.backup"
    own.manage("backup", str(file))
    assert mode_of(file) == 0o600
    done = own_lab.get(playing)["turns_done"]
    own_lab.cancel(playing)
    [after] = own_lab.finished(own_lab.simulation("Afterwards", "toy", 3), 1)
    refused = manage(own, "restore", str(file))
    assert (refused.returncode, "Another simweb server uses" in refused.stderr) == (1, True)
    own.stop()
    told = own.manage("restore", str(file))
    assert "The one before is kept" in told
    assert "its sessions and sign-in links are removed" in told
    assert "taken back since: 1." in told
    [before] = open_folder.glob("simweb.sqlite3.before-*[0-9]")
    own.start()
    with closing(sqlite3.connect(before)) as old:
        assert old.execute("SELECT status FROM runs_run WHERE id = ?", [after]).fetchall() == [("completed",)]
    assert own_lab.get(kept)["status"] == "completed"
    assert len(own_lab.client.get(f"/runs/{kept}/turns").json()["items"]) == 3
    lost = own_lab.ended(playing)
    assert (lost["status"], lost["failure_kind"]) == ("failed", "lost")
    assert 2 < lost["turns_done"] <= done
    with closing(sqlite3.connect(open_folder / "simweb.sqlite3")) as now:
        counted = now.execute("SELECT COUNT(*) FROM runs_turn WHERE run_id = ?", [playing]).fetchone()
    assert counted == (lost["turns_done"],)
    assert own_lab.client.get(f"/runs/{after}").status_code == 404


def database_in_use(file: Path, run: int) -> sqlite3.Connection:
    """Its one run is in the file beside it, as long as it stays open."""
    made = sqlite3.connect(file)
    made.execute("PRAGMA journal_mode=WAL")
    for table in ("runs_run", "django_session", "access_signinlink", "access_token"):
        made.execute(f"CREATE TABLE {table} (id)")
    made.commit()
    made.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for table in ("runs_run", "django_session", "access_signinlink", "access_token"):
        made.execute(f"INSERT INTO {table} VALUES ({run})")  # noqa: S608
    made.commit()
    return made


def rows_of(file: Path) -> dict[str, list[int]]:
    with closing(sqlite3.connect(file)) as opened:
        tables = [name for [name] in opened.execute("SELECT name FROM sqlite_master ORDER BY name")]
        return {table: [row for [row] in opened.execute(f"SELECT id FROM {table}")] for table in tables}  # noqa: S608


def test_rows_beside_a_backup_come_back_too_and_nobody_is_signed_in(tmp_path: Path) -> None:
    place = tmp_path / "simweb.sqlite3"
    with closing(database_in_use(tmp_path / "copied", 1)):
        database_in_use(place, 2).close()
        restored = copies.put_in_place(tmp_path / "copied", place)
    assert rows_of(place) == {"access_signinlink": [], "access_token": [1], "django_session": [], "runs_run": [1]}
    assert restored.tokens == 1
    assert restored.before is not None
    assert rows_of(restored.before)["runs_run"] == [2]


def test_there_is_a_whole_database_until_the_other_is_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ends_here(*paths: Path) -> None:
        raise OSError("the power went")

    monkeypatch.setattr("os.replace", ends_here)
    place = tmp_path / "simweb.sqlite3"
    database_in_use(tmp_path / "copied", 1).close()
    with closing(database_in_use(tmp_path / "killed", 2)):
        for end in ("", "-wal"):
            shutil.copyfile(f"{tmp_path / 'killed'}{end}", f"{place}{end}")
    with pytest.raises(CommandError, match="the power went"):
        copies.put_in_place(tmp_path / "copied", place)
    assert rows_of(place)["runs_run"] == [2]


def test_what_is_no_backup_is_not_put_in_place(own: Server, open_folder: Path) -> None:
    garbage = open_folder / "garbage"
    garbage.write_bytes(b"no database")
    with closing(sqlite3.connect(open_folder / "newer")) as newer:
        newer.execute("CREATE TABLE django_migrations (app, name)")
        newer.execute("CREATE TABLE runs_run (id)")
        newer.execute("INSERT INTO django_migrations VALUES ('runs', '9999_of_a_newer_version')")
        newer.commit()
    wrong = {"garbage": "is no backup", "newer": "newer simweb", "absent": "There is no file"}
    told = refusals(own, *(("restore", str(open_folder / file)) for file in wrong))
    for why, refusal in zip(wrong.values(), told, strict=True):
        assert why in refusal


def test_for_postgresql_it_is_said_what_to_call(own: Server) -> None:
    address = "postgres://me:never-shown@127.0.0.1:1/nowhere"
    told = refusals(own, ("backup", "file"), ("restore", "file"), DATABASE_URL=address)
    for instead, refusal in zip(("pg_dump", "pg_restore"), told, strict=True):
        assert instead in refusal
        assert "never-shown" not in refusal


def refusals(server: Server, *commands: tuple[str, str], **settings: str) -> list[str]:
    """What each of these management commands says that is refused, all in one process."""
    done = manage(server, "shell", "-v", "0", "-c", REFUSED.format(commands=commands), **settings)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def manage(server: Server, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A management command that may be refused."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env={**server.env, **settings}, capture_output=True, text=True)
