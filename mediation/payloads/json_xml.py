"""
JSON as XML and back, by the rules of ``docs/compatibility.md`` (JSON and XML).

An object is ``<jsonObject>``, an array ``<jsonArray>`` of ``<jsonElement>``, any other text ``<jsonValue>``; inside an
object an array is its member's element repeated. XML cannot tell ``x`` from ``[x]``, so a JSON body is converted only
when a mediator asks for XML, and its own text leaves again unless the tree was changed. Processing instructions
``<?xml-multiple  name?>`` mark arrays when they are there; they are not written unless asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Protocol

from lxml import etree

from mediation.errors import PayloadError

from .json_text import JsonFloat, dumps, loads

OBJECT: Final = "jsonObject"
ARRAY: Final = "jsonArray"
ELEMENT: Final = "jsonElement"
VALUE: Final = "jsonValue"

_EMPTY: Final = "jsonEmpty"  # no longer written by anybody; still read as {}
_MULTIPLE: Final = "xml-multiple"
_MAX_DEPTH: Final = 256  # as deep as libxml2 reads

_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_LITERALS: Final = frozenset({"true", "false", "null"})


# -- names

_NAME: Final = re.compile(r"[A-Za-z_\u00c0-\ud7ff][-.\w\u00b7]*")
_NAME_CHARACTER: Final = re.compile(r"[-.\w\u00b7]")
_ENCODED: Final = re.compile(r"_JsonReader_([0-9]{1,7})_")
_DOLLAR: Final = "_JsonReader_PS_"
_DIGIT: Final = "_JsonReader_PD_"


def encode_name(name: str) -> str:
    """A member's name as an element name: ``$a`` is ``_JsonReader_PS_a``, ``1a`` is ``_JsonReader_PD_1a``."""
    if _NAME.fullmatch(name) and _is_xml_name(name):
        return name
    prefix = ""
    if name.startswith("$"):
        prefix, name = _DOLLAR, name[1:]
    elif name[:1] in set("0123456789"):
        prefix = _DIGIT
    encoded = prefix + "".join(char if _NAME_CHARACTER.match(char) else f"_JsonReader_{ord(char)}_" for char in name)
    # A name may still not begin with a dash or a dot, and libxml2 knows fewer letters than Unicode has.
    return encoded if _is_xml_name(encoded) else "".join(f"_JsonReader_{ord(char)}_" for char in name)


def _is_xml_name(name: str) -> bool:
    try:
        etree.QName(name)
    except ValueError:
        return False
    return ":" not in name


def decode_name(name: str) -> str:
    """The member's name of an element name."""
    if "_JsonReader_" not in name:
        return name
    if name.startswith(_DOLLAR):
        name = "$" + name[len(_DOLLAR) :]
    elif name.startswith(_DIGIT):
        name = name[len(_DIGIT) :]
    return _ENCODED.sub(lambda match: chr(int(match[1])) if int(match[1]) <= 0x10FFFF else match[0], name)


# -- JSON to XML


def json_to_xml(value: Any, *, instructions: bool | None = None) -> etree._Element:
    """
    Args:
        value: as :func:`mediation.payloads.json_text.loads` returns it.
        instructions: mark arrays with ``<?xml-multiple  name?>``; :class:`Defaults` if not given.

    Raises:
        PayloadError: nested too deeply, or a character that XML does not have.
    """
    root = etree.Element(OBJECT if isinstance(value, dict) else ARRAY if isinstance(value, list) else VALUE)
    try:
        if isinstance(value, dict | list):
            _Writer(Defaults.instructions if instructions is None else instructions).fill(root, value, 1)
        else:
            root.text = dumps(value)
    except RecursionError as exc:
        raise PayloadError("the JSON is nested too deeply to be expanded to XML") from exc
    except ValueError as exc:  # a control character
        raise PayloadError(f"the JSON cannot be expanded to XML: {exc}") from exc
    return root


class _Writer:
    def __init__(self, instructions: bool) -> None:
        self.instructions = instructions

    def fill(self, element: etree._Element, value: Any, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise PayloadError("the JSON is nested too deeply to be expanded to XML")
        if isinstance(value, dict):
            for name, item in value.items():
                self.member(element, name, item, depth)
        elif isinstance(value, list):
            if element.tag != ARRAY:
                element = etree.SubElement(element, ARRAY)
            self.items(element, ELEMENT, ELEMENT, value, depth)
        elif value is not None:
            element.text = _literal(value)

    def member(self, element: etree._Element, name: str, value: Any, depth: int) -> None:
        if isinstance(value, list):
            self.items(element, name, encode_name(name), value, depth)
        elif name.startswith("@") and len(name) > 1 and not isinstance(value, dict):
            element.set(encode_name(name[1:]), "" if value is None else _literal(value))
        elif name == "$" and not isinstance(value, dict):
            element.text = "" if value is None else _literal(value)
        else:
            self.fill(etree.SubElement(element, encode_name(name)), value, depth + 1)

    def items(self, parent: etree._Element, name: str, tag: str, items: list[Any], depth: int) -> None:
        if self.instructions and "?>" not in name:
            # The second blank is the originals'.
            parent.append(etree.ProcessingInstruction(_MULTIPLE, f" {name}"))
        for item in items:
            self.fill(etree.SubElement(parent, tag), item, depth + 1)


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return value
    return value.text if isinstance(value, JsonFloat) else dumps(value)


# -- XML to JSON


class TextPattern(Protocol):
    """A compiled regular expression."""

    def fullmatch(self, text: str, /) -> object | None: ...


@dataclass(frozen=True, slots=True)
class JsonOutput:
    """
    How XML is written as JSON. The defaults are those that the originals ship.

    Attributes:
        primitives: text that looks like a number, ``true``, ``false`` or ``null`` is one.
        always_text: text that this matches stays text all the same.
        arrays: neighbours of one name become an array; otherwise only a processing instruction makes one.
        instructions: ``<?xml-multiple  name?>`` makes an array.
        namespaces: keep prefixes, as ``prefix_name``.
        declarations: write namespace declarations as ``@xmlns_prefix``, too.
        separator: what stands between a prefix and a name.
        empty_as_text: an element without content is ``""``, not ``null``.
    """

    primitives: bool = True
    always_text: TextPattern | None = None
    arrays: bool = True
    instructions: bool = True
    namespaces: bool = False
    declarations: bool = False
    separator: str = "_"
    empty_as_text: bool = False


class Defaults:
    """How JSON becomes XML and XML becomes JSON where nobody says otherwise; set once, when a server starts."""

    output = JsonOutput()
    instructions = False


def xml_to_json(element: etree._Element, output: JsonOutput | None = None) -> str:
    """
    The JSON text of an element.

    Args:
        output: :class:`Defaults` if not given.

    Raises:
        PayloadError: an element holds both text and elements, or the tree is too deep.
    """
    name = etree.QName(element).localname
    writer = _JsonWriter(output or Defaults.output)
    try:
        if name == VALUE and len(element) == 0:
            return dumps(loads(element.text or "null"))
        if name in (OBJECT, ARRAY):
            empty = "[]" if name == ARRAY else "{}"
            return writer.value(element, is_array=name == ARRAY) if len(element) or element.attrib else empty
        return f"{{{dumps(writer.name(element))}:{writer.value(element)}}}"
    except RecursionError as exc:
        raise PayloadError("the XML is nested too deeply to be written as JSON") from exc


@dataclass(slots=True)
class _Run:
    """Neighbours with one name: a member, or an array if there are several or an instruction says so."""

    name: str
    is_multiple: bool
    elements: list[etree._Element]


class _JsonWriter:
    def __init__(self, output: JsonOutput) -> None:
        self.output = output

    def name(self, element: etree._Element) -> str:
        local = decode_name(etree.QName(element).localname)
        keeps_prefix = self.output.namespaces and element.prefix
        return f"{element.prefix}{self.output.separator}{local}" if keeps_prefix else local

    def value(self, element: etree._Element, *, is_array: bool = False) -> str:
        """The value of a member, without its name. In ``<jsonArray>`` the members are an array's."""
        text = "".join([element.text or "", *(child.tail or "" for child in element)])
        text = text if text.strip() else ""
        members = self.attributes(element)
        runs = self.runs(element)
        if text and runs:
            raise PayloadError("Mixed content is not supported")
        if not members:
            if not runs:
                return self.primitive(text) if text else self.empty()
            if len(runs) == 1 and (special := self.special(runs[0], is_array)) is not None:
                return special
        if text:
            members.append(f'"$":{self.primitive(text)}')
        members.extend(f"{dumps(run.name)}:{self.run(run)}" for run in runs)
        return "{" + ",".join(members) + "}"

    def attributes(self, element: etree._Element) -> list[str]:
        members = []
        if self.output.declarations:
            parent = element.getparent()
            outer = {} if parent is None else parent.nsmap
            members += [
                f"{dumps('@xmlns' + (self.output.separator + prefix if prefix else ''))}:{dumps(uri)}"
                for prefix, uri in element.nsmap.items()
                if outer.get(prefix) != uri
            ]
        for name, value in element.attrib.items():
            qualified = etree.QName(name)
            prefix = self.prefix_of(element, qualified.namespace) if self.output.namespaces else ""
            members.append(f"{dumps('@' + prefix + decode_name(qualified.localname))}:{dumps(value)}")
        return members

    def prefix_of(self, element: etree._Element, namespace: str | None) -> str:
        found = (prefix for prefix, uri in element.nsmap.items() if prefix and uri == namespace)
        prefix = next(found, None) if namespace is not None else None
        return "" if prefix is None else prefix + self.output.separator

    def runs(self, element: etree._Element) -> list[_Run]:
        runs: list[_Run] = []
        for child in element:
            if isinstance(child.tag, str):
                name = self.name(child)
                joins = runs and runs[-1].name == name and (self.output.arrays or runs[-1].is_multiple)
                if not joins:
                    runs.append(_Run(name, False, []))
                runs[-1].elements.append(child)
            elif self.output.instructions and _marks_array(child):
                runs.append(_Run((child.text or "").strip(), True, []))
        return runs

    def run(self, run: _Run) -> str:
        values = [self.value(element) for element in run.elements]
        return f"[{','.join(values)}]" if run.is_multiple or len(values) > 1 else values[0]

    def special(self, run: _Run, is_array: bool) -> str | None:
        """The value of an element that only holds an array's parts or an empty object."""
        if is_array and run.name == ELEMENT:
            return self.run(run)
        if run.is_multiple or len(run.elements) != 1:
            return None
        if run.name == ARRAY:
            return self.value(run.elements[0], is_array=True) if len(run.elements[0]) else "[]"
        return "{}" if run.name == _EMPTY else None

    def empty(self) -> str:
        return '""' if self.output.empty_as_text else "null"

    def primitive(self, text: str) -> str:
        output = self.output
        if not output.primitives or (output.always_text is not None and output.always_text.fullmatch(text)):
            return dumps(text)
        if text in _LITERALS:
            return text
        if _NUMBER.fullmatch(text):
            # The originals write a BigDecimal: its digits are kept, an exponent takes its normal form.
            return str(Decimal(text)) if "e" in text or "E" in text else text
        return dumps(text)


def _marks_array(node: etree._Element) -> bool:
    return isinstance(node, etree._ProcessingInstruction) and node.target == _MULTIPLE
