"""What the endpoints that talk to one back-end share: delivery, time-outs, suspension."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import mediation.transports.http
import mediation.transports.websocket.sender  # noqa: F401  (these register themselves by scheme)
from mediation import grammar
from mediation.endpoints.addressing import is_soap, with_addressing
from mediation.endpoints.settings import Settings
from mediation.endpoints.suspension import ACTIVE, State, Suspension
from mediation.endpoints.timeout import DROPPED, TimeoutAction, expire
from mediation.errors import (
    AuthenticationFailed,
    EndpointError,
    EndpointNotReady,
    GrammarError,
    InvalidAddress,
    InvalidHandshakeResponse,
    LoopDetected,
    MediationError,
    PayloadError,
    SendTimeout,
    SoapFaultReceived,
    XmlError,
)
from mediation.expressions import Expression
from mediation.grammar import Node, node
from mediation.message import MessageContext
from mediation.payloads.media_types import SOAP12, TEXT_XML
from mediation.payloads.soap import fault_reason
from mediation.properties import FORCE_ERROR_ON_SOAP_FAULT, is_true
from mediation.transports import Answer, SendOptions, Transport, scheme_of, transport_for
from mediation.transports.addresses import ADDRESSES, without_user
from mediation.typed_values import EVALUATED, LITERAL

NOT_READY: Final = {
    "Address": ("Currently , Address endpoint", 303001),
    "HTTP": ("Currently, HTTP endpoint", 303001),
    "Default": ("Currently , Default endpoint", 303001),
    "WSDL": ("Currently , WSDL endpoint", 303002),
}


@node("property")
class EndpointProperty(Node):
    """A property that is set on each message just before it is sent."""

    name: str = grammar.attribute(name="name")
    value: str | None = grammar.attribute(None, name="value")
    expression: Expression | None = grammar.expression()
    scope: str = grammar.attribute("default", name="scope", choices=("default", "axis2", "transport", "axis2-client"))
    type: str = grammar.attribute("STRING", name="type", choices=tuple(LITERAL))

    def check(self) -> None:
        if self.value is None and self.expression is None:
            raise GrammarError('<property> of an endpoint needs the attribute "value" or "expression"')
        if self.value is not None:
            try:
                LITERAL[self.type](self.value)
            except (ValueError, XmlError, PayloadError) as exc:
                raise GrammarError(f'<property> value "{self.value}" is not of the type {self.type}: {exc}') from exc

    def apply(self, ctx: MessageContext) -> None:
        """
        Raises:
            MediationError: the value is not of the type.
        """
        text = self.value if self.expression is None else self.expression.string(ctx)
        if text is None or self.type == "STRING":
            ctx.set(self.name, text, self.scope)
            return
        try:
            ctx.set(self.name, EVALUATED[self.type](text), self.scope)
        except (ValueError, OverflowError, XmlError) as exc:
            raise MediationError(f'"{text}" of the property {self.name} is not of the type {self.type}') from exc


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Leaf:
    """
    One back-end: an ``<endpoint>`` with a single address.

    Subclasses say how the address comes about. The suspension state belongs to the instance, so it lasts as long as
    the artifact is not changed.
    """

    name: str
    kind: str
    settings: Settings
    suspension: Suspension
    properties: tuple[EndpointProperty, ...]

    @property
    def is_named_by_messages(self) -> bool:
        """Whether a message may say which host it goes to."""
        return False

    @property
    def address_text(self) -> str:
        """The address as it was configured, for people."""
        raise NotImplementedError

    def uri(self, ctx: MessageContext) -> str:
        """
        The address for this message.

        Raises:
            EndpointError: there is none.
        """
        raise NotImplementedError

    def is_ready(self, ctx: MessageContext) -> bool:
        return self.suspension.is_ready()

    def leaves(self) -> Iterator[Leaf]:
        yield self

    def send(self, ctx: MessageContext, *, though_suspended: bool = False) -> Answer | Awaitable[Answer | None] | None:
        """
        Deliver the message; see :meth:`mediation.endpoints.Endpoint.send`.

        Args:
            though_suspended: try all the same, for who waits between attempts anyway.

        Raises:
            EndpointNotReady: the endpoint is suspended or switched off.
        """
        suspension = self.suspension
        state = suspension.state
        if state is not ACTIVE and not suspension.is_ready() and not (though_suspended and state is not State.OFF):
            said, code = NOT_READY[self.kind]
            raise EndpointNotReady(f"{said} : [ Name : {self.name} ] [ State : {suspension.state.name} ]", code=code)
        for setting in self.properties:
            setting.apply(ctx)
        if self.settings.packaging is not None:
            ctx.axis2[self.settings.packaging] = True
        uri = self.uri(ctx)
        if self.is_named_by_messages:
            ADDRESSES.check(uri)
        options = self.settings.options
        if self.settings.timeout.dynamic is not None:
            options = replace(options, timeout=self.settings.timeout.of(ctx))
        transport = transport_for(uri)
        sent = ctx
        if self.settings.addressing is not None:
            sent = with_addressing(ctx, uri, options.format, self.settings.addressing)
        try:
            outcome = self.deliver(transport, sent, uri, options)
        except EndpointError as exc:
            self._failed(ctx, uri, exc)
            raise
        if outcome is None or isinstance(outcome, Answer):
            if suspension.state is not ACTIVE:
                suspension.succeeded()
            return outcome
        return self._finish(outcome, ctx, uri, options)

    def deliver(
        self, transport: Transport, ctx: MessageContext, uri: str, options: SendOptions
    ) -> Answer | Awaitable[Answer | None] | None:
        """Hand the message to the transport; for subclasses that have something to add."""
        return transport.send(ctx, uri, options)

    async def _finish(
        self, waiting: Awaitable[Answer | None], ctx: MessageContext, uri: str, options: SendOptions
    ) -> Answer | None:
        try:
            answer = await waiting
            if answer is not None and is_true(ctx.properties.get(FORCE_ERROR_ON_SOAP_FAULT)):
                _refuse_fault(answer, is_soap=is_soap(ctx, options.format))
        except EndpointError as exc:
            if isinstance(exc, SendTimeout) and scheme_of(uri) in ("http", "https"):
                where = f"Endpoint : {self.name}, URI : {without_user(uri)}"
                expire(ctx, exc, options.timeout, self.settings.timeout.action, where)
            self._failed(ctx, uri, exc)
            raise
        self.suspension.succeeded()
        return answer

    def _failed(self, ctx: MessageContext, uri: str, exc: EndpointError) -> None:
        settings = self.settings
        if not settings.retry.allows(exc.code):
            exc.can_go_elsewhere = False
        if isinstance(exc, InvalidAddress | AuthenticationFailed | LoopDetected):
            return
        if isinstance(exc, SendTimeout) and exc.handler is DROPPED and settings.timeout.action is TimeoutAction.NONE:
            return
        # A WebSocket back-end that is down fails each client by itself. It is suspended only when the endpoint asks
        # for that, or when it answers the handshake with a server error (docs/compatibility.md, failing WebSocket
        # back-ends).
        server_error = isinstance(exc, InvalidHandshakeResponse) and exc.status >= 500
        if scheme_of(uri) in ("ws", "wss", "local") and not settings.policy.declared and not server_error:
            return
        self.suspension.failed(exc.code, settings.policy.of(ctx))


def _refuse_fault(answer: Answer, *, is_soap: bool) -> None:
    """
    Raises:
        SoapFaultReceived: the answer is a SOAP fault, or an error that is no SOAP at all to a request that was SOAP.
    """
    if is_soap and answer.status >= 400 and answer.payload.media_type not in (TEXT_XML, SOAP12):
        raise SoapFaultReceived(f"{answer.status} {answer.reason}".strip())
    if answer.payload.is_fault:
        raise SoapFaultReceived(fault_reason(answer.payload.body) or "")
