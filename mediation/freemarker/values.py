"""
The values of FreeMarker templates, and how they are printed.

Text, numbers, truth values, dates, lists and dicts are Python's; XML is :class:`Nodes`. What is not there is
:data:`MISSING`, which may be tested and defaulted, but not printed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from lxml import etree

from mediation.payloads.xml import whole_text

MISSING: Final[Any] = object()


class TemplateFailure(Exception):
    """A template failed on this message; the text says where and why, without the message's values."""


class MissingValue(TemplateFailure):
    """Something of a value that is not there; ``(a.b)!`` and ``(a.b)??`` take it for missing."""


class Nodes(Sequence["Nodes"]):
    """
    Elements of a message: one, several of one name, or an attribute's value.

    As text it is the text of the only one; ``x.name`` are the children of that name, ``x.@name`` an attribute.
    Namespaces do not matter.
    """

    def __init__(self, elements: Sequence[etree._Element]) -> None:
        self.elements = elements

    def __len__(self) -> int:
        return len(self.elements)

    def __getitem__(self, index: Any) -> Any:
        return Nodes(self.elements[index] if isinstance(index, slice) else [self.elements[index]])

    def __iter__(self) -> Iterator[Nodes]:
        return (Nodes([element]) for element in self.elements)

    def member(self, name: str) -> Any:
        """The children of that name, or the attribute; ``MISSING`` if there is none."""
        if name.startswith("@"):
            found = (value for each in self.elements for key, value in each.attrib.items() if _local(key) == name[1:])
            return next((str(value) for value in found), MISSING)
        children = [child for each in self.elements for child in each.iterchildren("*") if _local(child.tag) == name]
        return Nodes(children) if children else MISSING

    def text(self) -> str:
        if len(self.elements) != 1:
            raise TemplateFailure(f"{len(self.elements)} XML nodes where one is needed")
        return whole_text(self.elements[0])


def _local(name: Any) -> str:
    return str(etree.QName(name).localname)


class Document(Nodes):
    """A body of XML: its one member is the root element."""

    def __init__(self, root: etree._Element) -> None:
        super().__init__([root])

    def member(self, name: str) -> Any:
        return Nodes(self.elements) if _local(self.elements[0].tag) == name else MISSING


def member(value: Any, name: Any) -> Any:
    """``value.name`` or ``value[name]``."""
    if isinstance(value, Nodes) and isinstance(name, str):
        return value.member(name)
    if isinstance(value, Mapping) and isinstance(name, str):
        found = value.get(name)
        return MISSING if found is None else found
    if isinstance(value, str | Sequence) and isinstance(name, int) and not isinstance(name, bool):
        return value[name] if 0 <= name < len(value) else MISSING
    if isinstance(value, str | Sequence) and isinstance(name, slice):
        return value[name]
    raise TemplateFailure(f"a {kind(value)} has no member")


def kind(value: Any) -> str:
    """The name of the value's type, for errors."""
    if isinstance(value, Mapping):
        return "hash"
    if isinstance(value, Nodes):
        return "node"
    names = {str: "string", bool: "boolean", int: "number", list: "sequence", datetime: "date"}
    return next((name for each, name in names.items() if isinstance(value, each)), "number")


def is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def decimal(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def text(value: Any) -> str:
    """
    What ``${value}`` prints: numbers as in US English, with commas between thousands and three decimals at most.

    Raises:
        TemplateFailure: nothing, a truth value or a collection cannot be printed.
    """
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Nodes):
        return value.text()
    if is_number(value):
        return grouped(value)
    if isinstance(value, datetime):
        return f"{value:%b} {value.day}, {value.year}, {value.hour % 12 or 12}:{value:%M:%S} {value:%p}"
    if isinstance(value, date):
        return f"{value:%b} {value.day}, {value.year}"
    if isinstance(value, time):
        return f"{value.hour % 12 or 12}:{value:%M:%S} {value:%p}"
    if value is MISSING or value is None:
        raise TemplateFailure("a value is missing; use !, ?? or ?has_content where it may be")
    if isinstance(value, bool):
        raise TemplateFailure("a boolean cannot be printed; use ?c or ?string('yes', 'no')")
    raise TemplateFailure(f"a {kind(value)} cannot be printed")


def grouped(value: Any) -> str:
    rounded = decimal(value).quantize(Decimal("0.001"), ROUND_HALF_EVEN).normalize()
    return f"{rounded:,f}" if rounded else "0"


def plain(value: Any) -> str:
    """A number or truth value as a computer reads it (``?c``)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not is_number(value):
        raise TemplateFailure("?c needs a number or a boolean")
    number = decimal(value)
    return f"{number.normalize():f}" if number else "0"
