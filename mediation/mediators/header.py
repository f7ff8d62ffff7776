"""``<header>``: addresses, SOAP header blocks and transport headers."""

from __future__ import annotations

import copy
import dataclasses
import logging
from typing import Final, Literal

from lxml import etree

from mediation import grammar
from mediation.errors import GrammarError, MediationError, XmlError
from mediation.expressions import Expression
from mediation.grammar import Mediator, mediator
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.payloads.xml import parse_xml

ADDRESSING: Final = {
    "To": "to",
    "From": "from_",
    "Action": "action",
    "FaultTo": "fault_to",
    "ReplyTo": "reply_to",
    "RelatesTo": "relates_to",
}
"""Names that stand for a field of the message; no XML is written for them."""

logger = logging.getLogger(__name__)


@mediator("header")
class HeaderMediator(Mediator):
    """
    Set or remove an address of the message, a SOAP header block or a transport header.

    ::

        <header name="To" action="remove"/>
        <header name="Action" value="urn:getQuote"/>
        <header name="m:ticket" expression="$ctx:ticket" xmlns:m="http://services.samples"/>
        <header name="Accept" value="application/json" scope="transport"/>
        <header>
            <m:session xmlns:m="http://services.samples"><m:id>7</m:id></m:session>
        </header>

    In the ``default`` scope, ``name`` is ``To``, ``From``, ``Action``, ``ReplyTo``, ``FaultTo`` or ``RelatesTo``, or a
    name with a namespace prefix for a SOAP header block. Setting adds a block, ``remove`` takes all blocks of that name
    away. With ``type="OM"`` the value is XML that goes into the block. Without a name, the elements inside are the
    header blocks. ``scope="transport"`` is for HTTP headers. A message that has a SOAPAction header gets a new
    ``Action`` there, too.

    A value that is missing leaves the header empty, with a warning in the log.
    """

    name: str | None = grammar.attribute(None, name="name")
    value: str | None = grammar.attribute(None, name="value")
    expression: Expression | None = grammar.expression()
    scope: str = grammar.attribute("default", name="scope", choices=("default", "transport"))
    action: str = grammar.attribute("set", name="action", choices=("set", "remove"))
    type: str | None = grammar.attribute(None, name="type")
    element: etree._Element = grammar.xml()
    block: str | None = dataclasses.field(init=False, default=None)
    """``{namespace}name`` of the SOAP header block that ``name`` means."""

    def __post_init__(self) -> None:
        if self.name is None or self.scope == "transport" or self.name in ADDRESSING:
            return
        prefix, colon, local = self.name.partition(":")
        if not colon:
            raise GrammarError(
                f"Invalid SOAP header: {self.name} specified at the header mediator. "
                "All SOAP headers must be namespace qualified."
            )
        namespace = self.element.nsmap.get(prefix)
        if namespace is None:
            raise GrammarError(f"Invalid namespace prefix '{prefix}' in name attribute")
        try:
            block = etree.QName(namespace, local).text
        except ValueError as exc:
            raise GrammarError(f'<header> name "{self.name}" is not a name of XML') from exc
        object.__setattr__(self, "block", block)

    def check(self) -> None:
        if self.name is None:
            if self.scope == "transport" or self.action == "remove" or not self._contents():
                raise GrammarError("A valid name attribute is required for the header mediator")
        elif self.action == "set" and self.value is None and self.expression is None:
            raise GrammarError("A 'value' or 'expression' attribute is required for a [set] header mediator")

    def mediate(self, ctx: MessageContext) -> Literal[True]:
        if self.action == "remove":
            self._remove(ctx)
        elif self.name is None:
            _add_blocks(ctx.payload, [copy.deepcopy(child) for child in self._contents()])
        else:
            self._set(ctx, self.name, self._evaluated(ctx))
        return True

    def _contents(self) -> list[etree._Element]:
        return [child for child in grammar.elements(self.element) if grammar.local_name(child) != "description"]

    def _evaluated(self, ctx: MessageContext) -> str:
        if self.value is not None:
            return self.value
        value = None if self.expression is None else self.expression.string(ctx)
        if value is None:
            kind = "HTTP" if self.scope == "transport" else "SOAP"
            logger.warning("Setting %s header : %s to empty as evaluated value is null", kind, self.name)
            return ""
        return value

    def _set(self, ctx: MessageContext, name: str, value: str) -> None:
        if self.scope == "transport":
            ctx.headers.set(name, value)
        elif self.block is None:
            setattr(ctx, ADDRESSING[name], value)
            if name == "Action" and "SOAPAction" in ctx.headers:
                ctx.headers.set("SOAPAction", f'"{value}"')
        else:
            _add_blocks(ctx.payload, [self._new_block(value)])

    def _new_block(self, value: str) -> etree._Element:
        assert self.name is not None
        assert self.block is not None
        prefix = self.name.partition(":")[0]
        block = etree.Element(self.block, nsmap={prefix: self.element.nsmap[prefix]})
        try:
            if self.type == "OM":
                block.append(parse_xml(value))
            else:
                block.text = value
        except (XmlError, ValueError) as exc:
            raise MediationError(f"the value of the header {self.name} cannot be written as XML: {exc}") from exc
        return block

    def _remove(self, ctx: MessageContext) -> None:
        assert self.name is not None
        if self.scope == "transport":
            ctx.remove(self.name, "transport")
        elif self.block is None:
            setattr(ctx, ADDRESSING[self.name], None)
        else:
            _remove_blocks(ctx.payload, self.block)


def _add_blocks(payload: Payload, blocks: list[etree._Element]) -> None:
    header = payload.header
    if header is None:
        envelope = payload.envelope
        header = envelope.makeelement(f"{{{etree.QName(envelope).namespace}}}Header")
        envelope.insert(0, header)
    for block in blocks:
        block.tail = None
        header.append(block)
    _changed(payload)


def _remove_blocks(payload: Payload, tag: str) -> None:
    header = payload.header
    if header is None:
        return
    blocks = header.findall(tag)
    for block in blocks:
        header.remove(block)
    if blocks:
        _changed(payload)


def _changed(payload: Payload) -> None:
    # JSON, and a frame that is only carried, have no place for a SOAP header: it is there for mediators, and the body
    # leaves as it is.
    if not payload.is_json and payload.content_type is not None:
        payload.changed()
