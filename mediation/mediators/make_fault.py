"""``<makefault>``: make the message a fault."""

from __future__ import annotations

import copy
from typing import Final, Literal

from lxml import etree

from mediation import grammar
from mediation.errors import GrammarError, MediationError
from mediation.expressions import Expression
from mediation.grammar import Mediator, Node, mediator, node
from mediation.message import MessageContext
from mediation.payloads.soap import SoapVersion, empty_envelope
from mediation.payloads.xml import SOAP11_NS, SOAP12_NS

CODES: Final = {
    "soap11": ("VersionMismatch", "MustUnderstand", "Client", "Server"),
    "soap12": ("VersionMismatch", "MustUnderstand", "DataEncodingUnknown", "Sender", "Receiver"),
}
NAMESPACES: Final = {"soap11": SOAP11_NS, "soap12": SOAP12_NS}


class TextOrExpression(Node):
    """An element with a ``value`` or an ``expression``."""

    __slots__ = ()

    value: str | None
    expression: Expression | None

    def check(self) -> None:
        if self.value is None and self.expression is None:
            raise GrammarError(f'<{self.tag}> of <makefault> needs the attribute "value" or "expression"')

    def string(self, ctx: MessageContext) -> str:
        if self.expression is None:
            return self.value or ""
        return self.expression.string(ctx) or ""


@node("code")
class FaultCode(TextOrExpression):
    """``prefix:name`` with the prefix of the SOAP version's namespace."""

    value: str | None = grammar.attribute(None, name="value")
    expression: Expression | None = grammar.expression(plain=True)
    element: etree._Element = grammar.xml()

    def name(self, ctx: MessageContext, version: SoapVersion) -> etree.QName:
        """
        Raises:
            MediationError: it is no fault code of that version of SOAP.
        """
        text = self.string(ctx)
        problem = self.problem(text, version)
        if problem is not None:
            raise MediationError(f"makefault: {problem}")
        return etree.QName(self.element.nsmap[text.partition(":")[0]], text.partition(":")[2])

    def problem(self, text: str, version: SoapVersion) -> str | None:
        """What is wrong with a fault code; ``None`` if it is right."""
        prefix, _, local = text.partition(":")
        if self.element.nsmap.get(prefix) != NAMESPACES[version]:
            return f'the prefix of the fault code "{text}" does not stand for {NAMESPACES[version]}'
        if local not in CODES[version]:
            return f'the fault code "{local}" is not one of {", ".join(CODES[version])}'
        return None


@node("reason")
class FaultReason(TextOrExpression):
    """The text for people."""

    value: str | None = grammar.attribute(None, name="value")
    expression: Expression | None = grammar.expression(plain=True)


@node("detail")
class FaultDetail(Node):
    """More about the failure: text, elements, or what an expression gives."""

    expression: Expression | None = grammar.expression(plain=True)
    element: etree._Element = grammar.xml()

    def fill(self, target: etree._Element, ctx: MessageContext) -> None:
        if self.expression is not None:
            found = self.expression.value(ctx)
            nodes = found if isinstance(found, list) else []
            elements = [part for part in nodes if isinstance(part, etree._Element)]
            if not elements:
                target.text = self.expression.string(ctx) or ""
        else:
            elements = list(grammar.elements(self.element))
            if not elements:
                target.text = self.element.text
        for part in elements:
            part = copy.deepcopy(part)
            part.tail = None
            target.append(part)


@node("role")
class FaultText(Node):
    """The URI of a node or role."""

    text: str | None = grammar.text()


@mediator("makefault")
class MakeFaultMediator(Mediator):
    """
    Replace the body by a fault, and make the message a response.

    ::

        <makefault version="soap11">
            <code value="soap11Env:Server" xmlns:soap11Env="http://schemas.xmlsoap.org/soap/envelope/"/>
            <reason expression="get-property('ERROR_MESSAGE')"/>
            <role>urn:gateway</role>
        </makefault>
        <send/>

    ``version`` is ``soap11``, ``soap12`` or ``pox``; for the last one the body becomes an ``<Exception>`` with the
    detail or reason. Without it the namespace of the code's prefix decides, and SOAP 1.1 if that says nothing. The
    message is addressed to its ``FaultTo``, else ``ReplyTo`` address. With ``response="false"`` it stays a request. An
    HTTP client gets the fault with status 500, unless a sequence sets ``HTTP_SC``.
    """

    declared_version: SoapVersion | None = grammar.attribute(None, name="version", choices=("soap11", "soap12", "pox"))
    response: bool | None = grammar.attribute(None, name="response", convert=grammar.boolean)
    code: FaultCode | None = grammar.child("code", FaultCode)
    reason: FaultReason | None = grammar.child("reason", FaultReason)
    node_uri: FaultText | None = grammar.child("node", FaultText)
    role: FaultText | None = grammar.child("role", FaultText)
    detail: FaultDetail | None = grammar.child("detail", FaultDetail)

    @property
    def version(self) -> SoapVersion:
        if self.declared_version is not None:
            return self.declared_version
        prefix = (self.code.value or "").partition(":")[0] if self.code is not None else ""
        is_soap12 = self.code is not None and self.code.element.nsmap.get(prefix) == SOAP12_NS
        return "soap12" if is_soap12 else "soap11"

    def check(self) -> None:
        if self.version == "pox":
            return
        if self.code is None or self.reason is None:
            missing = "code" if self.code is None else "reason"
            raise GrammarError(f"<makefault> of version {self.version} needs a child <{missing}>")
        if self.code.value is not None:
            problem = self.code.problem(self.code.value, self.version)
            if problem is not None:
                raise GrammarError(problem, self.code.line)

    def mediate(self, ctx: MessageContext) -> Literal[True]:
        if self.version == "pox":
            exception = etree.Element("Exception")
            exception.text = self._plain_text(ctx)
            ctx.payload.replace_body(exception)
        else:
            ctx.payload.replace_envelope(self._envelope(ctx, self.version))
        ctx.to = ctx.fault_to or ctx.reply_to
        ctx.relates_to = ctx.message_id
        if self.response is not False:
            ctx.is_response = True
            ctx.to = ctx.reply_to
        return True

    def _plain_text(self, ctx: MessageContext) -> str:
        if self.detail is not None:
            holder = etree.Element("detail")
            self.detail.fill(holder, ctx)
            return "".join(str(text) for text in holder.itertext())
        return self.reason.string(ctx) if self.reason is not None else ""

    def _envelope(self, ctx: MessageContext, version: Literal["soap11", "soap12"]) -> etree._Element:
        assert self.code is not None, "checked"
        assert self.reason is not None, "checked"
        namespace = NAMESPACES[version]
        name = self.code.name(ctx, version)
        reason = self.reason.string(ctx)
        envelope = empty_envelope(namespace)
        header = ctx.payload.header
        if header is not None and len(header):
            kept = etree.Element(f"{{{namespace}}}Header")
            kept.extend(copy.deepcopy(part) for part in grammar.elements(header))
            envelope.insert(0, kept)
        fault = etree.SubElement(envelope[-1], f"{{{namespace}}}Fault", nsmap=self._code_prefix(ctx))
        if version == "soap11":
            self._soap11(fault, name, reason, ctx)
        else:
            self._soap12(fault, name, reason, ctx)
        return envelope

    def _code_prefix(self, ctx: MessageContext) -> dict[str, str]:
        """The code is text that names a prefix, so the fault declares it as the configuration spelled it."""
        assert self.code is not None, "checked"
        prefix = self.code.string(ctx).partition(":")[0]
        return {prefix: str(self.code.element.nsmap[prefix])}

    def _soap11(self, fault: etree._Element, name: etree.QName, reason: str, ctx: MessageContext) -> None:
        # Parts of a SOAP 1.1 fault are in no namespace (SOAP 1.1, 4.4).
        etree.SubElement(fault, "faultcode").text = self._qualified(fault, name)
        etree.SubElement(fault, "faultstring").text = reason
        actor = self.role or self.node_uri
        if actor is not None and actor.text:
            etree.SubElement(fault, "faultactor").text = actor.text.strip()
        if self.detail is not None:
            self.detail.fill(etree.SubElement(fault, "detail"), ctx)

    def _soap12(self, fault: etree._Element, name: etree.QName, reason: str, ctx: MessageContext) -> None:
        def part(parent: etree._Element, tag: str) -> etree._Element:
            return etree.SubElement(parent, f"{{{SOAP12_NS}}}{tag}")

        part(part(fault, "Code"), "Value").text = self._qualified(fault, name)
        text = part(part(fault, "Reason"), "Text")
        text.text = reason
        text.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
        for tag, uri in (("Node", self.node_uri), ("Role", self.role)):
            if uri is not None and uri.text:
                part(fault, tag).text = uri.text.strip()
        if self.detail is not None:
            self.detail.fill(part(fault, "Detail"), ctx)

    def _qualified(self, fault: etree._Element, name: etree.QName) -> str:
        prefixes = [prefix for prefix, uri in fault.nsmap.items() if uri == name.namespace and prefix]
        own = [prefix for prefix in prefixes if prefix != "soapenv"]
        return f"{(own or prefixes)[0]}:{name.localname}"
