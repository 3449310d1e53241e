"""Files that an experiment names: beside it on a disk, and never outside; or uploaded together with it."""

from __future__ import annotations

from collections.abc import Mapping
from os.path import islink
from pathlib import Path, PurePath, PurePosixPath
from posixpath import normpath
from typing import NamedTuple, Protocol

from simweb.scenarios.documents.suggestions import did_you_mean, shown

MOST_BYTES = 2_000_000


class Found(NamedTuple):
    """A file by its path, and its text."""

    path: PurePath
    text: str


class Refused(ValueError):
    """The file cannot be used; the message says why, and what to change."""


class Source(Protocol):
    """Where the files of an experiment are."""

    def read(self, name: str) -> Found:
        """The file of this name. Raises Refused."""


class Folder:
    """The folder of an experiment, and what lies beside it: `../configs/x.yaml` is read, what lies further away is not.

    No link is followed, as it could lead anywhere.
    """

    def __init__(self, folder: Path, own: str) -> None:
        """`own` is the name of the experiment's file, which is none of those that it names."""
        self.folder = folder.resolve()
        self.root = self.folder.parent
        self.own = self.folder / own
        self.texts: dict[str, str] = {}  # of what was read, by the names that were asked for

    def read(self, name: str) -> Found:
        """The file of this name, seen from the experiment's folder. Raises Refused."""
        _refuse_absolute(name)
        path = Path(normpath(self.folder / name))
        if not path.is_relative_to(self.root):
            raise Refused(f"{shown(name)} lies outside {self.root}. Move the file beside the experiment.")
        if path == self.own:
            raise Refused(f"{shown(name)} is the experiment itself. Write the name of another file.")
        steps = [path, *path.parents[: len(path.relative_to(self.root).parts) - 1]]
        if any(map(islink, steps)):
            raise Refused(f"{shown(name)} is a link, or lies behind one, and links are not followed. Copy the file.")
        self.texts[name] = text_of(path, name)
        return Found(path, self.texts[name])


class Uploaded:
    """Files by the name that the experiment has for them, or by the last part of it."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = {normpath(name): text for name, text in files.items()}

    def read(self, name: str) -> Found:
        """The file of this name. Raises Refused."""
        _refuse_absolute(name)
        path = PurePosixPath(normpath(name))
        for candidate in (str(path), path.name):
            if candidate in self.files:
                return Found(path, self.files[candidate])
        hint = did_you_mean(path.name, self.files)
        has = f"There are {', '.join(sorted(self.files))}." if self.files else "There are none."
        raise Refused(f"{shown(name)} is not among the files that came with the experiment. {has}{hint}")


def text_of(path: Path, name: str) -> str:
    """The text of a file. Raises Refused."""
    try:
        if not path.is_file():
            raise Refused(f"There is no file {shown(name)}: looked for {path}.")
        if path.stat().st_size > MOST_BYTES:
            raise Refused(f"{shown(name)} has more than {MOST_BYTES:,} bytes, which is more than is read.")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Refused(f"{shown(name)} is not a text in UTF-8. Save it as one.") from None
    except OSError as error:
        raise Refused(f"{shown(name)} cannot be read: {error.strerror}.") from None


def _refuse_absolute(name: str) -> None:
    if PurePosixPath(name).is_absolute() or "\\" in name or "\0" in name:
        message = "is not a path that is read. Write it relative to the experiment's file, with forward slashes."
        raise Refused(f"{shown(name)} {message}")
