"""Settings come from the environment, and nonsense is refused by name before anything starts."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from simweb.environment import secret
from simweb.private import keep_private

ROOT = Path(__file__).resolve().parents[2]
SHOW = "import simweb.settings as s; print(s.{})"


def python(code: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A process of its own with just these settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIMWEB_")}
    kept.pop("DATABASE_URL", None)
    env = {**kept, "SIMWEB_DATA_DIR": str(folder), **environment}
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SIMWEB_WORKERS", "many"),
        ("SIMWEB_WORKERS", "-1"),
        ("SIMWEB_WORKERS", "257"),
        ("SIMWEB_WORKERS", "²"),
        ("SIMWEB_EXECUTOR", "magic"),
        ("SIMWEB_DEBUG", "perhaps"),
        ("SIMWEB_HTTPS", "2"),
        ("SIMWEB_STOP_GRACE_SECONDS", "1.5"),
        ("SIMWEB_RECORD_INTERVAL_MS", "x"),
        ("SIMWEB_LIVE_INTERVAL_MS", "0"),
        ("SIMWEB_HTTP_THREADS", "1"),
        ("SIMWEB_MAX_TURNS", "0"),
        ("SIMWEB_SECRET_KEY", "short"),
        ("SIMWEB_LOG_LEVEL", "LOUD"),
        ("SIMWEB_DATA_DIR", "/proc/nowhere"),
        ("DATABASE_URL", "mysterious://x"),
        ("DATABASE_URL", "nonsense"),
        ("REDIS_URL", "nonsense"),
        ("SIMWEB_METRICS_NETWORKS", "everybody"),
        ("SIMWEB_METRICS_NETWORKS", "10.0.0.0/8,10.1.2.3/16"),
        ("SIMWEB_METRICS_NETWORKS", "10.0.0.0/33"),
        ("SIMWEB_OTLP_ENDPOINT", "127.0.0.1:4318"),
        ("SIMWEB_OTLP_ENDPOINT", "grpc://127.0.0.1:4317"),
        ("SIMWEB_OTLP_ENDPOINT", "http://"),
        ("SIMWEB_OTLP_ENDPOINT", "http://host:port"),
        ("SIMWEB_OTLP_ENDPOINT", "http://[::1"),
        ("SIMWEB_OTLP_ENDPOINT", "http://host:4318/?a=b"),
    ],
)
def test_nonsense_is_refused_by_the_name_of_the_variable(tmp_path: Path, name: str, value: str) -> None:
    answer = python("import simweb.settings", tmp_path, **{name: value})
    assert answer.returncode != 0
    last = answer.stderr.strip().splitlines()[-1]
    assert "ImproperlyConfigured" in last
    assert name in last


def test_with_nothing_set_everything_has_a_value(tmp_path: Path) -> None:
    shown = python(SHOW.format("DEBUG, s.EXECUTOR, s.WORKERS, s.HTTPS"), tmp_path)
    assert shown.stdout.strip() == "False local 0 False"


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first, second = (python(SHOW.format("SECRET_KEY"), tmp_path).stdout for _ in range(2))
    assert first == second
    assert len(first.strip()) >= 50
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


def test_cookies_are_for_https_only_where_https_is_set(tmp_path: Path) -> None:
    code = SHOW.format("SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.CSRF_TRUSTED_ORIGINS")
    shown = python(code, tmp_path, SIMWEB_HTTPS="1", SIMWEB_ALLOWED_HOSTS="lab.example")
    assert shown.stdout.strip() == "True True ['https://lab.example']"


def test_with_https_browsers_are_told_to_come_by_https_only(tmp_path: Path) -> None:
    ask = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "simweb.settings"
import django
django.setup()
from django.test import Client
print(Client().get("/health", headers={"host": "127.0.0.1", "x-forwarded-proto": "https"}).get("Strict-Transport-Security"))
"""
    assert python(ask, tmp_path, SIMWEB_HTTPS="1").stdout.strip() == "max-age=31536000"
    assert python(ask, tmp_path).stdout.strip() == "None"


@pytest.fixture
def opened(tmp_path: Path) -> Path:
    """A folder that everybody may look into, with a key in it that everybody may read."""
    folder = tmp_path / "opened"
    folder.mkdir()
    (folder / "secret-key").write_text("k" * 60)
    for path in (folder, folder / "secret-key"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


def modes(*paths: Path) -> list[int]:
    return [stat.S_IMODE(path.stat().st_mode) for path in paths]


def test_a_folder_with_what_is_ours_alone_is_closed(opened: Path) -> None:
    (opened / "networks").mkdir()
    said = keep_private(opened, None)
    assert modes(opened, opened / "secret-key") == [0o700, 0o600]
    assert [sentence.rpartition(". ")[2] for sentence in said] == ["It is closed now."] * 2


def test_a_folder_in_which_others_keep_something_is_left_open_and_our_files_are_closed(opened: Path) -> None:
    (opened / "of-another-program").touch()
    said = keep_private(opened, None)
    assert modes(opened, opened / "secret-key") == [0o755, 0o600]
    assert "left so: 'of-another-program' in it is not of simweb" in said[0]


def test_a_folder_of_another_user_is_left_open_and_a_key_in_it_is_refused(
    opened: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = os.geteuid() + 1
    monkeypatch.setattr("os.geteuid", lambda: nobody)
    monkeypatch.delenv("SIMWEB_SECRET_KEY", raising=False)
    with pytest.raises(ImproperlyConfigured, match=r"SIMWEB_SECRET_KEY: .* who may have made it or read it"):
        secret("SIMWEB_SECRET_KEY", opened / "secret-key")
    assert "left so: it belongs to another user" in keep_private(opened, None)[0]
    assert modes(opened) == [0o755]


def test_what_a_file_system_cannot_close_is_not_said_to_be_closed(
    opened: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for change in ("os.fchmod", "os.chmod"):
        monkeypatch.setattr(change, lambda *changed, **options: None)
    said = keep_private(opened, None)
    assert ["cannot be closed: its file system keeps no such" in sentence for sentence in said] == [True, True]
