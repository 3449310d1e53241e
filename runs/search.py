"""The query language of runs: one parser for the page and the API. `docs/searching.md` teaches it.

`status:failed simulation:a-toy (param.agents>100 OR -tag:draft) "no such agent"`: terms side by side must all hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from django.db.models import Q

from runs import terms
from runs.models import RunQuerySet
from runs.specs import BadSpec, FieldError

LONGEST = 1000
MOST_TERMS = 50
DEEPEST = 20
TOKEN = re.compile(
    r"""\s*(?:
    (?P<open>\() | (?P<close>\)) |
    (?P<minus>-(?=[^\s)])) |
    (?P<quoted>"(?P<inside>(?:[^"\\]|\\.)*)") |
    (?P<half>") |
    (?P<term>(?P<name>[A-Za-z][\w.-]*)\s*(?P<op><=|>=|!=|[:=<>])\s*) |
    (?P<word>[^\s()"<>=!:]+) |
    (?P<stray>.)
    )""",
    re.VERBOSE | re.DOTALL,
)
VALUE = re.compile(r'"(?P<inside>(?:[^"\\]|\\.)*)"|(?P<half>")|(?P<plain>[^\s()"]+)', re.DOTALL)
PLAIN = re.compile(r'[^\s()"\\]+')
PLAIN_WORD = re.compile(r'[^\s()"<>=!:\\-][^\s()"<>=!:\\]*')


@dataclass(frozen=True, slots=True)
class Term:
    """`name op value`."""

    name: str
    op: str
    value: str
    quoted: bool
    condition: Q

    def __str__(self) -> str:
        plain = not self.quoted and PLAIN.fullmatch(self.value)
        return f"{self.name}{self.op}{self.value if plain else quoted(self.value)}"


@dataclass(frozen=True, slots=True)
class Word:
    """A text to be found somewhere."""

    text: str

    def __str__(self) -> str:
        return self.text if PLAIN_WORD.fullmatch(self.text) and self.text != "OR" else quoted(self.text)

    @property
    def condition(self) -> Q:
        return terms.word(self.text)


@dataclass(frozen=True, slots=True)
class Not:
    of: Node

    def __str__(self) -> str:
        return f"-({self.of})" if isinstance(self.of, Both | Either) else f"-{self.of}"

    @property
    def condition(self) -> Q:
        return ~self.of.condition


@dataclass(frozen=True, slots=True)
class Both:
    """All of them hold."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " ".join(f"({part})" if isinstance(part, Both | Either) else str(part) for part in self.parts)

    @property
    def condition(self) -> Q:
        return Q(*(part.condition for part in self.parts))


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of them holds."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " OR ".join(f"({part})" if isinstance(part, Both | Either) else str(part) for part in self.parts)

    @property
    def condition(self) -> Q:
        return Q(*(part.condition for part in self.parts), _connector=Q.OR)


Node = Term | Word | Not | Both | Either


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked; `None` asks for everything."""

    root: Node | None

    def __str__(self) -> str:
        return "" if self.root is None else str(self.root)

    def select(self, runs: RunQuerySet) -> RunQuerySet:
        """The runs among these that match."""
        return runs if self.root is None else runs.filter(self.root.condition)

    @property
    def looks_at_rows(self) -> bool:
        """Whether some of it is answered by looking at row after row rather than by an index."""
        return any(not (isinstance(leaf, Term) and terms.is_indexed(leaf.name)) for leaf in _leaves(self.root))


def parse(text: str) -> Query:
    """The query that the text means. Raises BadSpec, at `q`, with the place and what to write."""
    if len(text) > LONGEST:
        _refuse(f"Is at most {LONGEST:,} characters long.")
    return _Parser(text).query()


def narrowed(text: str, **wanted: str | None) -> str:
    """The query with terms added to it, as a form's selects do. Raises BadSpec."""
    added = [f"{name}:{value}" for name, value in wanted.items() if value]
    query = parse(text)
    if not added:
        return text
    first = f"({query})" if isinstance(query.root, Either) else str(query)
    return " ".join([first, *added]).strip()


def _leaves(node: Node | None) -> Iterator[Term | Word]:
    if isinstance(node, Not):
        yield from _leaves(node.of)
    elif isinstance(node, Both | Either):
        for part in node.parts:
            yield from _leaves(part)
    elif node is not None:
        yield node


def quoted(text: str) -> str:
    """The text as a value of a term, whatever it holds."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _refuse(message: str) -> NoReturn:
    raise BadSpec([FieldError(("q",), message)])


class _Parser:
    """Reads from left to right, once."""

    def __init__(self, text: str) -> None:
        self.text, self.place, self.depth, self.count = text, 0, 0, 0

    def query(self) -> Query:
        if not self.text.strip():
            return Query(None)
        root = self._either()
        if self._peek():
            self._fail("this ) closes nothing: write ( before it, or leave it out")
        return Query(root)

    def _peek(self) -> re.Match[str] | None:
        """The next token, None at the end; `place` is where it begins."""
        while self.place < len(self.text) and self.text[self.place].isspace():
            self.place += 1
        return TOKEN.match(self.text, self.place)

    def _is_or(self, token: re.Match[str] | None) -> bool:
        return token is not None and token["word"] == "OR"

    def _either(self) -> Node:
        parts = [self._both()]
        while self._is_or(token := self._peek()):
            assert token is not None
            self.place = token.end()
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self) -> Node:
        parts: list[Node] = []
        while (token := self._peek()) and not token["close"] and not self._is_or(token):
            parts.append(self._one(token))
        if not parts:
            self._fail("something to look for is missing: write a word or a term such as status:failed")
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _one(self, token: re.Match[str]) -> Node:
        if token["open"] or token["minus"]:
            return self._nested(token)
        self.count += 1
        if self.count > MOST_TERMS:
            self._fail(f"these are too many: write at most {MOST_TERMS} terms and words")
        if token["half"]:
            self._fail('this " is not closed: write another one after the text')
        if token["stray"]:
            self._fail('write a name before it, such as duration>10s, or put the text in quotes: "…"')
        if token["term"]:
            return self._term(token)
        self.place = token.end()
        if token["quoted"]:
            text = _unescaped(token["inside"])
            if not text.strip():
                self.place -= len(token["quoted"])
                self._fail("there is nothing between these quotes: write a text")
            return Word(text)
        return Word(token["word"])

    def _nested(self, token: re.Match[str]) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            self._fail(f"this is nested too deep: at most {DEEPEST} levels")
        opened, self.place = self.place, token.end()
        if token["minus"]:
            following = self._peek()
            if following is None or self._is_or(following):
                self._fail("write what is not wanted directly after the -")
            node: Node = Not(self._one(following))
        else:
            node = self._either()
            closing = self._peek()
            if closing is None:
                self.place = opened
                self._fail("this ( is not closed: write ) after what it holds")
            self.place = closing.end()
        self.depth -= 1
        return node

    def _term(self, token: re.Match[str]) -> Node:
        name = self._name(token["name"])
        found = VALUE.match(self.text, token.end())
        if found is None:
            self._fail(f"a value is missing after {name}{token['op']}: write one, in quotes if it has spaces")
        if found["half"]:
            self.place = token.end()
            self._fail('this " is not closed: write another one after the text')
        quoted = found["inside"] is not None
        value = _unescaped(found["inside"]) if quoted else found["plain"]
        try:
            condition = terms.condition(name, token["op"], value, quoted)
        except terms.BadTerm as error:
            self._fail(f"{error}")
        self.place = found.end()
        return Term(name, token["op"], value, quoted, condition)

    def _name(self, name: str) -> str:
        known = name if terms.NAMED.fullmatch(name) else name.lower()
        if not terms.is_known(known):
            names = ", ".join(terms.FIELDS)
            self._fail(f"there is no {name!r}: write {names}, param.NAME or metric.KEY, or put the text in quotes")
        return known

    def _fail(self, message: str) -> NoReturn:
        near = self.text[self.place : self.place + 20].split("\n")[0].strip()
        where = f"At character {self.place + 1}, “{near}”" if near else f"At character {self.place + 1}, the end"
        _refuse(f"{where}: {message}.")
