"""``<call>``: ask an endpoint and go on with its answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Literal

from mediation import grammar
from mediation.call_content import CallSource, CallTarget, Saved
from mediation.endpoints import Endpoint, send_to_address
from mediation.errors import BlockingCallFailed, EndpointError
from mediation.flow import Outcome
from mediation.grammar import Mediator, mediator
from mediation.message import MessageContext
from mediation.properties import (
    BLOCKING_SENDER_ERROR,
    CONTENT_TYPE,
    ERROR_STATUSES,
    HTTP_SC,
    HTTP_SC_DESC,
    MESSAGE_TYPE,
    NO_ERROR_STATUSES,
    OUT_ONLY,
    PRESERVE_REQUEST_HEADERS,
    is_true,
)
from mediation.transports import Answer

SENDER_FAILED: Final = 401002
"""``ERROR_CODE`` of a blocking call that got no answer."""

Accept = Callable[[Answer, MessageContext], None]


@mediator("call")
class CallMediator(Mediator):
    """
    Send the message to an endpoint, wait, and go on with the answer as the message.

    ::

        <call>
            <endpoint><address uri="http://localhost:9000/services/StockQuote"/></endpoint>
        </call>
        <respond/>

        <call>
            <endpoint key="orders"/>
            <source type="inline" contentType="application/json">{"id": ${vars.id}}</source>
            <target type="variable">order</target>
        </call>
        <log><message>${vars.order.attributes.statusCode}: ${vars.order.payload.total}</message></log>

    Only the flow of this message waits, whatever ``blocking`` says. Works anywhere: in branches, in sequences called by
    name, in fault sequences. With ``OUT_ONLY`` the flow goes on with the message as it was. A WebSocket endpoint gives
    no answer, unless ``ws.http.reply`` says so: its frames go to the outflow sequence, and the flow goes on at once.

    ``<source>`` is sent instead of the body: what an expression gives (``custom``), a ``property``, ``inline`` content
    with ``${...}`` in it, or the ``body``. ``<target>`` says where the answer goes: the ``body``, a ``property``, or a
    ``variable`` that then holds ``payload``, ``headers`` and ``attributes`` (with the ``statusCode``). With a property
    or variable the message stays what it was before the call.

    With ``blocking="true"`` the headers of the message stay, unless the property
    ``blocking.sender.preserve.req.headers`` is false, and an answer with an HTTP error is a failure (401001; no answer
    is 401002). ``error.http.status.codes`` and ``non.error.http.status.codes`` (axis2) say otherwise.
    """

    blocking: bool = grammar.attribute(False, name="blocking", convert=grammar.boolean)
    init_client_options: bool = grammar.attribute(True, name="initAxis2ClientOptions", convert=grammar.boolean)
    axis2_xml: str | None = grammar.attribute(None, name="axis2xml")
    repository: str | None = grammar.attribute(None, name="repository")
    endpoint: Endpoint | None = grammar.endpoint()
    source: CallSource | None = grammar.child("source", CallSource)
    target: CallTarget | None = grammar.child("target", CallTarget)

    def mediate(self, ctx: MessageContext) -> Outcome:
        if is_true(ctx.get(OUT_ONLY)):
            return self._without_answer(ctx.copy())
        saved = Saved(ctx) if self.target is not None and self.target.keeps_message else None
        accept = self._accept(saved)
        if self.source is not None:
            self.source.place(ctx)
        if self.blocking:
            ctx.properties.pop(BLOCKING_SENDER_ERROR, None)
        try:
            outcome = self._send(ctx)
        except EndpointError as exc:
            self._failed(exc, ctx)
            raise
        if outcome is None or isinstance(outcome, Answer):
            return self._answered(outcome, ctx, accept, saved)
        return self._wait(outcome, ctx, accept, saved)

    def _send(self, ctx: MessageContext) -> Answer | Awaitable[Answer | None] | None:
        return send_to_address(ctx) if self.endpoint is None else self.endpoint.send(ctx)

    def _without_answer(self, copy: MessageContext) -> Outcome:
        if self.source is not None:
            self.source.place(copy)
        outcome = self._send(copy)
        return True if outcome is None or isinstance(outcome, Answer) else _ignore(outcome)

    async def _wait(
        self, waiting: Awaitable[Answer | None], ctx: MessageContext, accept: Accept, saved: Saved | None
    ) -> bool:
        try:
            answer = await waiting
        except EndpointError as exc:
            self._failed(exc, ctx)
            raise
        return self._answered(answer, ctx, accept, saved)

    def _answered(
        self, answer: Answer | None, ctx: MessageContext, accept: Accept, saved: Saved | None
    ) -> Literal[True]:
        if answer is not None:
            accept(answer, ctx)
        elif saved is not None:
            saved.restore(ctx)
        return True

    def _accept(self, saved: Saved | None) -> Accept:
        """What to do with the answer."""
        accept = _replace_blocking if self.blocking else Answer.replace
        if saved is None:
            return accept
        target = self.target
        assert target is not None

        def into_target(answer: Answer, ctx: MessageContext) -> None:
            if self.blocking:
                _refuse_error(answer, ctx)
            saved.restore(ctx)
            ctx.axis2[HTTP_SC] = answer.status
            target.take(answer, ctx)

        return into_target

    def _failed(self, exc: EndpointError, ctx: MessageContext) -> None:
        if self.blocking:
            ctx.properties[BLOCKING_SENDER_ERROR] = "true"
            exc.code = SENDER_FAILED


async def _ignore(waiting: Awaitable[Answer | None]) -> bool:
    await waiting
    return True


def _replace_blocking(answer: Answer, ctx: MessageContext) -> None:
    _refuse_error(answer, ctx)
    ctx.payload = answer.payload
    if ctx.get(PRESERVE_REQUEST_HEADERS) is not None and not is_true(ctx.get(PRESERVE_REQUEST_HEADERS)):
        ctx.headers = answer.headers
    # The body leaves as what it came as, not as what the request was.
    for name in (MESSAGE_TYPE, CONTENT_TYPE, HTTP_SC_DESC):
        ctx.axis2.pop(name, None)
    ctx.axis2.update(answer.axis2())
    ctx.to = None


def _refuse_error(answer: Answer, ctx: MessageContext) -> None:
    """
    Raises:
        BlockingCallFailed: the answer counts as an error.
    """
    ctx.axis2[HTTP_SC] = answer.status
    if _is_error(answer, ctx):
        ctx.properties[BLOCKING_SENDER_ERROR] = "true"
        raise BlockingCallFailed(answer.status, answer.reason)


def _is_error(answer: Answer, ctx: MessageContext) -> bool:
    status = str(answer.status)
    if status in _codes(ctx.get(ERROR_STATUSES, "axis2")):
        return True
    if answer.status < 400 or status in _codes(ctx.get(NO_ERROR_STATUSES, "axis2")):
        return False
    # A back-end that explains itself, and not by a SOAP fault, has answered.
    return answer.status not in (400, 500) or not answer.payload.raw or answer.payload.is_fault


def _codes(value: object) -> set[str]:
    return set() if value is None else {code.strip() for code in str(value).split(",")}
