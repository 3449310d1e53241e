"""Pieces: a long text is sent in parts that are neither many nor large."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def in_pieces(texts: Iterable[str], characters: int) -> Iterator[str]:
    """The texts one after the other, joined to pieces of about so many characters: each ends with the text that fills it,
    however large a text is.
    """
    held: list[str] = []
    size = 0
    for text in texts:
        held.append(text)
        size += len(text)
        if size >= characters:
            yield "".join(held)
            held, size = [], 0
    if held:
        yield "".join(held)
