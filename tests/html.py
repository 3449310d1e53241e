"""A page as a test reads it: elements with their attributes and texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"input", "meta", "link", "br", "hr", "img", "use", "path", "circle", "rect", "polyline", "source"}
CONTROLS = {"a", "button", "input", "select", "textarea", "form", "details", "summary"}


@dataclass
class Element:
    """One element; `text` is all text in it."""

    name: str
    attributes: dict[str, str]
    depth: int
    text: str = ""
    inside: list[str] = field(default_factory=list)


class Page(HTMLParser):
    """All elements in order. Fails on an element that is not closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.loose = ""
        self.feed(text)
        self.close()
        assert not self._open, f"never closed: {[element.name for element in self._open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        element = Element(tag, attributes, len(self._open), inside=[parent.name for parent in self._open])
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append(Element(tag, attributes, len(self._open)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open, f"</{tag}> closes nothing"
            assert self._open[-1].name == tag, f"</{tag}> closes <{self._open[-1].name}>"
            self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data
        if not self._open:
            self.loose += data

    @property
    def top(self) -> list[Element]:
        """Elements that lie in no other."""
        return [element for element in self.elements if element.depth == 0]

    def all(self, name: str, **attributes: str) -> list[Element]:
        """Elements of this name with these attributes (`class_` for class, `_` for `-`)."""
        wanted = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
        named = [element for element in self.elements if element.name == name]
        return [e for e in named if all(e.attributes.get(key) == value for key, value in wanted.items())]

    def by_id(self, name: str) -> Element:
        """The one element with this id."""
        [found] = [element for element in self.elements if element.attributes.get("id") == name]
        return found

    @property
    def controls(self) -> list[Element]:
        """What a hand may be about to press."""
        return [element for element in self.elements if element.name in CONTROLS]


def words(text: str) -> str:
    """The text with its white space made single."""
    return " ".join(text.split())
