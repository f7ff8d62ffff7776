"""Templates of payloads: ``$1`` and ``${...}`` in XML, JSON or text, and how values take the template's notation."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol
from xml.sax.saxutils import escape, unescape

from lxml import etree

from mediation.errors import PayloadError, XmlError
from mediation.expressions.inline import expressions_in
from mediation.expressions.synapse import SynapseExpression
from mediation.payloads.json_text import dumps, loads
from mediation.payloads.json_xml import json_to_xml, xml_to_json
from mediation.payloads.xml import parse_xml, to_text

if TYPE_CHECKING:
    from mediation.message import MessageContext

MediaType = Literal["xml", "json", "text"]

_PLACEHOLDER: Final = re.compile(r"\$([0-9]+)")
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_QUOTES: Final = {'"': "&quot;", "'": "&apos;"}
_UNQUOTES: Final = {"&quot;": '"', "&apos;": "'"}
_JSON_LITERAL: Final = re.compile(r"true|false|null|-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_JSON_QUOTE: Final = re.compile(r'\\.|"', re.DOTALL)

# -- values in the notation of a template


def xml_of(text: str) -> etree._Element | None:
    """The elements that the text is made of, in a ``<jsonObject>``; ``None`` for any other text."""
    text = text.strip()
    if len(text) < 4 or text[0] != "<" or text[-1] != ">":
        return None
    try:
        return parse_xml(f"<jsonObject>{text}</jsonObject>")
    except XmlError:
        return None


def json_of(text: str) -> dict[str, Any] | list[Any] | None:
    """The object or array that the text is; ``None`` for any other text."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        value: dict[str, Any] | list[Any] = loads(text)
    except PayloadError:
        return None
    return value


def json_of_xml(text: str) -> str | None:
    """XML as JSON text; ``None`` for any other text, and for XML that has no form in JSON."""
    fragment = xml_of(text)
    if fragment is None:
        return None
    try:
        return xml_to_json(fragment)
    except PayloadError:
        return None  # text and elements side by side


def xml_of_json(value: dict[str, Any] | list[Any]) -> str:
    """A JSON object or array as XML, without an element around it."""
    return "".join(map(to_text, json_to_xml(value)))


def escaped_for_xml(text: str) -> str:
    return escape(_NOT_XML.sub("", text), _QUOTES)


def escaped_for_json(text: str, *, quote: bool = False) -> str:
    """
    Args:
        quote: put quotes around it, unless it reads like a number, ``true``, ``false`` or ``null``.
    """
    quoted = json.dumps(text, ensure_ascii=False)
    return quoted if quote and not _JSON_LITERAL.fullmatch(text.strip()) else quoted[1:-1]


def fitted(value: Any, text: str, media: MediaType, *, in_string: bool) -> str:
    """
    The value of an expression, as it fits a template.

    Args:
        value: a JSON value, an element or nodes.
        text: the value as text.
        in_string: it stands within a string of JSON, where all becomes text.
    """
    if media == "text":
        return text
    if media == "xml":
        if isinstance(value, dict | list) and not _is_xml(value):
            return xml_of_json(value)
        return text if xml_of(text) is not None else escaped_for_xml(text)
    if in_string:
        return escaped_for_json(text)
    if value is None or (isinstance(value, bool | int | float | dict | list) and not _is_xml(value)):
        return dumps(value)
    if (converted := json_of_xml(text)) is not None:
        return converted
    return text if json_of(text) is not None else escaped_for_json(text, quote=True)


def _is_xml(value: Any) -> bool:
    return (
        isinstance(value, list) and bool(value) and isinstance(value[0], etree._Element | etree._ElementUnicodeResult)
    )


# -- templates


class Template(Protocol):
    """A template of a payload, compiled once and shared by all messages."""

    def filled(self, ctx: MessageContext, argument: Callable[[int], str]) -> str:
        """
        The payload as text.

        Args:
            argument: the text of ``<arg>`` number N, from 1; asked at most once for each.
        """


@dataclass(frozen=True, slots=True)
class _Inline:
    expression: SynapseExpression
    in_string: bool


class DefaultTemplate:
    """
    A template with ``$N`` and ``${...}``, cut at them once: what a message brings is not looked at again.

    Args:
        namespaces: for ``xpath()``, by prefix.

    Raises:
        ExpressionSyntaxError: what stands in ``${...}`` is no expression.
        NotRunnable: a function that this version does not have.
    """

    __slots__ = ("_media", "_parts")

    def __init__(self, text: str, media: MediaType, namespaces: Mapping[str, str]) -> None:
        self._media = media
        self._parts: list[str | int | _Inline] = []
        position, in_string = 0, False
        for start, end in expressions_in(text):
            in_string = self._add(text[position:start], in_string)
            source = text[start + 2 : end - 1]
            if media == "xml":
                source = unescape(source, _UNQUOTES)
            self._parts.append(_Inline(SynapseExpression(source, namespaces), in_string))
            position = end
        self._add(text[position:], in_string)

    def _add(self, text: str, in_string: bool) -> bool:
        """Add text and the ``$N`` in it; whether it ends within a string of JSON."""
        for index, part in enumerate(_PLACEHOLDER.split(text)):
            if index % 2:
                self._parts.append(int(part))
            elif part:
                self._parts.append(part)
        quotes = sum(match[0] == '"' for match in _JSON_QUOTE.finditer(text))
        return in_string ^ bool(quotes % 2)

    def filled(self, ctx: MessageContext, argument: Callable[[int], str]) -> str:
        arguments: dict[int, str] = {}
        written = []
        for part in self._parts:
            if isinstance(part, str):
                written.append(part)
            elif isinstance(part, int):
                if part not in arguments:
                    arguments[part] = argument(part)
                written.append(arguments[part])
            else:
                written.append(self._inline(part, ctx))
        return "".join(written)

    def _inline(self, part: _Inline, ctx: MessageContext) -> str:
        value, text = part.expression.value_and_text(ctx)
        return fitted(value, text, self._media, in_string=part.in_string)
