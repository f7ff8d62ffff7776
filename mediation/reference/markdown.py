"""Docstrings and tables as Markdown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

_SECTIONS: Final = re.compile(r"^(?:Args|Attributes|Raises|Returns):$", re.MULTILINE)
"""What follows is for those who read the code."""
_ROLE: Final = re.compile(r":\w+:`~?\.?([^`]+)`")
_LITERAL: Final = re.compile(r"``(.+?)``", re.DOTALL)


def prose(documented: object) -> str:
    """
    The docstring of a class, function or module as Markdown, without what is for readers of the code.

    Its blocks of configuration become code blocks.
    """
    text = inspect.cleandoc(getattr(documented, "__doc__", None) or "")
    text = _SECTIONS.split(text)[0].rstrip()
    return "\n\n".join(_blocks(text))


def _blocks(text: str) -> Iterator[str]:
    """Paragraphs, and what is indented or drawn as a table as code."""
    for block in re.split(r"\n(?:[ \t]*\n)+(?=\S)", text):
        head, colons, body = block.partition("::\n\n")
        if colons:
            if head.strip():
                yield f"{inline(' '.join(head.split()))}:"
            yield code(inspect.cleandoc(body))
        elif block.rstrip() == "::":
            continue
        elif re.match(r"={3,}", block):
            yield code(block)
        elif re.match(r"\s", block):
            yield code(inspect.cleandoc(block))
        else:
            yield inline(" ".join(block.split()) if not block.startswith(("*", "-")) else block)


def code(text: str) -> str:
    language = "xml" if text.startswith("<") else "text"
    return f"```{language}\n{text}\n```"


def inline(text: str) -> str:
    """Literals and cross references, as they are in Markdown."""
    return _LITERAL.sub(r"`\1`", _ROLE.sub(r"`\1`", text))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; empty if it has no rows."""
    lines = [_row(cells) for cells in rows]
    return "\n".join([_row(heads), _row(["---"] * len(heads)), *lines]) if lines else ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |"


def page(title: str, *parts: str) -> str:
    return "\n\n".join(part for part in (f"# {title}", *parts) if part) + "\n"


def literal(text: str) -> str:
    return f"`{text}`"


def tagged(text: str) -> str:
    """A hint in which elements are named, such as ``use <store>``."""
    return re.sub(r"<[^>]+>", lambda match: literal(match[0]), inline(text))
