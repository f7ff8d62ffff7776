"""The WebSocket transport: messages to ``ws://`` and ``wss://`` back-ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from mediation.control_frames import control_frame
from mediation.errors import EndpointError, SendTimeout
from mediation.message import MessageContext
from mediation.properties import (
    BINARY_FRAME,
    CLOSE_CODE,
    CLOSE_REASON,
    CONNECTION_TERMINATE,
    FORWARD_ORIGINAL_FRAME,
    MESSAGE_TYPE,
    SOURCE_HANDSHAKE,
    TEXT_FRAME,
    is_true,
)
from mediation.transports import TRANSPORTS, Answer, SendOptions, scheme_of
from mediation.transports.websocket.callers import Request, reply_payload, request_of
from mediation.transports.websocket.opening import Offer, Opening, offer_of
from mediation.transports.websocket.parameters import sender_parameters
from mediation.transports.websocket.strict import is_close_code

if TYPE_CHECKING:
    from mediation.transports.websocket import Frame
    from mediation.transports.websocket.pool import Backend, BackendPool


class WebSocketSender:
    """
    Takes messages to back-ends over the connections of the client that they came from.

    The first message to an address opens the connection; for a WebSocket client that is its handshake message, so the
    back-end is there before the first frame. A disconnect message closes the connection and never opens one
    (``docs/websocket.md``, the back-end connection). No answer belongs to a message, unless an HTTP caller waits for
    one.
    """

    def send(self, ctx: MessageContext, uri: str, options: SendOptions) -> Awaitable[Answer | None] | None:
        client = ctx.client
        if client is None:
            raise EndpointError(f"no client to open a WebSocket connection to {uri} for")
        pool = client.backends
        offer = offer_of(ctx)
        backend = pool.get(uri, offer)
        if ctx.axis2.get(CONNECTION_TERMINATE) is True:
            if backend is not None:
                backend.close(*close_of(ctx))
            return None
        if client.handshake_headers is None:  # an HTTP caller
            request = request_of(ctx, scheme_of(uri))
            if request is not None:
                return self._ask(pool, ctx, uri, offer, request)
        if backend is None:
            return self._open_and_send(pool, ctx, uri, offer)
        return self._send(backend, ctx)

    async def _open_and_send(self, pool: BackendPool, ctx: MessageContext, uri: str, offer: Offer) -> None:
        waiting = self._send(await _opened(pool, ctx, uri, offer), ctx)
        if waiting is not None:
            await waiting

    def _send(self, backend: Backend, ctx: MessageContext) -> Awaitable[None] | None:
        if ctx.axis2.get(SOURCE_HANDSHAKE) is True:
            return None  # the message was the handshake: it only opens the connection
        if ctx.payload.raw is None:
            frame = control_frame(ctx.axis2)
            if frame is not None:
                backend.control(frame)
                return None
        return backend.send(frame_of(ctx))

    async def _ask(self, pool: BackendPool, ctx: MessageContext, uri: str, offer: Offer, request: Request) -> Answer:
        frame = frame_of(ctx)
        backend = await _opened(pool, ctx, uri, offer)
        reply = backend.replies.expect(request)
        try:
            async with asyncio.timeout(request.timeout):
                waiting = backend.send(frame)
                if waiting is not None:
                    await waiting
                return Answer(reply_payload(await reply))
        except TimeoutError:
            if request.correlation is None:
                # What comes too late would be taken for the reply to the next request.
                backend.close(1001, "no reply in time")
            raise SendTimeout(uri, request.timeout) from None
        finally:
            reply.cancel()


async def _opened(pool: BackendPool, ctx: MessageContext, uri: str, offer: Offer) -> Backend:
    backend = pool.get(uri, offer)
    if backend is not None:
        return backend
    parameters = sender_parameters(ctx.environment.transport_parameters(scheme_of(uri)))
    return await pool.open(uri, Opening.of(ctx, offer, parameters))


def close_of(ctx: MessageContext) -> tuple[int | None, str]:
    """Code and reason for the back-ends of a client that has gone: its own, if a Close may carry them."""
    code = ctx.axis2.get(CLOSE_CODE)
    if not isinstance(code, int) or not is_close_code(code):
        return None, ""
    return code, str(ctx.axis2.get(CLOSE_REASON) or "")


def frame_of(ctx: MessageContext) -> Frame:
    """
    What a back-end gets: the client's frame as it came, unless a mediator changed the payload.

    The property ``websocket.forward.original.frame`` keeps the original frame in any case, as the originals do.
    """
    payload = ctx.payload
    if payload.is_frame and payload.raw is not None and MESSAGE_TYPE not in ctx.axis2:
        return payload.raw  # the way of almost every frame
    if payload.modified and is_true(ctx.get(FORWARD_ORIGINAL_FRAME)):
        for name in (TEXT_FRAME, BINARY_FRAME):
            frame = ctx.axis2.get(name)
            if isinstance(frame, str | bytes):
                return frame
    # Who sent a SOAPAction sent SOAP, which leaves with an XML declaration, as in the originals.
    return payload.as_frame(ctx.axis2.get(MESSAGE_TYPE), as_rest=ctx.get("SOAPAction", "transport") is None)


_sender = WebSocketSender()
TRANSPORTS["ws"] = _sender
TRANSPORTS["wss"] = _sender
