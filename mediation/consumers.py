"""
The Channels consumer of the WebSocket inbound endpoints.

One class for both ways in. A port of an inbound endpoint (``listeners/websocket.py``) makes the consumer the handler
of its connection, and frames reach the session in one call. An ASGI server runs it as an application, at
``/inbound/NAME/PATH`` on the main port. Either way it only translates; the conversation is in
:class:`mediation.session.Session`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer

from mediation.headers import Headers
from mediation.inbound_endpoint import InboundEndpoint
from mediation.listeners.origin import origin_allowed
from mediation.session import Session
from mediation.transports.websocket import Handshake, Rejection, select_subprotocol
from mediation.transports.websocket.subprotocols import SUPPORTED

if TYPE_CHECKING:
    from mediation.runtime import Runtime
    from mediation.transports.websocket import Connection, Frame, Request

logger = logging.getLogger(__name__)

OUTGOING_HIGH_WATER: Final = 32
"""Frames that may wait for an ASGI server to take them before the back-ends are no longer read."""


def admit(runtime: Runtime, name: str, origin: str | None, host: str | None) -> InboundEndpoint:
    """
    The inbound endpoint that a handshake may go on with.

    Raises:
        Rejection: 404 for an endpoint that is not deployed, 503 for one that is suspended, 403 for a foreign origin.
    """
    inbound = runtime.environment.inbound_endpoint(name)
    if inbound is None:
        raise Rejection(404, "No such inbound endpoint")
    if inbound.suspended or runtime.draining:
        raise Rejection(503)
    if not origin_allowed(origin, host, (*runtime.options.allowed_origins, *inbound.allowed_origins)):
        raise Rejection(403, "This origin may not open a WebSocket here")
    return inbound


def accept(request: Request, name: str, runtime: Runtime) -> Handshake:
    """
    Answer a handshake on the port of an inbound endpoint.

    Raises:
        Rejection: see :func:`admit`.
    """
    inbound = admit(runtime, name, request.get("Origin"), request.get("Host"))
    subprotocol = select_subprotocol(request.subprotocols, SUPPORTED)

    def connected(connection: Connection) -> InboundConsumer:
        consumer = InboundConsumer(runtime)
        consumer.open(
            inbound,
            connection,
            headers=Headers(request.headers),
            target=request.target,
            url=f"{request.scheme}://{request.get('Host', '')}{request.target}",
            local=_address(request.local),
            remote=_address(request.remote),
            subprotocol=subprotocol,
        )
        return consumer

    return Handshake(connected, subprotocol)


class InboundConsumer(AsyncConsumer):
    """
    One WebSocket client of an inbound endpoint.

    Args:
        runtime: the running state, or a function that finds it when a client comes (ASGI routes are built before it
        exists).
    """

    session: Session

    def __init__(self, runtime: Runtime | Callable[[], Runtime | None]) -> None:
        self._runtime = runtime
        self._asgi: AsgiConnection | None = None

    def open(
        self,
        inbound: InboundEndpoint,
        connection: Any,
        *,
        headers: Headers,
        target: str,
        url: str,
        local: str,
        remote: str,
        subprotocol: str | None,
    ) -> None:
        """The handshake is done: the conversation begins."""
        runtime = self._runtime() if callable(self._runtime) else self._runtime
        assert runtime is not None, "a client was admitted, so there is a runtime"
        self.session = Session(
            runtime, inbound, connection, target=target, url=url, local=local, remote=remote, subprotocol=subprotocol
        )
        logger.info("%s %s opened", self.session.name, self.session.channel)
        self.session.opened(headers)

    # -- the handler of a connection on a port

    def frame_received(self, frame: Frame) -> None:
        self.session.received(frame)

    def connection_lost(self, code: int, reason: str) -> None:
        logger.info("%s %s closed with %d %s", self.session.name, self.session.channel, code, _printable(reason))
        self.session.closed(code, reason)

    def pause_writing(self) -> None:
        self.session.pause_writing()

    def resume_writing(self) -> None:
        self.session.resume_writing()

    # -- the ASGI application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """
        Serve one connection of an ASGI server.

        Events are handled one after the other in this task. Channels' own loop makes a task of each and hops to a
        thread before it, for a database that is not used here.
        """
        self.scope = scope
        self.base_send = send
        try:
            while True:
                await self.dispatch(await receive())
        except StopConsumer:
            pass
        finally:
            if self._asgi is not None:
                await self._asgi.end()

    async def dispatch(self, message: dict[str, Any]) -> None:
        handler = getattr(self, message["type"].replace(".", "_"), None)
        if handler is None:
            raise ValueError(f"no handler for the event {message['type']}")
        await handler(message)

    async def websocket_connect(self, event: dict[str, Any]) -> None:
        scope = self.scope
        headers = Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        name = scope["url_route"]["kwargs"]["name"]
        runtime = self._runtime() if callable(self._runtime) else self._runtime
        try:
            if runtime is None:
                raise Rejection(503)
            inbound = admit(runtime, name, headers.get("Origin"), headers.get("Host"))
        except Rejection as refused:
            logger.info("inboundendpoint:%s refused a handshake with %d", _printable(name), refused.status)
            await self.send({"type": "websocket.close", "code": 1013 if refused.status == 503 else 1008})
            raise StopConsumer from refused
        subprotocol = select_subprotocol(scope.get("subprotocols", ()), SUPPORTED)
        self._asgi = AsgiConnection(self.base_send, self)
        await self.send({"type": "websocket.accept", "subprotocol": subprotocol})
        target = _target(scope)
        self.open(
            inbound,
            self._asgi,
            headers=headers,
            target=target,
            url=f"{scope.get('scheme', 'ws')}://{headers.get('Host', '')}{target}",
            local=_address(scope.get("server")),
            remote=_address(scope.get("client")),
            subprotocol=subprotocol,
        )

    async def websocket_receive(self, event: dict[str, Any]) -> None:
        assert self._asgi is not None
        text = event.get("text")
        self.frame_received(event["bytes"] if text is None else text)
        # The server is asked for the next frame only when this client's messages do not pile up.
        await self._asgi.may_read.wait()

    async def websocket_disconnect(self, event: dict[str, Any]) -> None:
        if self._asgi is not None:
            self._asgi.lost()
            self.connection_lost(event.get("code", 1006), event.get("reason") or "")
        raise StopConsumer


class AsgiConnection:
    """
    A client's connection through an ASGI server.

    Frames wait in a queue for a task that hands them to the server one after the other.
    """

    def __init__(self, send: Any, consumer: InboundConsumer) -> None:
        self._send = send
        self._consumer = consumer
        self._queue: deque[dict[str, Any]] = deque()
        self._writer: asyncio.Task[None] | None = None
        self.may_read = asyncio.Event()
        self.may_read.set()
        self.closed = False
        self.writable = True

    def send(self, frame: Frame) -> None:
        if not self.closed:
            self._put({"type": "websocket.send", "text" if isinstance(frame, str) else "bytes": frame})

    def close(self, code: int | None = 1000, reason: str = "") -> None:
        if not self.closed:
            self._put({"type": "websocket.close", "code": 1000 if code is None else code, "reason": reason})
            self.closed = True
            self.may_read.set()

    def pause_reading(self) -> None:
        self.may_read.clear()

    def resume_reading(self) -> None:
        self.may_read.set()

    def lost(self) -> None:
        """The connection has gone: nothing can be written any more."""
        self.closed = True
        self._queue.clear()
        self.may_read.set()

    async def end(self) -> None:
        if self._writer is not None:
            await asyncio.wait([self._writer])

    def _put(self, event: dict[str, Any]) -> None:
        self._queue.append(event)
        if self.writable and len(self._queue) > OUTGOING_HIGH_WATER:
            self.writable = False
            self._consumer.pause_writing()
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._queue:
                await self._send(self._queue.popleft())
                if not self.writable and len(self._queue) <= OUTGOING_HIGH_WATER // 2:
                    self.writable = True
                    self._consumer.resume_writing()
        except Exception as exc:
            # The server says so in its own way when the peer has gone; its disconnect event follows.
            logger.debug("cannot write to %s: %s", self._consumer.session.channel, exc)
            self.lost()
        finally:
            self._writer = None


def _target(scope: dict[str, Any]) -> str:
    """The path behind ``/inbound/NAME``, as on the endpoint's own port, with the query."""
    path = "/" + scope["url_route"]["kwargs"].get("path", "").lstrip("/")
    query = scope.get("query_string", b"").decode("latin-1")
    return quote(path, safe="/:@!$&'()*+,;=~%") + (f"?{query}" if query else "")


def _address(address: Sequence[Any] | None) -> str:
    return "" if not address else f"{address[0]}:{address[1]}"


def _printable(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii")
