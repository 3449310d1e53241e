"""Recordings: calls of models, each kept by its content, so that a run can be played again at no cost, to the same result."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from hashlib import sha256
from threading import Lock
from typing import Any, Literal, NamedTuple

from simweb.engine.redaction import known_secrets, redacted

Mode = Literal["record", "replay"]
Json = dict[str, Any]
BESIDE = 30  # characters that are shown before and after a difference
ABSENT = "nothing"


class CallFailed(Exception):
    """A call that brought no answer; the message says why. It is kept like an answer, and raised again in a replay."""

    latency_ms: float = 0.0
    is_replayed: bool = False


class NotRecorded(Exception):
    """A replay came to a call that was not recorded; the message shows the nearest one that was, and where they differ."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answered, as plain JSON; tokens as its provider counted them, and what they cost by which list of prices."""

    content: Any
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    price_list: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A call that was made: the `nth` (from 1) of its content. Of `answer` and `failure` there is one."""

    key: str
    nth: int
    request: Json
    answer: Answer | None
    failure: str
    latency_ms: float

    def as_json(self) -> Json:
        """Plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Entry:
        """The entry that was written."""
        answer = said["answer"]
        return cls(**{**said, "answer": Answer(**answer) if answer is not None else None})


class Called(NamedTuple):
    """An answer, how long it took when it was given, and whether that was now or when it was recorded."""

    answer: Answer
    latency_ms: float
    is_replayed: bool


class Recording:
    """Calls, in the order in which they were made. What is kept already is answered from it, in either mode, and costs nothing.

    Nothing that this process knows for a secret, and nothing that looks like one, is kept, or gets back to who asked.
    """

    def __init__(
        self, entries: Iterable[Entry] = (), mode: Mode = "record", on_new: Callable[[Entry], None] | None = None
    ) -> None:
        """`on_new` is told of each entry as soon as it is made."""
        self.mode = mode
        self._on_new = on_new
        self.entries = list(entries)
        self._kept = {(entry.key, entry.nth): entry for entry in self.entries}
        self._asked: Counter[str] = Counter()
        self._taken = len(self.entries)
        self._secrets: set[str] = set()
        self._lock = Lock()

    @classmethod
    def from_json(cls, said: Sequence[Json], mode: Mode) -> Recording:
        """The recording that was written."""
        return cls(map(Entry.from_json, said), mode)

    def as_json(self) -> list[Json]:
        """Plain JSON: its entries."""
        return [entry.as_json() for entry in self.entries]

    def take_new(self) -> list[Entry]:
        """The entries that were made since this was asked last, or since the beginning."""
        with self._lock:
            new = self.entries[self._taken :]
            self._taken = len(self.entries)
        return new

    def count_asked(self, entries: Iterable[Entry]) -> None:
        """These were asked before, and are not asked again: the next of the same content is one more."""
        for entry in entries:
            self._asked[entry.key] = max(self._asked[entry.key], entry.nth)

    def keep_secret(self, secret: str) -> None:
        """Mask this text, too, wherever it stands."""
        self._secrets.add(secret)

    async def call(self, request: Mapping[str, Any], make: Callable[[], Awaitable[Answer]]) -> Called:
        """The answer to a request: {model, messages, tools, settings}, plain JSON; `make` asks the model for it.

        Raises CallFailed as `make` does, or did. Whatever else `make` raises is not kept. Raises NotRecorded.
        """
        secrets = known_secrets() | self._secrets
        asked: Json = redacted(request, secrets)
        key = key_of(asked)
        with self._lock:
            self._asked[key] += 1
            nth = self._asked[key]
            kept = self._kept.get((key, nth))
        if kept is not None:
            return _said(kept, is_replayed=True)
        if self.mode == "replay":
            raise NotRecorded(f"This call is not recorded, and a replay makes no calls. {self._nearest(asked, key)}")
        entry = await _made(key, nth, asked, make, secrets)
        with self._lock:
            self.entries.append(entry)
            self._kept[(key, nth)] = entry
        if self._on_new is not None:
            self._on_new(entry)
        return _said(entry, is_replayed=False)

    def _nearest(self, asked: Json, key: str) -> str:
        if not self.entries:
            return "The recording is empty."
        if same := sum(entry.key == key for entry in self.entries):
            return f"The same was recorded {'once' if same == 1 else f'{same:,} times'}, and is asked once more."
        likely = [(list(_differences(entry.request, asked)), number) for number, entry in enumerate(self.entries, 1)]
        found, number = min(likely, key=lambda one: (len(one[0]), -_alike(one[0][0]), one[1]))
        return f"The nearest one, call {number:,} of {len(self.entries):,}, differs first at {_told(found[0])}"


def key_of(request: Mapping[str, Any]) -> str:
    """SHA-256 of a request's canonical JSON."""
    written = json.dumps(request, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return sha256(written.encode()).hexdigest()


_current: ContextVar[Recording | None] = ContextVar("recording", default=None)
_of_process = Recording()  # where nobody chose another


def current_recording() -> Recording:
    """The one that this thread, or task, records into, or replays from."""
    return _current.get() or _of_process


def use_recording(recording: Recording) -> ExitStack:
    """Make it the current one. What is returned, used in a `with`, makes the one before current again at its end."""
    undo = ExitStack()
    undo.callback(_current.set, _current.get())
    _current.set(recording)
    return undo


async def _made(
    key: str, nth: int, asked: Json, make: Callable[[], Awaitable[Answer]], secrets: Iterable[str]
) -> Entry:
    """Make the call and describe it."""
    began = time.monotonic()
    answer, failure = None, ""
    try:
        answer = await make()
    except CallFailed as failed:
        failure = redacted(str(failed), secrets) or "no message"
    latency_ms = round((time.monotonic() - began) * 1000, 3)
    if answer is not None:
        answer = Answer(**redacted(asdict(answer), secrets))
    return Entry(key, nth, asked, answer, failure, latency_ms)


def _said(entry: Entry, *, is_replayed: bool) -> Called:
    if entry.answer is not None:
        return Called(entry.answer, entry.latency_ms, is_replayed)
    failed = CallFailed(entry.failure)
    failed.latency_ms, failed.is_replayed = entry.latency_ms, is_replayed
    raise failed


Difference = tuple[str, Any, Any]  # the path, what was recorded, what is asked


def _differences(recorded: Any, asked: Any, path: str = "") -> Iterator[Difference]:
    """Every leaf in which they differ, in order."""
    if isinstance(recorded, dict) and isinstance(asked, dict):
        for name in dict.fromkeys((*recorded, *asked)):
            yield from _differences(recorded.get(name, ABSENT), asked.get(name, ABSENT), f"{path}.{name}".lstrip("."))
    elif isinstance(recorded, list) and isinstance(asked, list):
        for place in range(max(len(recorded), len(asked))):
            before, now = (said[place] if place < len(said) else ABSENT for said in (recorded, asked))
            yield from _differences(before, now, f"{path}[{place}]")
    elif type(recorded) is not type(asked) or recorded != asked:
        yield path or "the whole", recorded, asked


def _alike(difference: Difference) -> int:
    """How many characters are the same at the beginning of both sides."""
    _, before, now = difference
    return _common(str(before), str(now))


def _common(one: str, other: str) -> int:
    same = (place for place, (mine, its) in enumerate(zip(one, other, strict=False)) if mine != its)
    return next(same, min(len(one), len(other)))


def _told(difference: Difference) -> str:
    path, *sides = difference
    before, now = (side if isinstance(side, str) else json.dumps(side, sort_keys=True) for side in sides)
    same = _common(before, now)
    start = max(same - BESIDE, 0)
    place = f", character {same + 1:,}" if start else ""
    return f"{path}{place}: recorded {_cut(before, start)}, asked {_cut(now, start)}."


def _cut(text: str, start: int) -> str:
    shown = json.dumps(text[start : start + 2 * BESIDE], ensure_ascii=False)
    return f"{'…' if start else ''}{shown}{'…' if start + 2 * BESIDE < len(text) else ''}"
