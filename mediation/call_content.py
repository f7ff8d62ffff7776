"""``<source>`` and ``<target>`` of ``<call>``: what is sent instead of the body, and where the answer goes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from mediation import grammar
from mediation.errors import GrammarError, MediationError, PayloadError, XmlError
from mediation.expressions import Expression
from mediation.grammar import Node, Rule, node
from mediation.payload_template import DefaultTemplate, MediaType, json_of
from mediation.payloads import media_types
from mediation.payloads.json_text import dumps, loads
from mediation.payloads.nodes import own_copy
from mediation.payloads.soap import envelope_version
from mediation.payloads.xml import PAYLOAD_NS, parse_xml, to_text, whole_text
from mediation.properties import MESSAGE_TYPE

if TYPE_CHECKING:
    from mediation.compiler import Compiler
    from mediation.message import MessageContext
    from mediation.transports import Answer

_WRAPPERS: Final = (f"{{{PAYLOAD_NS}}}text", f"{{{PAYLOAD_NS}}}binary")


class _Content(Rule):
    """What the element holds, by its ``type``: an expression, the name of a property, a template, or nothing."""

    takes_text = True
    takes_all_children = True

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> Any:
        kind = element.get("type", "custom")
        text = (element.text or "").strip()
        if kind == "body":
            return None
        if kind == "inline":
            child = next(grammar.elements(element), None)
            content = text if child is None else to_text(child)
            return DefaultTemplate(content, _notation(content, element), grammar.namespaces_of(element))
        if not text:
            raise GrammarError.missing(
                "source", "an expression" if kind == "custom" else "the name of a property", None
            )
        return compiler.expression(text, element) if kind == "custom" else text


def _notation(content: str, element: etree._Element) -> MediaType:
    media = media_types.media_type(element.get("contentType"))
    if media_types.is_json_type(media) or (media is None and content[:1] in ("{", "[")):
        return "json"
    return "xml" if media_types.is_xml_type(media) or (media is None and content[:1] == "<") else "text"


@node("source")
class CallSource(Node):
    """What is sent instead of the body."""

    type: str = grammar.attribute("custom", name="type", choices=("custom", "property", "inline", "body"))
    content_type: str | None = grammar.attribute(None, name="contentType")
    content: Expression | DefaultTemplate | str | None = dataclasses.field(metadata={"rule": _Content()})

    def place(self, ctx: MessageContext) -> None:
        """
        Make it the body of the message.

        Raises:
            MediationError: there is nothing to send, or it is not what its content type says.
        """
        if self.content is None:
            if self.content_type is not None:
                ctx.set(MESSAGE_TYPE, self.content_type, "axis2")
            return
        payload = ctx.payload.copy()
        ctx.payload = payload
        value = self._value(ctx)
        if isinstance(value, list) and value and isinstance(value[0], etree._Element):
            value = value[0]
        if value is None:
            raise MediationError("the source of <call> has no value")
        media = media_types.media_type(self.content_type)
        try:
            if isinstance(value, etree._Element):
                default = _place_xml(payload, own_copy(value))
            else:
                default = _place_text(payload, value, media)
        except (PayloadError, XmlError) as exc:
            raise MediationError(f"the source of <call> is not {media or 'XML'}: {exc}") from exc
        ctx.set(MESSAGE_TYPE, self.content_type or default, "axis2")

    def _value(self, ctx: MessageContext) -> Any:
        if isinstance(self.content, DefaultTemplate):
            return self.content.filled(ctx, lambda number: f"${number}")
        if isinstance(self.content, str):
            return ctx.get(self.content)
        assert self.content is not None
        return self.content.value(ctx)


def _place_xml(payload: Any, element: etree._Element) -> str:
    if envelope_version(element) is not None:
        payload.replace_envelope(element)
    else:
        payload.replace_body(element)
    came_as = payload.media_type
    return came_as if came_as in (media_types.TEXT_XML, media_types.SOAP12) else media_types.XML


def _place_text(payload: Any, value: Any, media: str | None) -> str:
    if media_types.is_json_type(media) or not isinstance(value, str):
        payload.replace_json(value)
        return media_types.JSON
    if media is None and json_of(value) is not None:
        payload.replace_json(value)
        return media_types.JSON
    if media_types.is_xml_type(media) or (media is None and value.lstrip()[:1] == "<"):
        return _place_xml(payload, parse_xml(value))
    payload.replace_text(value)
    return media_types.TEXT


@node("target")
class CallTarget(Node):
    """Where the answer goes."""

    type: str = grammar.attribute("body", name="type", choices=("body", "property", "variable"))
    text: str | None = grammar.text()

    @property
    def name(self) -> str:
        return (self.text or "").strip()

    @property
    def keeps_message(self) -> bool:
        """Whether the message stays what it was before the call."""
        return self.type != "body"

    def check(self) -> None:
        if self.keeps_message and not self.name:
            raise GrammarError.missing("target", f"the name of a {self.type}", None)

    def take(self, answer: Answer, ctx: MessageContext) -> None:
        """
        Store the answer.

        Raises:
            PayloadError: its body is not what its content type says.
        """
        content = _content(answer)
        if self.type == "property":
            is_json = isinstance(content, dict | list | bool | int | float)
            ctx.properties[self.name] = dumps(content) if is_json else content
        else:
            ctx.variables[self.name] = {
                "payload": content,
                "headers": HeaderValues(answer.headers.items()),
                "attributes": {"statusCode": answer.status, "reasonPhrase": answer.reason},
            }


class HeaderValues(dict[str, str]):
    """Headers of an answer as they came, found whatever the case of their names."""

    def get(self, name: str, default: Any = None) -> Any:
        return next((value for key, value in self.items() if key.lower() == name.lower()), default)


def _content(answer: Answer) -> Any:
    """The body of the answer: a JSON value, a text, or an element."""
    payload = answer.payload
    if payload.is_json:
        return loads(payload.json_text())
    element = payload.first_child
    if element is None:
        return ""
    return whole_text(element) if element.tag in _WRAPPERS else own_copy(element)


class Saved:
    """A message's body, headers and axis2 properties, to be put back after a call."""

    __slots__ = ("_axis2", "_headers", "_payload", "_to")

    def __init__(self, ctx: MessageContext) -> None:
        self._payload = ctx.payload
        self._headers = ctx.headers.copy()
        self._axis2 = dict(ctx.axis2)
        self._to = ctx.to

    def restore(self, ctx: MessageContext) -> None:
        ctx.payload, ctx.headers, ctx.axis2, ctx.to = self._payload, self._headers, self._axis2, self._to
