"""``<payloadFactory>``: make a new body from a template."""

from __future__ import annotations

import dataclasses
import functools
import logging
from typing import TYPE_CHECKING, Final, Literal

from lxml import etree

from mediation import grammar
from mediation.errors import ConfigurationError, GrammarError, MediationError, PayloadError, XmlError
from mediation.expressions import Expression, Value
from mediation.freemarker import FreemarkerTemplate
from mediation.grammar import Mediator, Node, Rule, mediator, namespaces_of, node
from mediation.message import MessageContext
from mediation.payload_template import (
    DefaultTemplate,
    MediaType,
    Template,
    escaped_for_json,
    escaped_for_xml,
    json_of,
    json_of_xml,
    xml_of,
    xml_of_json,
)
from mediation.payloads import Payload, media_types
from mediation.payloads.soap import envelope_version
from mediation.payloads.xml import parse_xml, to_text
from mediation.properties import MESSAGE_TYPE, NO_ENTITY_BODY, QUOTE_STRINGS, is_true

if TYPE_CHECKING:
    from mediation.compiler import Compiler

FREEMARKER: Final = "freemarker"

logger = logging.getLogger(__name__)


# -- arguments


class ArgumentExpression(Rule):
    """An expression attribute: JSONPath with ``evaluator="json"``, in ``json-eval()`` or bare, else XPath."""

    attributes = ("expression",)

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> Expression | None:
        text = element.get("expression")
        if text is None:
            return None
        if not text.strip():
            raise GrammarError("Attribute value for xpath cannot be empty")
        grammar.refuse_synapse_expression(text, "use it in the <format> itself")
        if element.get("evaluator") == "json" and not text.startswith("json-eval("):
            text = f"json-eval({text})"
        return compiler.expression(text, element)


@node("arg")
class Argument(Node):
    """What replaces ``$1``, ``$2``, ...: text or the value of an expression."""

    value: str | None = grammar.attribute(None, name="value")
    expression: Expression | None = dataclasses.field(metadata={"rule": ArgumentExpression()})
    evaluator: str = grammar.attribute("xml", name="evaluator")
    literal: bool = grammar.attribute(False, name="literal", convert=grammar.boolean)

    def check(self) -> None:
        if self.value is None and self.expression is None:
            raise GrammarError("Unsupported arg type. value or expression attribute required")

    def replacement(self, factory: PayloadFactoryMediator, ctx: MessageContext) -> str:
        """The text to put into the template, converted to the notation that the template is in."""
        if self.value is not None:
            # The originals escape these for XML whatever the template is in.
            text = self.value if xml_of(self.value) is not None else escaped_for_xml(self.value)
        else:
            assert self.expression is not None
            text = self.expression.string(ctx) or ""
        if factory.media_type == "xml":
            return text if self.value is not None else self._in_xml(text)
        if factory.media_type == "json":
            return self._in_json(text, is_true(ctx.get(QUOTE_STRINGS)))
        return text

    def _in_xml(self, text: str) -> str:
        if xml_of(text) is not None:
            return text
        if self.evaluator == "json" and not self.literal and (value := json_of(text)) is not None:
            return xml_of_json(value)
        return escaped_for_xml(text)

    def _in_json(self, text: str, quote: bool) -> str:
        if not self.literal:
            if self.evaluator != "json" and (converted := json_of_xml(text)) is not None:
                return converted
            if json_of(text) is not None:
                return text
        return escaped_for_json(text, quote=quote)


# -- templates


@node("format")
class Format(Node):
    """The template: XML or text inside, or the key of a local entry that holds it."""

    key: Value | None = grammar.value("key", refers="localEntry")
    element: etree._Element = grammar.xml()


@node("args")
class Arguments(Node):
    """The arguments, in the order of their numbers."""

    arguments: tuple[Argument, ...] = grammar.children("arg", Argument)


def _template_text(content: etree._Element) -> str:
    """An element as the text of a template, without what only indents it."""
    element = parse_xml(to_text(content))
    for part in element.iter():
        if isinstance(part.tag, str) and not (part.text or "").strip():
            part.text = None
        if not (part.tail or "").strip():
            part.tail = None
    return to_text(element)


@functools.lru_cache(maxsize=128)
def _stored_template(content: str | etree._Element, media: MediaType) -> Template:
    """The template in a local entry, compiled when a message first needs it."""
    if isinstance(content, str):
        return DefaultTemplate(content, media, {})
    return DefaultTemplate(_template_text(content), media, namespaces_of(content))


@functools.lru_cache(maxsize=128)
def _stored_freemarker(content: str | etree._Element, arguments: int) -> Template:
    is_text = isinstance(content, str)
    text = content if isinstance(content, str) else _template_text(content)
    return FreemarkerTemplate(text, arguments, from_xml=not is_text)


def _line_in(element: etree._Element, line: int | None) -> int | None:
    """The line in the artifact of a line in the element's text."""
    return element.sourceline if line is None or element.sourceline is None else element.sourceline + line - 1


def _template_type(text: str) -> str:
    lowered = text.strip().lower()
    if lowered not in ("default", FREEMARKER):
        raise ValueError(f"is not one of default, {FREEMARKER}")
    return lowered


def _own_text(element: etree._Element) -> str:
    return (element.text or "") + "".join(child.tail or "" for child in element)


@mediator("payloadFactory")
class PayloadFactoryMediator(Mediator):
    """
    Replace the body of the message by a template with ``$1``, ``$2``, ... filled in.

    ::

        <payloadFactory media-type="json">
            <format>{"symbol": "$1", "count": $2}</format>
            <args>
                <arg expression="//m:symbol" xmlns:m="http://services.samples"/>
                <arg evaluator="json" expression="$.order.count"/>
            </args>
        </payloadFactory>

    ``media-type`` is ``xml``, ``json`` or ``text``; the message gets the content type that goes with it
    (``application/xml``, unless it is some XML already). XML replaces the content of the SOAP Body, or the whole
    envelope if the template is one. The template may lie in a local entry: ``<format key="order-template"/>``.

    An ``<arg>`` is a ``value``, which is escaped for XML unless it is XML, or an ``expression``: XPath, or JSONPath
    with ``evaluator="json"``. What an expression gives takes the form of the template: XML becomes JSON in a JSON
    template, a JSON object or array becomes XML in an XML template, and other text is escaped. A string in a JSON
    template needs its quotes there, unless the property ``QUOTE_STRING_IN_PAYLOAD_FACTORY_JSON`` is true.
    ``literal="true"`` only escapes. ``escapeXmlChars`` escapes the control
    characters of a JSON argument.

    ``${...}`` in the template are synapse expressions, which need no ``<arg>``: within quotes of a JSON template they
    give text, elsewhere the JSON value; in an XML template XML stays XML and JSON becomes XML.

    With ``template-type="freemarker"`` the template is one of FreeMarker, with ``${payload.order.id}``, ``<#if>``,
    ``<#list>`` and so on, over ``payload``, ``args.arg1``, ``ctx``, ``axis2``, ``trp`` and ``vars``
    (``docs/compatibility.md``, FreeMarker).

    A number without an argument stays as it is, with an error in the log. A result that is not XML, or does not begin
    like JSON, is a fault; JSON with a mistake further on is sent as it is, with a warning in the log
    (``docs/compatibility.md``, payload factory).
    """

    media_type: MediaType = grammar.attribute("xml", name="media-type", choices=("xml", "json", "text"))
    template_type: str = grammar.attribute("default", name="template-type", convert=_template_type)
    escape_xml_chars: bool = grammar.attribute(False, name="escapeXmlChars", convert=grammar.boolean)
    format: Format | None = grammar.child("format", Format)
    args: Arguments | None = grammar.child("args", Arguments)
    template: Template | None = dataclasses.field(init=False, default=None)
    """The template, unless it lies in a local entry."""

    def __post_init__(self) -> None:
        if self.format is not None and self.format.key is None:
            object.__setattr__(self, "template", self._inline(self.format.element))

    def _inline(self, element: etree._Element) -> Template:
        content = next(element.iterchildren("*"), None) if self.media_type == "xml" else None
        text = _own_text(element) if content is None else _template_text(content)
        if not text.strip() and self.media_type == "xml":
            raise GrammarError.missing("format", "an element or text", element.sourceline)
        if self.template_type == FREEMARKER:
            try:
                return FreemarkerTemplate(text, self._argument_count, from_xml=content is not None)
            except ConfigurationError as exc:
                exc.line = _line_in(element, exc.line)
                raise
        return DefaultTemplate(text, self.media_type, namespaces_of(element if content is None else content))

    @property
    def _argument_count(self) -> int:
        return 0 if self.args is None else len(self.args.arguments)

    def check(self) -> None:
        if self.format is None:
            raise GrammarError("format element of payloadFactoryMediator is required")

    def mediate(self, ctx: MessageContext) -> Literal[True]:
        template = self._stored(ctx) if self.template is None else self.template
        out = template.filled(ctx, lambda number: self._replacement(number, ctx)).strip()
        if self.media_type == "xml":
            _replace_xml(ctx, out)
        elif self.media_type == "json":
            _replace_json(ctx, out)
        else:
            ctx.payload.replace_text(out)
            ctx.set(MESSAGE_TYPE, media_types.TEXT, "axis2")
        ctx.remove(NO_ENTITY_BODY, "axis2")
        return True

    def _stored(self, ctx: MessageContext) -> Template:
        assert self.format is not None
        assert self.format.key is not None
        key = self.format.key.string(ctx) or ""
        entry = ctx.environment.local_entry(key)
        if entry is None:
            raise MediationError(f"Key {key} not found")
        try:
            if self.template_type == FREEMARKER:
                return _stored_freemarker(entry.value, self._argument_count)
            return _stored_template(entry.value, self.media_type)
        except ConfigurationError as exc:
            raise MediationError(f"the template {key}: {exc}") from exc

    def _replacement(self, number: int, ctx: MessageContext) -> str:
        arguments = () if self.args is None else self.args.arguments
        if not 1 <= number <= len(arguments):
            logger.error("#replace. Mis-match detected between number of formatters and arguments: $%d", number)
            return f"${number}"
        return arguments[number - 1].replacement(self, ctx)


def _replace_xml(ctx: MessageContext, out: str) -> None:
    payload = ctx.payload
    came_as = ctx.get(MESSAGE_TYPE, "axis2") or payload.media_type
    try:
        root = parse_xml(f"<pfPadding>{out}</pfPadding>")
        element = next(root.iterchildren("*"))
    except (XmlError, StopIteration) as exc:
        raise MediationError(f"Error creating SOAP Envelope from source {_excerpt(out)}") from exc
    root.remove(element)
    if envelope_version(element) is None:
        payload.replace_body(element)
    else:
        payload.replace_envelope(element)
    if came_as not in (media_types.XML, media_types.TEXT_XML, media_types.SOAP12):
        ctx.set(MESSAGE_TYPE, media_types.XML, "axis2")


def _replace_json(ctx: MessageContext, out: str) -> None:
    try:
        ctx.payload.replace_json(out)
    except PayloadError as exc:
        if out[:1] not in ("{", "["):
            raise MediationError(f"Error creating JSON Payload from source {_excerpt(out)}") from exc
        # The originals look at the first character only, and configurations rely on what gets through.
        logger.warning("the JSON body that <payloadFactory> made is sent as it is, but %s", exc)
        ctx.payload = Payload(out, media_types.JSON)
    ctx.set(MESSAGE_TYPE, media_types.JSON, "axis2")


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 1000 else f"{line[:1000]}..."
