"""
The Channels consumer of the WebSocket inbound endpoints.

One class for both ways in. A port of an inbound endpoint (``listeners/websocket.py``) makes the consumer the handler
of its connection, and frames reach the session in one call. An ASGI server runs it as an application, at
``/inbound/NAME/PATH`` on the main port. Either way it only translates; the conversation is in
:class:`mediation.session.Session`.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer

from mediation.asgi_connection import AsgiConnection
from mediation.authentication.credentials import Attempt, forget
from mediation.client_certificate import certificate_properties
from mediation.headers import Headers
from mediation.inbound_endpoint import InboundEndpoint
from mediation.limit_parameters import CLOSE, DROP, WAIT
from mediation.listeners.forwarded import client_address, is_secure
from mediation.listeners.origin import origin_allowed
from mediation.message_rate import MessageRate
from mediation.outbox import Outbox
from mediation.relay import UnansweredConnection, negotiate
from mediation.session import Session
from mediation.transports.websocket import Handshake, Rejection

if TYPE_CHECKING:
    from mediation.identity import Identity
    from mediation.runtime import Runtime
    from mediation.transports.websocket import Connection, Frame, Request

logger = logging.getLogger(__name__)


def admit(runtime: Runtime, name: str, address: str, origin: str | None, host: str | None) -> InboundEndpoint:
    """
    The inbound endpoint that a handshake may go on with.

    Args:
        address: the client's IP address.

    Raises:
        Rejection: 404 for an endpoint that is not deployed, 503 for one that is suspended or has no room for one more,
            403 for a foreign origin.
    """
    inbound = runtime.environment.inbound_endpoint(name)
    if inbound is None:
        raise Rejection(404, "No such inbound endpoint")
    if inbound.suspended or runtime.draining:
        raise Rejection(503)
    if not origin_allowed(origin, host, (*runtime.options.allowed_origins, *inbound.allowed_origins)):
        raise Rejection(403, "This origin may not open a WebSocket here")
    runtime.clients.check(inbound, address)
    return inbound


async def identify(
    runtime: Runtime,
    inbound: InboundEndpoint,
    headers: Headers,
    address: str,
    certificate: Mapping[str, Any] | None = None,
    certificate_der: bytes | None = None,
) -> Identity:
    """
    Who the client is that wants to connect to this endpoint. The header that said so is taken out of ``headers``.

    Raises:
        Rejection: it may not connect; see :meth:`mediation.authentication.Gate.admit`.
    """
    origin, host = headers.get("Origin"), headers.get("Host")
    named = {*runtime.options.allowed_origins, *inbound.allowed_origins} - {"*"}
    same_origin = None if origin is None else origin_allowed(origin, host, named)
    label = f"inboundendpoint:{inbound.name}"
    attempt = Attempt(inbound.name, label, headers, address, certificate, certificate_der)
    identity = await runtime.gate.admit(attempt, inbound.access, same_origin)
    forget(identity, headers, inbound.access)
    return identity


def accept(request: Request, name: str, runtime: Runtime) -> Handshake | Awaitable[Handshake]:
    """
    Answer a handshake on the port of an inbound endpoint; at once, unless it has to be asked who the client is.

    Raises:
        Rejection: see :func:`admit`.
    """
    headers = Headers(request.headers)
    if runtime.options.trusted_proxies:
        peer, port = request.remote
        trusted = runtime.options.trusted_proxies
        scheme = "wss" if is_secure(peer, headers, trusted, request.scheme == "wss") else "ws"
        request = replace(request, remote=(client_address(peer, headers, trusted), port), scheme=scheme)
    inbound = admit(runtime, name, request.remote[0], request.get("Origin"), request.get("Host"))
    if inbound.access.open:
        return _handshake(request, inbound, runtime, headers, None)
    return _accept_identified(request, inbound, runtime, headers)


async def _accept_identified(
    request: Request, inbound: InboundEndpoint, runtime: Runtime, headers: Headers
) -> Handshake:
    identity = await identify(
        runtime, inbound, headers, request.remote[0], request.peer_certificate, request.peer_certificate_der
    )
    # Much may have happened meanwhile.
    inbound = admit(runtime, inbound.name, request.remote[0], request.get("Origin"), request.get("Host"))
    answer = _handshake(request, inbound, runtime, headers, identity)
    return answer if isinstance(answer, Handshake) else await answer


def _handshake(
    request: Request, inbound: InboundEndpoint, runtime: Runtime, headers: Headers, identity: Identity | None
) -> Handshake | Awaitable[Handshake]:
    certificate = request.peer_certificate_der
    caller = Caller(
        headers=headers,
        identity=identity,
        target=request.target,
        url=f"{request.scheme}://{request.get('Host', '')}{request.target}",
        local=_address(request.local),
        remote=_address(request.remote),
        offered=request.subprotocols,
        properties=certificate_properties(certificate) if certificate else {},
    )
    if inbound.conversation.relays_subprotocols and caller.offered:
        return _relay(inbound, runtime, caller)
    subprotocol = inbound.conversation.select_subprotocol(caller.offered)

    def connected(connection: Connection) -> InboundConsumer:
        consumer = InboundConsumer(runtime)
        consumer.open(inbound, connection, caller, subprotocol)
        return consumer

    return Handshake(connected, subprotocol)


async def _relay(inbound: InboundEndpoint, runtime: Runtime, caller: Caller) -> Handshake:
    """Answer when the back-end has chosen a sub-protocol; what else it has to say waits until then."""
    consumer = InboundConsumer(runtime)
    subprotocol = await consumer.negotiate(inbound, caller)

    def connected(connection: Connection) -> InboundConsumer:
        consumer.answered(connection)
        return consumer

    return Handshake(connected, subprotocol)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks for a conversation, and how; see :class:`mediation.session.Session`."""

    headers: Headers
    identity: Identity | None
    target: str
    url: str
    local: str
    remote: str
    offered: Sequence[str]
    properties: Mapping[str, Any] = field(default_factory=dict)


class InboundConsumer(AsyncConsumer):
    """
    One WebSocket client of an inbound endpoint.

    Args:
        runtime: the running state, or a function that finds it when a client comes (ASGI routes are built before it
        exists).
    """

    session: Session
    _connection: Any
    frame_received: Callable[[Frame], None]
    """A message of the client; goes to the session, without a stop here."""

    def __init__(self, runtime: Runtime | Callable[[], Runtime | None]) -> None:
        self._runtime = runtime
        self._asgi: AsgiConnection | None = None
        self._outbox: Outbox | None = None
        self._rate: MessageRate | None = None

    def open(self, inbound: InboundEndpoint, connection: Any, caller: Caller, subprotocol: str | None) -> None:
        """The handshake is done: the conversation begins."""
        self._connection = connection
        self._make_session(inbound, self._limited(inbound, connection), caller, subprotocol=subprotocol)
        if self.session.passes_control_frames:
            connection.pass_control_frames(self.session.control_received)
        logger.info("%s %s opened", self.session.name, self.session.channel)
        self.session.opened(caller.headers)

    async def negotiate(self, inbound: InboundEndpoint, caller: Caller) -> str | None:
        """
        The conversation begins before the handshake is done, because its sub-protocols are relayed.

        Returns:
            The sub-protocol to answer with; :meth:`answered` is next.

        Raises:
            Rejection: the conversation is over.
        """
        self._unanswered = UnansweredConnection()
        self._make_session(inbound, self._unanswered, caller, offered=caller.offered)
        return await negotiate(self.session, self._unanswered, caller.headers, caller.offered)

    def answered(self, connection: Any) -> None:
        """The handshake is done, at last."""
        self._connection = connection
        logger.info("%s %s opened", self.session.name, self.session.channel)
        if self.session.passes_control_frames:
            connection.pass_control_frames(self.session.control_received)
        connection = self._limited(self.session.inbound, connection)
        self._unanswered.hand_over(connection)
        self.session.connect(connection)

    def _make_session(self, inbound: InboundEndpoint, connection: Any, caller: Caller, **subprotocols: Any) -> None:
        runtime = self._runtime() if callable(self._runtime) else self._runtime
        assert runtime is not None, "a client was admitted, so there is a runtime"
        self.session = Session(
            runtime,
            inbound,
            connection,
            target=caller.target,
            url=caller.url,
            local=caller.local,
            remote=caller.remote,
            properties=caller.properties,
            identity=caller.identity,
            **subprotocols,
        )
        self.frame_received = self.session.received
        rate = inbound.limits.max_message_rate
        if rate := runtime.options.max_message_rate if rate is None else rate:
            refuse = self._refuse if inbound.limits.message_rate_policy == CLOSE else None
            self._rate = MessageRate(rate, self.session.received, self.session.reading, refuse)
            self.frame_received = self._rate.received

    def _limited(self, inbound: InboundEndpoint, connection: Any) -> Any:
        """The connection as the session sees it: with a queue before it, if its back-ends are not to wait."""
        runtime = self._runtime() if callable(self._runtime) else self._runtime
        limits = inbound.limits
        if runtime is None or limits.queue_policy == WAIT:
            return connection
        size = limits.max_queue or runtime.options.max_queue_bytes
        self._outbox = Outbox(connection, size, drops=limits.queue_policy == DROP)
        return self._outbox

    def _refuse(self) -> None:
        self.session.close(1008, "too many messages")

    # -- the handler of a connection on a port

    def connection_lost(self, code: int, reason: str) -> None:
        if self._rate is not None:
            self._rate.end()
        # Who looks for the reason of an end wants what was said first, not what was answered to it.
        said, why = self._connection.close_begun or (code, reason)
        logger.info("%s %s closed with %d %s", self.session.name, self.session.channel, said, _printable(why))
        self.session.closed(code, reason)

    def pause_writing(self) -> None:
        if self._outbox is None:
            self.session.pause_writing()

    def resume_writing(self) -> None:
        if self._outbox is None:
            self.session.resume_writing()
        else:
            self._outbox.resume()

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
            peer, port = scope.get("client") or ("", 0)
            trusted = runtime.options.trusted_proxies
            address = client_address(peer, headers, trusted)
            scope["client"] = (address, port)
            scope["scheme"] = "wss" if is_secure(peer, headers, trusted, scope.get("scheme") == "wss") else "ws"
            inbound = admit(runtime, name, address, headers.get("Origin"), headers.get("Host"))
            if inbound.protocol == "wss":
                # Nothing here demands what the endpoint's own port demands, such as a certificate of the client.
                raise Rejection(403, "This endpoint is reached with TLS, on its own port")
            identity = None
            if not inbound.access.open:
                identity = await identify(runtime, inbound, headers, address)
                inbound = admit(runtime, name, address, headers.get("Origin"), headers.get("Host"))
            caller = _asgi_caller(scope, headers, identity)
            relays = inbound.conversation.relays_subprotocols and bool(caller.offered)
            if relays:
                subprotocol = await self.negotiate(inbound, caller)
            else:
                subprotocol = inbound.conversation.select_subprotocol(caller.offered)
        except Rejection as refused:
            if refused.status != 429:  # who is refused for being wrong too often shall not fill the log as well
                logger.info("inboundendpoint:%s refused a handshake with %d", _printable(name), refused.status)
            await self._deny(refused)
            raise StopConsumer from refused
        self._asgi = AsgiConnection(self.base_send, self, f"{name} {address}")
        await self.send({"type": "websocket.accept", "subprotocol": subprotocol})
        if relays:
            self.answered(self._asgi)
        else:
            self.open(inbound, self._asgi, caller, subprotocol)

    async def _deny(self, refused: Rejection) -> None:
        """Answer with the status if the server knows how (ASGI, Websocket Denial Response); others answer 403."""
        if "websocket.http.response" not in self.scope.get("extensions", {}):
            await self.send({"type": "websocket.close", "code": 1013 if refused.status == 503 else 1008})
            return
        headers = [("Content-Type", "text/plain; charset=utf-8"), *refused.headers]
        await self.send(
            {
                "type": "websocket.http.response.start",
                "status": refused.status,
                "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
            }
        )
        await self.send({"type": "websocket.http.response.body", "body": refused.text.encode()})

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


def _asgi_caller(scope: dict[str, Any], headers: Headers, identity: Identity | None) -> Caller:
    target = _target(scope)
    return Caller(
        headers=headers,
        identity=identity,
        target=target,
        url=f"{scope.get('scheme', 'ws')}://{headers.get('Host', '')}{target}",
        local=_address(scope.get("server")),
        remote=_address(scope.get("client")),
        offered=scope.get("subprotocols", ()),
    )


def _target(scope: dict[str, Any]) -> str:
    """The path behind ``/inbound/NAME``, as on the endpoint's own port, with the query."""
    path = "/" + scope["url_route"]["kwargs"].get("path", "").lstrip("/")
    query = scope.get("query_string", b"").decode("latin-1")
    return quote(path, safe="/:@!$&'()*+,;=~%") + (f"?{query}" if query else "")


def _address(address: Sequence[Any] | None) -> str:
    return "" if not address else f"{address[0]}:{address[1]}"


def _printable(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii")
