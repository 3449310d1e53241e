"""YAML that a person wrote, read safely: plain values, and the line on which each of them stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import yaml

from simweb.engine import Fault, Faulty
from simweb.scenarios.documents.suggestions import shortened
from simweb.scenarios.documents.yaml_scalars import read_plain

MOST_CHARACTERS = 500_000
MOST_NESTING = 50
MOST_VALUES = 100_000  # aliases counted as often as they are used

UNREADABLE: Final = object()  # stands for a value about which a fault has been noted already

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Path = tuple[str | int, ...]

# What the parser says of a mistake, and what a person can do about it.
ADVICE = {
    "mapping values are not allowed": "There is a colon where none can stand. Check the indentation here and on the line "
    "above, and put a text with a colon in quotes.",
    "cannot start any token": "This character cannot begin a value. Indent with spaces instead of tabs, and put a text that "
    "begins with a special character in quotes.",
    "tab character": "Indent with spaces instead of tabs.",
    "unexpected end of stream": "The text ends inside quotes. Close them.",
    "expected ':'": "A colon is missing after a name, or a line has the wrong indentation.",
    "expected ',' or ']'": "A list in brackets is not closed, or a comma is missing in it.",
    "expected ',' or '}'": "Fields in braces are not closed, or a comma is missing between them.",
    "expected key": "This line does not belong to the fields above it. Give all fields of a block the same indentation.",
    "expected '-' indicator": "This line does not belong to the list above it. Give all items of a list the same indentation.",
    "expected <document start>": "This line begins further left than the first field. Begin all of them in the first column.",
    "nesting depth": "This is nested too deeply.",
    "block sequence entries are not allowed": "A list item cannot stand here. Begin it on a line of its own.",
}


@dataclass(slots=True)
class Node:
    """A value with its place: `content` is a scalar, or a list or dict of nodes; `keys` has the lines of a dict's keys."""

    line: int
    content: Any
    keys: dict[str, int] = field(default_factory=dict)
    values: int = 1
    height: int = 1


@dataclass(frozen=True, slots=True)
class Document:
    """What a text says. Where `faults` were found, `value` has UNREADABLE in their place."""

    root: Node
    value: Any
    faults: tuple[Fault, ...]

    def line(self, path: Sequence[str | int]) -> int:
        """Where the value at this path stands; of one that is missing, where the nearest one around it does."""
        node, line = self.root, self.root.line
        for step in path:
            if isinstance(node.content, dict) and isinstance(step, str) and step in node.content:
                node, line = node.content[step], node.keys[step]
            elif isinstance(node.content, list) and isinstance(step, int) and 0 <= step < len(node.content):
                node = node.content[step]
                line = node.line
            else:
                break
        return line


def read_yaml(text: str) -> Document:
    """The one document of a text. Raises Faulty for what is no YAML, too large, nested too deeply, or more than one document."""
    text = text.removeprefix("\ufeff")
    _refuse_unreadable(text)
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        raise Faulty([*builder.faults, _syntax_fault(error)]) from None
    except yaml.YAMLError:
        raise Faulty([*builder.faults, Fault("This is not YAML.", (), 1)]) from None
    if builder.root is None:
        raise Faulty([Fault("The text is empty. Begin with a ready-made one.", (), 1)])
    return Document(builder.root, _plain(builder.root), tuple(builder.faults))


def _refuse_unreadable(text: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise Faulty([Fault(f"The text has {len(text):,} characters; at most {MOST_CHARACTERS:,} are read.")])
    if wrong := UNPRINTABLE.search(text):
        line = text.count("\n", 0, wrong.start()) + 1
        message = f"The character U+{ord(wrong.group()):04X} cannot stand in YAML. Remove it."
        raise Faulty([Fault(message, (), line)])


def _syntax_fault(error: yaml.MarkedYAMLError) -> Fault:
    problem = error.problem or "this cannot be read"
    mark = error.problem_mark or error.context_mark
    advice = next((advice for said, advice in ADVICE.items() if said in problem), f"This is not YAML: {problem}.")
    return Fault(advice, (), mark.line + 1 if mark else None)


def _plain(node: Node) -> Any:
    if isinstance(node.content, dict):
        return {key: _plain(child) for key, child in node.content.items()}
    if isinstance(node.content, list):
        return [_plain(child) for child in node.content]
    return node.content


@dataclass(slots=True)
class _Open:
    """A list or a dict whose end has not come yet."""

    node: Node
    anchor: str | None
    key: str | None = None  # of the value that comes next; in a dict, None: a key comes next
    merges: bool = False  # the value that comes next is to be merged
    merged: list[Node] = field(default_factory=list)

    @property
    def wants_key(self) -> bool:
        return isinstance(self.node.content, dict) and self.key is None

    @property
    def step(self) -> str | int:
        return len(self.node.content) if isinstance(self.node.content, list) else self.key or ""


class _Builder:
    """From the parser's events to nodes. Its own stack, as nesting must not reach the interpreter's."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.faults: list[Fault] = []
        self.open: list[_Open] = []
        self.anchors: dict[str, Node | None] = {}  # None: not complete yet
        self.documents = 0

    def take(self, event: yaml.Event) -> None:
        """Note what an event says."""
        assert event.start_mark is not None  # every event of a text has its place
        line = event.start_mark.line + 1
        match event:
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    self._stop("A second document begins here. Keep one of them, without the line of dashes.", line)
            case yaml.ScalarEvent():
                self._scalar(event, line)
            case yaml.AliasEvent():
                self._alias(event, line)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._begin(event, line)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._end()

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        if self.open and self.open[-1].wants_key:
            self._key(event.value, line, plain=not event.style)
            return
        value: Any = event.value
        if event.tag is not None:
            value = self._tagged(event.tag, line)
        elif event.implicit[0]:
            try:
                value = read_plain(event.value)
            except ValueError as error:
                value = self._unreadable(str(error), line)
        self._add(self._anchored(event.anchor, Node(line, value)))

    def _key(self, key: str, line: int, *, plain: bool) -> None:
        """A key is always a text, whatever a value of the same letters would be."""
        top = self.open[-1]
        top.key, top.merges = key, plain and key == "<<"
        if key in top.node.keys:
            first = top.node.keys[key]
            self._unreadable(
                f'"{shortened(key)}" is written twice, on lines {first} and {line}. Keep one of them.', line
            )
        elif not top.merges:
            top.node.keys[key] = line

    def _alias(self, event: yaml.AliasEvent, line: int) -> None:
        if self.open and self.open[-1].wants_key:
            self._stop("A name of a field cannot be an alias. Write the name itself.", line)
        name = event.anchor or ""
        node = self.anchors.get(name)
        if node is None and name in self.anchors:
            self._stop(f"*{shortened(name)} stands inside what it refers to, which would never end.", line)
        if node is None:
            node = Node(line, self._unreadable(f"There is no &{shortened(name)} above this line to refer to.", line))
        self._add(node, line)

    def _begin(self, event: yaml.CollectionStartEvent, line: int) -> None:
        if self.open and self.open[-1].wants_key:
            self._stop("A name of a field must be a single word. Put a name with brackets or braces in quotes.", line)
        if len(self.open) >= MOST_NESTING:
            self._stop(f"This is nested more than {MOST_NESTING} levels deep.", line)
        if event.tag is not None:
            self._tagged(event.tag, line)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.open.append(_Open(Node(line, [] if isinstance(event, yaml.SequenceStartEvent) else {}), event.anchor))

    def _end(self) -> None:
        top = self.open.pop()
        node = top.node
        for other in top.merged:
            for key, child in other.content.items():
                if key not in node.content:
                    node.content[key], node.keys[key] = child, other.keys[key]
        children = node.content.values() if isinstance(node.content, dict) else node.content
        node.values = 1 + sum(child.values for child in children)
        node.height = 1 + max((child.height for child in children), default=0)
        if node.values > MOST_VALUES:
            self._stop(
                f"This has more than {MOST_VALUES:,} values, counted as often as aliases repeat them.", node.line
            )
        self._add(self._anchored(top.anchor, node))

    def _add(self, node: Node, line: int | None = None) -> None:
        """Put a value where it belongs; `line` is that of the alias through which it came."""
        if len(self.open) + node.height > MOST_NESTING + 1:
            self._stop(f"This is nested more than {MOST_NESTING} levels deep.", line or node.line)
        if not self.open:
            self.root = node
            return
        top = self.open[-1]
        if isinstance(top.node.content, list):
            top.node.content.append(node)
            return
        if top.merges:
            self._merge(top, node)
        elif top.key is not None:
            top.node.content.setdefault(top.key, node)  # of two with the same key, the first
        top.key, top.merges = None, False

    def _merge(self, top: _Open, node: Node) -> None:
        others = node.content if isinstance(node.content, list) else [node]
        if all(isinstance(other.content, dict) for other in others):
            top.merged += others
        else:
            self._unreadable("<< takes the fields of another block: write << : *name.", node.line)

    def _anchored(self, anchor: str | None, node: Node) -> Node:
        if anchor is not None:
            self.anchors[anchor] = node
        return node

    def _tagged(self, tag: str, line: int) -> object:
        return self._unreadable(f"Tags such as {shortened(tag)} are not read. Write the plain value.", line)

    def _unreadable(self, message: str, line: int) -> object:
        self.faults.append(Fault(message, self._path(), line))
        return UNREADABLE

    def _path(self) -> Path:
        return tuple(frame.step for frame in self.open)

    def _stop(self, message: str, line: int) -> NoReturn:
        raise Faulty([*self.faults, Fault(message, self._path(), line)])
