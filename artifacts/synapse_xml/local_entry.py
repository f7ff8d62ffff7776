"""``<localEntry>``: what its row shows beside the XML."""

from dataclasses import dataclass
from typing import Literal

from lxml import etree

from mediation.grammar import elements, local_name

from .edit import put_markup, set_attribute

EntryKind = Literal["text", "xml", "url"]


@dataclass(frozen=True, slots=True)
class LocalEntryFacts:
    """
    Facts of a local entry.

    Attributes:
        name: its ``key``.
        value: the text, the markup, or the URL of ``src``.
    """

    name: str
    entry_kind: EntryKind = "text"
    value: str = ""


def read_local_entry(element: etree._Element) -> LocalEntryFacts:
    key = element.get("key", "")
    source = element.get("src")
    if source is not None:
        return LocalEntryFacts(key, "url", source)
    parts = _parts(element)
    if parts:
        return LocalEntryFacts(key, "xml", etree.tostring(parts[0], encoding="unicode", with_tail=False))
    return LocalEntryFacts(key, "text", _text(element))


def write_local_entry(element: etree._Element, facts: LocalEntryFacts) -> None:
    """
    Raises:
        XmlError: the entry is to hold XML, and its value is not well-formed.
    """
    set_attribute(element, "key", facts.name)
    before = read_local_entry(element)
    if (before.entry_kind, before.value) == (facts.entry_kind, facts.value.strip()):
        return
    for part in _parts(element):
        element.remove(part)
    set_attribute(element, "src", facts.value if facts.entry_kind == "url" else "")
    for comment in element:
        comment.tail = None
    element.text = facts.value if facts.entry_kind == "text" else None
    if facts.entry_kind == "xml":
        kept = list(element)
        put_markup(element, facts.value)
        element.extend(kept)


def _parts(element: etree._Element) -> list[etree._Element]:
    """The content; a ``<description>`` is none."""
    return [part for part in elements(element) if local_name(part) != "description"]


def _text(element: etree._Element) -> str:
    pieces = [element.text, *(part.tail for part in element)]
    return "".join(piece for piece in pieces if piece).strip()
