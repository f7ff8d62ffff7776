"""``<callout>``: the older way to ask a service and go on with its answer."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from mediation import grammar
from mediation.endpoints import Endpoint, IndirectEndpoint, send_to_address
from mediation.enrichment.xml_nodes import nodes_of, put_at
from mediation.errors import CalloutFailed, EndpointError, GrammarError, MediationError
from mediation.expressions import Expression
from mediation.grammar import Mediator, Node, mediator, node
from mediation.properties import HTTP_SC, MESSAGE_TYPE
from mediation.transports import Answer

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from mediation.message import MessageContext

FAILED: Final = "Error while performing the callout operation"


@node("source")
class CalloutSource(Node):
    """What is sent: the ``envelope``, the first element of an XPath, or a property or local entry."""

    type: str | None = grammar.attribute(None, name="type", choices=("envelope",))
    xpath: Expression | None = grammar.expression("xpath", plain=True)
    key: str | None = grammar.attribute(None, name="key")

    def place(self, ctx: MessageContext) -> None:
        """
        Make it the body of the message.

        Raises:
            MediationError: there is no element.
        """
        if self.xpath is None and self.key is None:
            return
        found = next((each for each in nodes_of(self._value(ctx)) if isinstance(each, etree._Element)), None)
        if found is None:
            raise MediationError(f"The evaluation of the source of <callout> gives no element : {self.described}")
        ctx.payload.replace_body(copy.deepcopy(found))

    @property
    def described(self) -> str:
        return self.key if self.xpath is None else self.xpath.source  # type: ignore[return-value]

    def _value(self, ctx: MessageContext) -> Any:
        if self.xpath is not None:
            return self.xpath.value(ctx)
        assert self.key is not None
        value = ctx.get(self.key)
        entry = ctx.environment.local_entry(self.key) if value is None else None
        return value if entry is None else entry.value


@node("target")
class CalloutTarget(Node):
    """Where the answer goes: in place of the first node of an XPath, or into a property."""

    xpath: Expression | None = grammar.expression("xpath", plain=True)
    key: str | None = grammar.attribute(None, name="key")

    def check(self) -> None:
        if self.xpath is None and self.key is None:
            raise GrammarError('<target> of <callout> needs the attribute "xpath" or "key"')

    def take(self, answer: Answer, ctx: MessageContext) -> None:
        """
        Raises:
            MediationError: the answer is empty, or the XPath leads nowhere.
        """
        element = answer.payload.first_child
        if element is None:
            raise MediationError(f"{FAILED}: the answer has no body")
        if self.key is not None:
            ctx.set(self.key, copy.deepcopy(element))
        else:
            assert self.xpath is not None
            put_at(self.xpath, [copy.deepcopy(element)], "replace", ctx)


@mediator("callout")
class CalloutMediator(Mediator):
    """
    Send a part of the message to a service, and put the answer into the message.

    ::

        <callout serviceURL="http://localhost:9000/services/StockQuote" action="urn:getQuote">
            <source xpath="s11:Body/child::*[1]" xmlns:s11="http://schemas.xmlsoap.org/soap/envelope/"/>
            <target key="quote"/>
        </callout>

    Without ``<source>`` the whole envelope is sent; without ``<target>`` the answer takes the message's place. The
    address is that of ``serviceURL``, which is never suspended, of ``endpointKey`` or of the endpoint inside. An HTTP
    error and a SOAP fault are failures: ``ERROR_CODE`` 401000. Only this flow waits. ``<call>`` does this, and more.
    """

    service_url: str | None = grammar.attribute(None, name="serviceURL")
    endpoint_key: str | None = grammar.attribute(None, name="endpointKey")
    action: str | None = grammar.attribute(None, name="action")
    init_client_options: bool = grammar.attribute(True, name="initAxis2ClientOptions", convert=grammar.boolean)
    use_server_config: str | None = grammar.attribute(None, name="useServerConfig")
    endpoint: Endpoint | None = grammar.endpoint()
    source: CalloutSource | None = grammar.child("source", CalloutSource)
    target: CalloutTarget | None = grammar.child("target", CalloutTarget)
    configuration: etree._Element | None = grammar.xml("configuration")
    secured: None = grammar.unsupported("enableSec", "there is no WS-Security")

    def mediate(self, ctx: MessageContext) -> Coroutine[Any, Any, bool]:
        return self._run(ctx)

    async def _run(self, ctx: MessageContext) -> bool:
        request = ctx.copy()
        request.axis2.pop("REST_URL_POSTFIX", None)
        if self.source is not None:
            self.source.place(request)
        if self.action is not None:
            request.action = self.action
            request.headers.set("SOAPAction", f'"{self.action}"')
        try:
            outcome = self._send(request)
            answer = outcome if outcome is None or isinstance(outcome, Answer) else await outcome
        except EndpointError as exc:
            raise CalloutFailed(f"{FAILED}: {exc.message}") from exc
        if answer is not None:
            self._take(answer, ctx)
        return True

    def _send(self, request: MessageContext) -> Any:
        if self.service_url is not None:
            request.to = self.service_url
            return send_to_address(request)
        if self.endpoint_key is not None:
            return IndirectEndpoint(self.endpoint_key).send(request)
        return send_to_address(request) if self.endpoint is None else self.endpoint.send(request)

    def _take(self, answer: Answer, ctx: MessageContext) -> None:
        if answer.status >= 400 or answer.payload.is_fault:
            raise CalloutFailed(f"{FAILED}: {answer.status} {answer.reason}".rstrip())
        ctx.axis2[HTTP_SC] = answer.status
        if self.target is not None:
            self.target.take(answer, ctx)
            return
        ctx.payload = answer.payload
        ctx.axis2.pop(MESSAGE_TYPE, None)
