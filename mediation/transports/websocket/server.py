"""A TCP port that accepts WebSocket connections."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from ssl import SSLObject
from typing import cast

from .connection import Connection, HandlerFactory, open_connection
from .deflate import agree
from .handshake import (
    Header,
    InvalidHeader,
    Rejection,
    Request,
    read_request,
    split_head,
    write_acceptance,
    write_rejection,
)
from .limits import Limits
from .strict import is_close_code
from .tcp import Port, ServerTls, linger

logger = logging.getLogger(__name__)

_EARLY = 64 * 1024
"""Bytes that are taken from a client behind its request while the application has not accepted it."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """The application's answer to a request that becomes a connection."""

    handler_factory: HandlerFactory
    subprotocol: str | None = None
    headers: tuple[Header, ...] = ()


Accept = Callable[[Request], Handshake | Awaitable[Handshake]]
"""
Called once for each complete upgrade request; may return a coroutine, which is cancelled if the client goes away.
Raises :class:`.handshake.Rejection` to refuse.
"""


async def listen(
    host: str | None,
    port: int,
    accept: Accept,
    *,
    ssl: ServerTls | None = None,
    limits: Limits | Callable[[], Limits] | None = None,
    backlog: int = 512,
    reuse_port: bool = False,
) -> Listener:
    """
    Open a port.

    Args:
        host: ``None`` for all interfaces.
        port: 0 for any free one.
        limits: of its connections; a function is asked for each new one.
        ssl: the TLS context; a function is asked for it at each connection, so that certificates can change.
        backlog: TCP connections that may wait to be accepted.
        reuse_port: other processes may open the port too; the operating system gives each connection to one of them.

    Raises:
        OSError: the port cannot be opened.
    """
    listener = Listener(accept, ssl, limits if callable(limits) else _always(limits or Limits()))
    await listener._port.open(host, port, backlog=backlog, reuse_port=reuse_port)
    return listener


def _always(limits: Limits) -> Callable[[], Limits]:
    return lambda: limits


class Listener:
    """An open port. Whoever opened it closes it; its connections may outlive it."""

    def __init__(self, accept: Accept, ssl: ServerTls | None, limits: Callable[[], Limits]) -> None:
        self.accept = accept
        self.scheme = "wss" if ssl else "ws"
        self.limits = limits
        self.connections: set[Connection] = set()
        """Established connections whose TCP connection has not gone yet."""
        self._opening: set[_Opening] = set()
        self._waiting: dict[_Opening, None] = {}  # for their request, the oldest first
        current = limits()
        refusal = write_rejection(Rejection(503))
        self._port = Port(lambda: _Opening(self), ssl, current.head_timeout, current.close_timeout, refusal)
        self._closing = False
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def port(self) -> int:
        """The port that was opened; kept when it is closed."""
        return self._port.number

    def close_accepting(self) -> None:
        """Free the port now. Established connections live on, and so do handshakes that have begun."""
        self._port.close()

    async def close(self, code: int = 1001, reason: str = "", timeout: float = 5.0) -> None:
        """
        Close the port and its connections, and return when they have gone. Handshakes that have begun get a 503.

        Args:
            timeout: seconds, after which what is still there is aborted.

        Raises:
            ValueError: a Close cannot carry this code; nothing is closed, then.
        """
        if not is_close_code(code):
            raise ValueError(f"{code} cannot be sent in a Close frame")
        self._closing = True
        self.close_accepting()
        for opening in tuple(self._opening):
            opening.refuse(Rejection(503))
        for connection in tuple(self.connections):
            connection.close(code, reason)
        try:
            async with asyncio.timeout(timeout):
                await self._idle.wait()
        except TimeoutError:
            for opening in tuple(self._opening):
                opening.abort()
            for connection in tuple(self.connections):
                connection.abort()
            await asyncio.sleep(0)  # the turn of the loop in which they go

    def _opened(self, opening: _Opening, max_waiting: int) -> None:
        self._opening.add(opening)
        self._waiting[opening] = None
        self._idle.clear()
        if len(self._waiting) > max_waiting:
            # A request takes milliseconds to arrive: who keeps us waiting longest is most likely to mean harm.
            next(iter(self._waiting)).refuse(Rejection(408))

    def _waits_no_more(self, opening: _Opening) -> None:
        self._waiting.pop(opening, None)

    def _established(self, opening: _Opening, connection: Connection) -> None:
        self._opening.discard(opening)
        self.connections.add(connection)

    def _opening_gone(self, opening: _Opening) -> None:
        self._opening.discard(opening)
        self._check_idle()

    def _connection_gone(self, connection: Connection) -> None:
        self.connections.discard(connection)
        self._check_idle()

    def _check_idle(self) -> None:
        if not self.connections and not self._opening:
            self._idle.set()


class _Opening(asyncio.Protocol):
    """A TCP connection until it is a WebSocket connection: reads the request, asks the application, answers."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._limits = listener.limits()
        self._transport: asyncio.Transport
        self._received = bytearray()
        self._request: Request | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._deadline: asyncio.TimerHandle
        self._ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        # Absolute: a client that drips its request must not get a new delay with each byte.
        self._deadline = asyncio.get_running_loop().call_later(self._limits.head_timeout, self._too_late)
        self._listener._opened(self, self._limits.max_openings)
        if self._listener._closing:
            self.refuse(Rejection(503))

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._request is None:
            self._read_head()
        # A client need not wait for the answer before it sends frames, but not without end.
        elif len(self._received) > _EARLY:
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        self._listener._opening_gone(self)

    def refuse(self, rejection: Rejection) -> None:
        if self._ended:
            return
        response = write_rejection(rejection)
        self._end()
        self._transport.write(response)
        linger(self._transport, self._limits.close_timeout, lambda: self._listener._opening_gone(self))

    def abort(self) -> None:
        self._transport.abort()

    def _too_late(self) -> None:
        self.refuse(Rejection(408))

    def _read_head(self) -> None:
        try:
            if (split := split_head(self._received, self._limits.max_head)) is None:
                return
            head, rest = split
            self._received = bytearray(rest)
            self._request = read_request(
                head, self._address("peername"), self._address("sockname"), self._listener.scheme
            )
        except Rejection as rejection:
            self.refuse(rejection)
            return
        self._deadline.cancel()
        self._ask(self._with_certificate(self._request))

    def _with_certificate(self, request: Request) -> Request:
        tls: SSLObject | None = self._transport.get_extra_info("ssl_object")
        found = tls.getpeercert() if tls else None  # {} for one that was not verified
        if not tls or not found:
            return request
        return replace(request, peer_certificate=found, peer_certificate_der=tls.getpeercert(binary_form=True))

    def _ask(self, request: Request) -> None:
        try:
            answer = self._listener.accept(request)
        except Exception as exc:
            self._not_accepted(exc)
            return
        if isinstance(answer, Handshake):
            self._accept(request, answer)
        else:
            self._accepting = asyncio.get_running_loop().create_task(self._wait(request, answer))

    async def _wait(self, request: Request, answer: Awaitable[Handshake]) -> None:
        try:
            async with asyncio.timeout(self._limits.accept_timeout):
                handshake = await answer
        except TimeoutError:
            self.refuse(Rejection(503, "The request was not accepted in time"))
        except Exception as exc:
            self._not_accepted(exc)
        else:
            self._accept(request, handshake)

    def _not_accepted(self, exc: Exception) -> None:
        if isinstance(exc, Rejection):
            try:
                self.refuse(exc)
                return
            except InvalidHeader as invalid:
                exc = invalid
        logger.error("A WebSocket request could not be answered", exc_info=exc)
        self.refuse(Rejection(500))

    def _accept(self, request: Request, handshake: Handshake) -> None:
        if self._ended:
            return
        deflate = self._limits.deflate
        agreed = agree(deflate, request.get_all("Sec-WebSocket-Extensions")) if deflate else None
        agreement, extensions = agreed or (None, None)
        try:
            acceptance = write_acceptance(request, handshake.subprotocol, handshake.headers, extensions)
        except InvalidHeader as exc:
            self._not_accepted(exc)
            return
        self._end()
        self._transport.write(acceptance)
        self._transport.resume_reading()
        connection = open_connection(
            self._transport,
            handshake.handler_factory,
            client_side=False,
            limits=self._limits,
            subprotocol=handshake.subprotocol,
            deflate=agreement,
            received=bytes(self._received),
            on_gone=self._listener._connection_gone,
        )
        self._listener._established(self, connection)

    def _end(self) -> None:
        self._ended = True
        self._deadline.cancel()
        self._listener._waits_no_more(self)
        if self._accepting is not None and self._accepting is not asyncio.current_task():
            self._accepting.cancel()

    def _address(self, which: str) -> tuple[str, int]:
        address = self._transport.get_extra_info(which) or ("", 0)  # None: the client has gone already
        return address[0], address[1]
