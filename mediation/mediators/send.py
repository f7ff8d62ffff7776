"""``<send>``: pass the message on and end the flow."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Literal

from mediation import grammar
from mediation.endpoints import Endpoint, Recipients, send_to_address
from mediation.errors import MediationError
from mediation.expressions import Value
from mediation.flow import Outcome
from mediation.grammar import Mediator, mediator
from mediation.message import MessageContext
from mediation.properties import OUT_ONLY, is_true
from mediation.transports import Answer


@mediator("send")
class SendMediator(Mediator):
    """
    Send the message to an endpoint. What follows ``<send>`` in the sequence does not run.

    ::

        <send>
            <endpoint><address uri="ws://localhost:8082/websocket"/></endpoint>
        </send>

    Without an endpoint, a request goes to its ``To`` address, and a response or a back-end's message goes to the
    client. The endpoint's answer runs through the sequence that ``receive`` names, else through the out sequence of
    the proxy service, unless ``OUT_ONLY`` is true.
    """

    receive: Value | None = grammar.value("receive")
    build_message: bool = grammar.attribute(False, name="buildmessage", convert=grammar.boolean)
    endpoint: Endpoint | None = grammar.endpoint()

    def mediate(self, ctx: MessageContext) -> Outcome:
        if self.endpoint is not None:
            outcome = self.endpoint.send(ctx)
        elif ctx.is_response or ctx.from_backend:
            return _reply(ctx)
        else:
            outcome = send_to_address(ctx)
        if outcome is None:
            _handed_over(ctx)
            return False
        if isinstance(outcome, Answer):
            return self._answered(outcome, ctx)
        if isinstance(outcome, Recipients):
            outcome.start(ctx, self._send_copy)
            return False
        return self._wait(outcome, ctx)

    def _send_copy(self, copy: MessageContext, endpoint: Endpoint) -> Outcome:
        return SendMediator(receive=self.receive, build_message=self.build_message, endpoint=endpoint).mediate(copy)

    async def _wait(self, waiting: Awaitable[Answer | None], ctx: MessageContext) -> bool:
        answer = await waiting
        if answer is None:
            _handed_over(ctx)
        else:
            self._answered(answer, ctx)
        return False

    def _answered(self, answer: Answer, ctx: MessageContext) -> Literal[False]:
        if ctx.client is not None and not is_true(ctx.get(OUT_ONLY)):
            receive = self.receive.string(ctx) if self.receive is not None else None
            ctx.client.response_received(answer.as_response_to(ctx), receive)
        return False


def _handed_over(ctx: MessageContext) -> None:
    # Transports that wait for an answer say so themselves, once the message has left.
    if ctx.client is not None:
        ctx.client.handed_over(ctx)


def _reply(ctx: MessageContext) -> Literal[False]:
    if ctx.client is None:
        raise MediationError("send: there is no client that waits for this response")
    ctx.client.reply(ctx)
    return False
