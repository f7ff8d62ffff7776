"""What an inbound endpoint says about the conversations of its clients, beyond their sequences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mediation.handlers import PipelineHandler, SubprotocolHandler, pipeline_handler, subprotocol_handlers
from mediation.parameters import FLAG, flag, names, number, parameter, seconds
from mediation.transports.websocket import select_subprotocol
from mediation.transports.websocket.pool import Retry
from mediation.transports.websocket.subprotocols import SUPPORTED, subprotocol_names


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationParameters:
    """Sub-protocols, handlers, headers, control frames, and what happens when a back-end has gone."""

    subprotocols: tuple[str, ...] = parameter(
        "ws.subprotocols",
        subprotocol_names,
        (),
        values="names, separated by commas, or `*`",
        help="sub-protocols that clients may negotiate besides `synapse(...)`; `*` is the first one of each client",
    )
    relays_subprotocols: bool = parameter(
        "ws.subprotocol.relay",
        flag,
        False,
        lenient=True,
        values=FLAG,
        help="offer the client's sub-protocols to its back-end, and answer the client with the back-end's choice",
    )
    subprotocol_handlers: tuple[SubprotocolHandler, ...] = parameter(
        "ws.subprotocol.handler.class",
        subprotocol_handlers,
        (),
        values="dotted paths, separated by `;`",
        help="classes that serve a sub-protocol each",
    )
    pipeline_handler: Callable[[], PipelineHandler] | None = parameter(
        "ws.pipeline.handler.class",
        pipeline_handler,
        values="dotted path",
        help="class whose instances see each frame of their client first",
    )
    passes_control_frames: bool = parameter(
        "ws.pass.through.control.frames",
        flag,
        False,
        lenient=True,
        values=FLAG,
        help="pings, pongs and the Close of back-ends run through the sequences; no ping is answered otherwise",
    )
    handshake_headers: bool = parameter(
        "ws.handshake.headers",
        flag,
        False,
        lenient=True,
        values=FLAG,
        help="every message has the headers of the handshake, as `websocket.handshake.header.NAME`",
    )
    preserved_headers: tuple[str, ...] = parameter(
        "ws.headers.preserve",
        names,
        (),
        values="header names",
        help="headers of the client's handshake that go into the handshake with its back-ends",
    )
    reconnect_attempts: int = parameter(
        "ws.reconnect.attempts",
        number(0),
        0,
        values="number, 0 is off",
        help="how often a back-end that is lost or cannot be reached is tried again before the client is told",
    )
    reconnect_delay: float = parameter(
        "ws.reconnect.delay",
        seconds(0.01),
        0.5,
        values="seconds",
        help="pause before the first of these; doubled each time",
    )
    reconnect_max_delay: float = parameter(
        "ws.reconnect.max.delay", seconds(0.01), 30.0, values="seconds", help="the longest of these pauses"
    )

    reconnect_buffer: int = parameter(
        "ws.reconnect.buffer.size",
        number(0),
        0,
        values="bytes",
        help="what may wait meanwhile before the client is no longer read, if that is more than 32 messages",
    )

    @property
    def retry(self) -> Retry:
        return Retry(self.reconnect_attempts, self.reconnect_delay, self.reconnect_max_delay)

    def subprotocol_handler(self, subprotocol: str | None) -> SubprotocolHandler | None:
        """The handler of a negotiated sub-protocol."""
        return next((handler for handler in self.subprotocol_handlers if handler.id == subprotocol), None)

    def select_subprotocol(self, offered: Sequence[str]) -> str | None:
        """The first of the client's sub-protocols that this endpoint takes."""
        if "*" in self.subprotocols:
            return offered[0] if offered else None
        ids = [handler.id for handler in self.subprotocol_handlers]
        return select_subprotocol(offered, (*SUPPORTED, *self.subprotocols, *ids))
