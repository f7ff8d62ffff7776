"""``<log>``: write a line about the message to the log."""

from __future__ import annotations

import logging
from typing import Final, Literal

from lxml import etree

from mediation import grammar
from mediation.errors import GrammarError
from mediation.expressions import Expression, InlineTemplate
from mediation.grammar import Mediator, Node, mediator, node
from mediation.log_text import one_line
from mediation.message import MessageContext
from mediation.payloads.xml import to_text
from mediation.properties import CORRELATION_ID

logger = logging.getLogger(__name__)

LEVELS: Final = ("simple", "headers", "full", "custom")

CATEGORIES: Final = {
    "INFO": logging.INFO,
    "TRACE": logging.DEBUG,
    "DEBUG": logging.DEBUG,
    "WARN": logging.WARNING,
    "ERROR": logging.ERROR,
    "FATAL": logging.CRITICAL,
}

_DECLARATION: Final = "<?xml version='1.0' encoding='utf-8'?>"
_EMPTY_ENVELOPE: Final = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body/></soapenv:Envelope>'
)


def _category(text: str) -> int:
    category = CATEGORIES.get(text.strip().upper())
    if category is None:
        raise GrammarError(
            "Invalid log category. Category has to be one of the following : INFO, TRACE, DEBUG, WARN, ERROR, FATAL"
        )
    return category


def _unescaped(text: str) -> str:
    return text.replace("\\n", "\n").replace("\\t", "\t")


@node("property")
class LogProperty(Node):
    """A ``name = value`` of the line."""

    name: str = grammar.attribute(name="name")
    value: str | None = grammar.attribute(None, name="value")
    expression: Expression | None = grammar.expression()

    def check(self) -> None:
        if not self.name.strip():
            raise GrammarError("Entry name is a required attribute for a Log property")
        if self.value is None and self.expression is None:
            raise GrammarError("Entry attribute value OR expression must be specified for a mediator property")
        if self.value is not None and not self.value.strip():
            raise GrammarError("Entry attribute value (if specified) is required for a Log property")

    def text(self, ctx: MessageContext) -> str:
        if self.value is not None:
            return f"{self.name} = {self.value}"
        assert self.expression is not None
        value = self.expression.string(ctx)
        return f"{self.name} = {'null' if value is None else one_line(value)}"


@node("message")
class LogMessage(Node):
    """Text that begins the line, with ``${...}`` in it."""

    text: InlineTemplate = grammar.template(_unescaped)


@mediator("log")
class LogMediator(Mediator):
    """
    Write one line about the message to the log.

    ::

        <log level="full"/>
        <log level="custom" category="WARN">
            <property name="symbol" expression="//m:symbol" xmlns:m="http://services.samples"/>
        </log>
        <log><message>Order ${payload.order.id} received</message></log>

    ``level`` is ``simple`` (addresses, action, id and direction), ``headers`` (the SOAP header blocks), ``full``
    (``simple`` and the body) or ``custom`` (the properties only). It is ``custom`` by default if there is a
    ``<message>``, else ``simple``. The message comes first, properties after what the level gives, the body last. A
    property without a value prints ``null``. ``separator`` stands between the parts; in it and in the message, ``\\n``
    and ``\\t`` mean a line break and a tab.

    ``category`` is ``TRACE``, ``DEBUG``, ``INFO``, ``WARN``, ``ERROR`` or ``FATAL``: the levels DEBUG, DEBUG, INFO,
    WARNING, ERROR and CRITICAL of the Python logger ``mediation.mediators.log``. Nothing is evaluated for a level that
    is switched off. ``logMessageID`` begins a custom line with the id of the message, ``logFullPayload`` ends any line
    with the body.

    The body is JSON text or the SOAP envelope. A WebSocket frame that nobody gave a content type is only carried: its
    line shows an empty envelope, and it is not parsed. Whatever came with the message stays on one line and cannot
    control a terminal (``docs/compatibility.md``, log lines), and of a value longer than 65,536 characters the rest is
    only counted.
    """

    level: str | None = grammar.attribute(None, name="level", choices=LEVELS)
    category: int = grammar.attribute(logging.INFO, name="category", convert=_category)
    separator: str = grammar.attribute(", ", name="separator", convert=_unescaped)
    log_full_payload: bool = grammar.attribute(False, name="logFullPayload", convert=grammar.boolean)
    log_message_id: bool = grammar.attribute(False, name="logMessageID", convert=grammar.boolean)
    message: LogMessage | None = grammar.child("message", LogMessage)
    properties: tuple[LogProperty, ...] = grammar.children("property", LogProperty)

    def mediate(self, ctx: MessageContext) -> Literal[True]:
        if logger.isEnabledFor(self.category):
            logger.log(self.category, "%s", self.separator.join(self._parts(ctx)))
        return True

    def _parts(self, ctx: MessageContext) -> list[str]:
        level = self.level or ("simple" if self.message is None else "custom")
        text = "" if self.message is None else self.message.text.render(ctx, one_line)
        parts = [text] if text else []
        if level == "headers":
            parts = _headers(ctx, text)
        elif level != "custom":
            parts += _simple(ctx)
        elif self.log_message_id:
            parts = [f"MessageID: {one_line(ctx.message_id)}", *_correlation_id(ctx, "correlation_id: "), *parts]
        parts += [property_.text(ctx) for property_ in self.properties]
        if level == "full" or self.log_full_payload:
            parts.append(_body(ctx))
        return parts


def _simple(ctx: MessageContext) -> list[str]:
    # The originals keep one action, and print it under both names.
    named = (
        ("From", ctx.from_),
        ("WSAction", ctx.action),
        ("SOAPAction", ctx.action),
        ("ReplyTo", ctx.reply_to),
        ("MessageID", ctx.message_id),
    )
    return [
        f"To: {one_line(ctx.to or '')}",
        *(f"{name}: {one_line(value)}" for name, value in named if value is not None),
        *_correlation_id(ctx, "correlation_id: "),
        f"Direction: {'response' if ctx.is_response else 'request'}",
    ]


def _headers(ctx: MessageContext, text: str) -> list[str]:
    # The blank and the missing separator before the correlation id are the originals'.
    start = text + "".join(_correlation_id(ctx, " correlation_id : "))
    header = None if _is_only_carried(ctx) else ctx.payload.header
    blocks = () if header is None else grammar.elements(header)
    return [*([start] if start else []), *(f"{etree.QName(block).localname} : {_text(block)}" for block in blocks)]


def _text(element: etree._Element) -> str:
    return one_line((element.text or "") + "".join(child.tail or "" for child in element))


def _correlation_id(ctx: MessageContext, label: str) -> list[str]:
    value = ctx.get(CORRELATION_ID, "axis2")
    return [] if value is None else [f"{label}{one_line(str(value))}"]


def _body(ctx: MessageContext) -> str:
    if ctx.payload.is_json:
        return f"Payload: {one_line(ctx.payload.json_text())}"
    envelope = _EMPTY_ENVELOPE if _is_only_carried(ctx) else one_line(to_text(ctx.payload.envelope))
    return f"Envelope: {_DECLARATION}{envelope}"


def _is_only_carried(ctx: MessageContext) -> bool:
    return ctx.payload.content_type is None and not ctx.payload.is_built
