"""``<call>``: ask an endpoint and go on with its answer."""

from __future__ import annotations

from collections.abc import Awaitable

from mediation import grammar
from mediation.endpoints import Endpoint, send_to_address
from mediation.flow import Outcome
from mediation.grammar import Mediator, mediator
from mediation.message import MessageContext
from mediation.properties import OUT_ONLY, is_true
from mediation.transports import Answer


@mediator("call")
class CallMediator(Mediator):
    """
    Send the message to an endpoint, wait, and go on with the answer as the message.

    ::

        <call>
            <endpoint><address uri="http://localhost:9000/services/StockQuote"/></endpoint>
        </call>
        <respond/>

    Only the flow of this message waits. Works anywhere: in branches, in sequences called by name, in fault sequences.
    With ``OUT_ONLY`` the flow goes on with the message as it was. ``blocking`` makes no difference here. A WebSocket
    endpoint gives no answer, unless ``ws.http.reply`` says so: its frames go to the outflow sequence, and the flow goes
    on at once.
    """

    blocking: bool = grammar.attribute(False, name="blocking", convert=grammar.boolean)
    init_client_options: bool = grammar.attribute(True, name="initAxis2ClientOptions", convert=grammar.boolean)
    axis2_xml: str | None = grammar.attribute(None, name="axis2xml")
    repository: str | None = grammar.attribute(None, name="repository")
    endpoint: Endpoint | None = grammar.endpoint()
    source: None = grammar.unsupported("source")
    target: None = grammar.unsupported("target")

    def mediate(self, ctx: MessageContext) -> Outcome:
        if is_true(ctx.get(OUT_ONLY)):
            outcome = self._send(ctx.copy())
            return True if outcome is None or isinstance(outcome, Answer) else _ignore(outcome)
        outcome = self._send(ctx)
        if outcome is None:
            return True
        if isinstance(outcome, Answer):
            outcome.replace(ctx)
            return True
        return _wait(outcome, ctx)

    def _send(self, ctx: MessageContext) -> Answer | Awaitable[Answer | None] | None:
        return send_to_address(ctx) if self.endpoint is None else self.endpoint.send(ctx)


async def _wait(waiting: Awaitable[Answer | None], ctx: MessageContext) -> bool:
    answer = await waiting
    if answer is not None:
        answer.replace(ctx)
    return True


async def _ignore(waiting: Awaitable[Answer | None]) -> bool:
    await waiting
    return True
