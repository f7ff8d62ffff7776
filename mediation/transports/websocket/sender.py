"""The WebSocket transport: messages to ``ws://`` and ``wss://`` back-ends."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from mediation.errors import EndpointError
from mediation.message import MessageContext
from mediation.properties import (
    ACCEPT_CONTENT_TYPE,
    ACCEPT_CONTENT_TYPE_CORRECT,
    BINARY_FRAME,
    CLOSE_CODE,
    CLOSE_REASON,
    CONNECTION_TERMINATE,
    CUSTOM_HEADER_PREFIX,
    FORWARD_ORIGINAL_FRAME,
    MESSAGE_TYPE,
    SOURCE_HANDSHAKE,
    TEXT_FRAME,
    is_true,
)
from mediation.transports import TRANSPORTS, SendOptions
from mediation.transports.websocket.strict import is_close_code

if TYPE_CHECKING:
    from mediation.transports.websocket import Frame
    from mediation.transports.websocket.pool import Backend, BackendPool

logger = logging.getLogger(__name__)


class WebSocketSender:
    """
    Takes messages to back-ends over the connections of the client that they came from.

    The first message to an address opens the connection; for a WebSocket client that is its handshake message, so the
    back-end is there before the first frame. A disconnect message closes the connection and never opens one
    (``docs/websocket.md``, the back-end connection).
    """

    def send(self, ctx: MessageContext, uri: str, options: SendOptions) -> Awaitable[None] | None:
        if ctx.client is None:
            raise EndpointError(f"no client to open a WebSocket connection to {uri} for")
        pool = ctx.client.backends
        offered = offered_subprotocol(ctx)
        backend = pool.get(uri, offered)
        if ctx.axis2.get(CONNECTION_TERMINATE) is True:
            if backend is not None:
                backend.close(*close_of(ctx))
            return None
        if backend is None:
            return self._open_and_send(pool, ctx, uri, offered)
        return self._send(backend, ctx)

    async def _open_and_send(self, pool: BackendPool, ctx: MessageContext, uri: str, offered: str | None) -> None:
        backend = await pool.open(ctx, uri, offered, custom_headers(ctx))
        waiting = self._send(backend, ctx)
        if waiting is not None:
            await waiting

    def _send(self, backend: Backend, ctx: MessageContext) -> Awaitable[None] | None:
        if ctx.axis2.get(SOURCE_HANDSHAKE) is True:
            return None  # the message was the handshake: it only opens the connection
        return backend.send(frame_of(ctx))


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
    if payload.modified and is_true(ctx.get(FORWARD_ORIGINAL_FRAME)):
        for name in (TEXT_FRAME, BINARY_FRAME):
            frame = ctx.axis2.get(name)
            if isinstance(frame, str | bytes):
                return frame
    # Who sent a SOAPAction sent SOAP, which leaves with an XML declaration, as in the originals.
    return payload.as_frame(ctx.axis2.get(MESSAGE_TYPE), as_rest=ctx.get("SOAPAction", "transport") is None)


def offered_subprotocol(ctx: MessageContext) -> str | None:
    """The sub-protocol that the property ``websocket.accept.contenType`` asks for."""
    content_type = ctx.axis2.get(ACCEPT_CONTENT_TYPE)
    if not content_type:
        if ctx.axis2.get(ACCEPT_CONTENT_TYPE_CORRECT):
            logger.info(
                "property %s has no effect; its real name is %s", ACCEPT_CONTENT_TYPE_CORRECT, ACCEPT_CONTENT_TYPE
            )
        return None
    return f"synapse(contentType='{content_type}')"


def custom_headers(ctx: MessageContext) -> list[tuple[str, str]]:
    """Handshake headers that properties ``websocket.custom.header.NAME`` (axis2) ask for; a bare prefix is ignored."""
    prefix = CUSTOM_HEADER_PREFIX
    return [
        (name[len(prefix) :], str(value))
        for name, value in ctx.axis2.items()
        if name.startswith(prefix) and len(name) > len(prefix)
    ]


_sender = WebSocketSender()
TRANSPORTS["ws"] = _sender
TRANSPORTS["wss"] = _sender
