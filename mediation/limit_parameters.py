"""
Parameters that say what a peer may take, and how long we wait for it.

Each one that is missing leaves the value that the deployment has set (``esbsite/settings.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from mediation.parameters import FLAG, choice, flag, number, parameter, seconds
from mediation.transports.websocket import Deflate, Limits

if TYPE_CHECKING:
    from mediation.options import Options

OR_OFF: Final = "0 is off"

WAIT, CLOSE, DROP = "wait", "close", "drop"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionParameters:
    """Of one connection, to a client or to a back-end."""

    max_message: int | None = parameter(
        "ws.max.message.size",
        number(1),
        values="bytes; `ESB_MAX_MESSAGE_BYTES`",
        help="a larger message ends the connection with 1009; what is compressed counts inflated",
    )
    max_frame: int | None = parameter(
        "ws.max.frame.size",
        number(0),
        values="bytes, 0 is as large as a message; `ESB_MAX_FRAME_BYTES`",
        help="a larger frame ends the connection with 1009",
    )
    message_timeout: float | None = parameter(
        "ws.message.timeout",
        seconds(0.01),
        values="seconds; `ESB_MESSAGE_SECONDS`",
        help="time from the first to the last fragment of a message; then the connection ends with 1008",
    )
    ping_interval: float | None = parameter(
        "ws.ping.interval", seconds(), values=f"seconds, {OR_OFF}; `ESB_PING_SECONDS`", help="time between two pings"
    )
    pong_timeout: float | None = parameter(
        "ws.pong.timeout",
        seconds(0.01),
        values="seconds; `ESB_PONG_SECONDS`",
        help="time to answer a ping; then the connection ends with 1011",
    )
    deflate: bool | None = parameter(
        "ws.deflate",
        flag,
        values=f"{FLAG}; `ESB_DEFLATE`",
        help="compress messages (permessage-deflate) with who agrees",
    )
    deflate_context_takeover: bool = parameter(
        "ws.deflate.context.takeover",
        flag,
        True,
        values=FLAG,
        help="compress with what came before; `false` takes less memory, and compresses small messages less",
    )
    deflate_window_bits: int = parameter(
        "ws.deflate.window.bits",
        number(9, 15),
        12,
        values="9 to 15",
        help="memory and effect of compression grow with it",
    )
    deflate_min_size: int = parameter(
        "ws.deflate.min.size", number(0), 64, values="bytes", help="smaller messages are not compressed"
    )

    def applied(self, limits: Limits) -> Limits:
        """`limits`, changed where a parameter says so."""
        return replace(
            limits,
            **_given(
                max_message=self.max_message,
                max_frame=self.max_frame,
                message_timeout=self.message_timeout,
                ping_interval=self.ping_interval,
                pong_timeout=self.pong_timeout,
            ),
            deflate=self._deflate(limits),
        )

    def _deflate(self, limits: Limits) -> Deflate | None:
        wanted = limits.deflate is not None if self.deflate is None else self.deflate
        if not wanted:
            return None
        return Deflate(self.deflate_context_takeover, self.deflate_window_bits, self.deflate_min_size)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendConnectionParameters(ConnectionParameters):
    """Of the connections to back-ends."""

    idle_timeout: float | None = parameter(
        "ws.outflow.dispatch.idleTime",
        seconds(),
        values=f"seconds, {OR_OFF}; `ESB_IDLE_SECONDS`",
        help="a connection without a message in that time ends with 1001",
    )

    def applied(self, limits: Limits) -> Limits:
        # Slots and super() without arguments do not go together in a class that its decorator replaces.
        return replace(ConnectionParameters.applied(self, limits), **_given(idle_timeout=self.idle_timeout))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientConnectionParameters(ConnectionParameters):
    """Of the clients of an inbound endpoint."""

    idle_timeout: float | None = parameter(
        "ws.dispatch.idleTime",
        seconds(),
        values=f"seconds, {OR_OFF}; `ESB_IDLE_SECONDS`",
        help="a client without a message in either direction in that time gets Close 1001",
    )
    backend_idle_timeout: float | None = parameter(
        "ws.outflow.dispatch.idleTime",
        seconds(),
        values=f"seconds, {OR_OFF}; that of the transport sender",
        help="the same for the clients' connections to back-ends",
    )
    handshake_timeout: float | None = parameter(
        "ws.handshake.timeout",
        seconds(0.01),
        values="seconds; `ESB_HANDSHAKE_SECONDS`",
        help="time for a client's request to arrive (then 408), and again for its acceptance (then 503)",
    )
    max_connections: int | None = parameter(
        "ws.max.connections",
        number(0),
        values="number, 0 is any; `ESB_MAX_CONNECTIONS`",
        help="clients of the endpoint in one process; the next handshake gets 503",
    )
    max_connections_per_address: int | None = parameter(
        "ws.max.connections.per.address",
        number(0),
        values="number, 0 is any; `ESB_MAX_CONNECTIONS_PER_ADDRESS`",
        help="those with the same IP address; mind clients behind one proxy",
    )
    max_message_rate: int | None = parameter(
        "ws.max.message.rate",
        number(0),
        values="messages in a second, 0 is any; `ESB_MAX_MESSAGE_RATE`",
        help="of one client; as many may come at once",
    )
    message_rate_policy: str = parameter(
        "ws.message.rate.policy",
        choice(WAIT, CLOSE),
        WAIT,
        values="wait, close",
        help="what happens to a client that sends more: it is read more slowly, or gets Close 1008",
    )
    max_queue: int | None = parameter(
        "ws.max.queue.size",
        number(1),
        values="bytes; `ESB_MAX_QUEUE_BYTES`",
        help="what may wait for a client that reads too slowly",
    )
    queue_policy: str = parameter(
        "ws.queue.policy",
        choice(WAIT, DROP, CLOSE),
        WAIT,
        values="wait, drop, close",
        help="who suffers when a client reads too slowly: its back-ends, which are not read, and nothing is lost; "
        "the oldest messages, which are dropped; the client, which gets Close 1013",
    )

    def applied(self, limits: Limits) -> Limits:
        return replace(
            ConnectionParameters.applied(self, limits),
            **_given(
                idle_timeout=self.idle_timeout,
                head_timeout=self.handshake_timeout,
                accept_timeout=self.handshake_timeout,
            ),
        )


def server_limits(options: Options) -> Limits:
    """The limits of connections for which nothing else is said."""
    return Limits(
        max_message=options.max_message_bytes,
        max_frame=options.max_frame_bytes,
        message_timeout=options.message_seconds,
        ping_interval=options.ping_seconds,
        pong_timeout=options.pong_seconds,
        idle_timeout=options.idle_seconds,
        head_timeout=options.handshake_seconds,
        accept_timeout=options.handshake_seconds,
        deflate=Deflate() if options.deflate else None,
    )


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
