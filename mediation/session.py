"""One WebSocket client's conversation: its messages in, the back-ends' messages out, and both ends."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol

from mediation import flow
from mediation.client_messages import ClientMessages
from mediation.control_frames import ControlFrame, control_frame, mark_close, mark_control_frame
from mediation.errors import ConnectionFailed, MediationError
from mediation.handlers import ClientHandlers, HandledClient
from mediation.headers import Headers
from mediation.inbound_endpoint import InboundEndpoint
from mediation.inbox import Inbox, Reading
from mediation.mediators.sequence import NamedSequence
from mediation.message import MessageContext
from mediation.properties import (
    BINARY_FRAME,
    BINARY_FRAME_PRESENT,
    CLIENT_ERROR_CODE,
    CLOSE_CLIENT,
    CLOSE_CODE,
    CLOSE_FRAME_REASON,
    CLOSE_FRAME_STATUS,
    CLOSE_REASON,
    CONNECTION_TERMINATE,
    ERROR_MESSAGE,
    FORWARD_ORIGINAL_FRAME,
    MESSAGE_TYPE,
    PING_FRAME_PRESENT,
    PONG_FRAME_PRESENT,
    SOURCE_HANDSHAKE,
    TARGET_HANDSHAKE,
    TEXT_FRAME,
    TEXT_FRAME_PRESENT,
    is_true,
)
from mediation.routes import Route, find_route
from mediation.transports.websocket import is_close_code
from mediation.transports.websocket.pool import Backend, BackendPool
from mediation.transports.websocket.sender import close_of
from mediation.transports.websocket.subprotocols import offer

if TYPE_CHECKING:
    from mediation.environment import Environment
    from mediation.identity import Identity
    from mediation.runtime import Runtime
    from mediation.transports.websocket import Frame

logger = logging.getLogger(__name__)


class ClientConnection(Protocol):
    """The client's connection, as a session needs it: a port of ours, or an ASGI server's."""

    @property
    def closed(self) -> bool: ...

    @property
    def writable(self) -> bool: ...

    def send(self, frame: Frame) -> None: ...

    def close(self, code: int | None = 1000, reason: str = "") -> None: ...

    def ping(self, payload: bytes = b"") -> None: ...

    def pong(self, payload: bytes = b"") -> None: ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Session:
    """
    One WebSocket client's conversation. Used on the event loop only.

    Frames of the client run through the inbound sequence one after the other, and frames of each back-end through the
    outflow sequence likewise. Every message sees the configuration that is current when its turn comes.

    Args:
        inbound: the endpoint that the client came in through; a newer version of it takes over with the next message.
        connection: closed by whoever ends the conversation first; the session never outlives it by more than the
            messages that are under way.
        target: request path with query, as sent.
        url: as the client called it, such as ``ws://host:9091/path``.
        local, remote: ``host:port`` texts.
        subprotocol: the negotiated one. The client cannot know it yet when its sub-protocols are relayed: see
            :meth:`agreed`.
        offered: the sub-protocols to relay to the back-end; none are by default.
        properties: what every message of this client has besides, in the scopes default and axis2.
        identity: who the client has proved to be; its messages say so on both legs.
    """

    def __init__(
        self,
        runtime: Runtime,
        inbound: InboundEndpoint,
        connection: ClientConnection,
        *,
        target: str,
        url: str,
        local: str = "",
        remote: str = "",
        subprotocol: str | None = None,
        offered: Sequence[str] = (),
        properties: Mapping[str, Any] = MappingProxyType({}),
        identity: Identity | None = None,
    ) -> None:
        self._runtime = runtime
        self._connection = connection
        self._reading = Reading(connection)
        self._inbox = Inbox(self._reading)
        self._backlog = 0
        self._ended = False
        self._environment: Environment | None = None  # that the last message saw
        self._route: Route
        self.identity = identity
        self.inbound_name = inbound.name
        self.name = f"inboundendpoint:{inbound.name}"
        self.path = target.partition("?")[0]
        self.address = remote.rpartition(":")[0]
        self.channel = f"[id: 0x{uuid.uuid4().hex[:8]}, L:/{local} - R:/{remote}]"
        self.backends = BackendPool(self, exact=False, limits=runtime.limits)
        self.backends.persisting = self._make_room
        self.handshake_headers: Headers | None = Headers()
        self._handlers: ClientHandlers | None = None
        self._target = target
        self._messages = ClientMessages(
            self,
            inbound,
            channel=self.channel,
            target=target,
            url=url,
            properties=properties,
            identity={} if identity is None else identity.properties(),
            relays=bool(offered),
        )
        self._inbound = inbound
        self._agree(subprotocol, offer(offered) if offered else subprotocol)

    def _agree(self, subprotocol: str | None, told: str | None) -> None:
        self._subprotocol = subprotocol
        self._messages.agree(subprotocol, told)
        self._configure(self._inbound)

    def agreed(self, subprotocol: str | None) -> None:
        """The client's sub-protocols were relayed, and this is the one that it gets."""
        self._agree(subprotocol, subprotocol)

    def _configure(self, inbound: InboundEndpoint) -> None:
        """Follow this version of the endpoint from now on."""
        self._inbound = inbound
        self._messages.configure(inbound)
        self.backends.retry = inbound.conversation.retry
        self.backends.idle_timeout = inbound.limits.backend_idle_timeout
        self._max_backlog = inbound.limits.max_queue or self._runtime.options.max_queue_bytes
        self._injects_lifecycle = inbound.inject_lifecycle == "all"
        self._fault_handler = NamedSequence(inbound.on_error, "fault")
        self._outflow = NamedSequence(inbound.outflow_sequence, "main")
        self._outflow_fault_handler = NamedSequence(inbound.outflow_fault_sequence, "fault")
        self._environment = None  # the next message finds its route anew

    # -- what the client does

    def opened(self, headers: Headers) -> None:
        """The handshake is done. Runs the handshake message, whose ``<send>`` opens the back-end."""
        self._runtime.sessions.add(self)
        self._runtime.clients.enter(self.inbound_name, self.address)
        self._runtime.subscribers.add(self)
        self.handshake_headers = headers
        self._messages.remember(headers)
        self._configure(self._inbound)
        self._handlers = self._make_handlers(headers)
        if self._injects_lifecycle:
            self._inbox.put(self._handshake, headers)

    def connect(self, connection: ClientConnection) -> None:
        """The conversation began before its connection could be used; now it can."""
        self._connection = connection
        self._reading.change(connection)
        if connection.writable:
            self.resume_writing()

    @property
    def inbound(self) -> InboundEndpoint:
        """The version of the endpoint that the last message saw."""
        return self._inbound

    def _make_handlers(self, headers: Headers) -> ClientHandlers | None:
        conversation = self._inbound.conversation
        pipeline, own = conversation.pipeline_handler, conversation.subprotocol_handler(self._subprotocol)
        if pipeline is None and own is None:
            return None
        client = HandledClient(self._target, headers, self._subprotocol, self._send, self._close_for_handler)
        self._messages.handled = client
        handlers = ClientHandlers(client, pipeline, own)
        handlers.opened()
        return handlers

    def _send(self, frame: Frame) -> None:
        self._connection.send(frame)

    def _close_for_handler(self, code: int = 1000, reason: str = "") -> None:
        self._connection.close(code, reason)

    def received(self, frame: Frame) -> None:
        """A whole message came. Answers at once; what has to wait waits in order."""
        self._inbox.put(self._frame, frame)

    @property
    def passes_control_frames(self) -> bool:
        """Whether :meth:`control_received` wants the client's pings and pongs."""
        return self._inbound.conversation.passes_control_frames

    def control_received(self, is_ping: bool, payload: bytes) -> None:
        """A ping, which nobody else answers, or a pong."""
        self._inbox.put(self._control, ControlFrame(is_ping, payload))

    def closed(self, code: int, reason: str) -> None:
        """
        The connection has ended.

        Args:
            code: of the client's Close; 1005 if that had none, 1006 if there was no Close.
        """
        if self._ended:
            return
        self._ended = True
        self._runtime.subscribers.discard(self)
        self._runtime.clients.leave(self.inbound_name, self.address)
        self.backends.give_up()
        self._inbox.put(self._terminate, code, reason)

    def pause_writing(self) -> None:
        """The client reads too slowly: stop reading all that makes it get more, its back-ends and itself."""
        self._reading.hold(self)
        for backend in self.backends:
            backend.reading.hold(self)

    def resume_writing(self) -> None:
        self._backlog = 0
        self._reading.release(self)
        for backend in self.backends:
            backend.reading.release(self)

    def _make_room(self, persisting: bool) -> None:
        """Messages for a back-end that is being connected again have more room to wait."""
        self._inbox.make_room(self._inbound.conversation.reconnect_buffer if persisting else 0)

    # -- what others do

    def close(self, code: int | None = 1000, reason: str = "") -> None:
        """Send the client a Close; the rest follows when the connection has ended."""
        self._connection.close(code, reason)

    @property
    def reading(self) -> Reading:
        """Held by whoever cannot take more of the client's frames."""
        return self._reading

    @property
    def connected(self) -> bool:
        return not self._connection.closed

    def identified(self, identity: Identity) -> None:
        """The client is still who it was, but something about it has changed, such as its groups."""
        self.identity = identity
        self._messages.identify(identity.properties())
        self._configure(self._inbound)

    async def finished(self) -> None:
        """Wait until every event that came has been dealt with."""
        await self._inbox.join()

    def broadcast(self, frame: Frame) -> None:
        """
        Send a frame that another client's message sends to this one too.

        A client that lags more behind than ``ws.max.queue.size`` gets Close 1013.
        """
        if not self._connection.writable:
            self._backlog += len(frame)
            if self._backlog > self._max_backlog:
                self._connection.close(1013, "reads too slowly")
                return
        self._connection.send(frame)

    # -- messages of the client

    def _current_environment(self) -> Environment:
        """The configuration for the next message, with this client's endpoint as it is there."""
        environment = self._runtime.environment
        if environment is not self._environment:
            inbound = environment.inbound_endpoint(self.inbound_name)
            if inbound is not self._inbound and inbound is not None:
                self._configure(inbound)
            headers = self.handshake_headers or Headers()
            self._route = find_route(environment, self._runtime.apis(), self._inbound, self._target, headers)
            self._environment = environment
        return environment

    def _handshake(self, headers: Headers) -> Awaitable[None] | None:
        ctx = self._messages.handshake(self._current_environment(), headers)
        return self._run(self._route.request.mediate, ctx, self._fault_handler)

    def _frame(self, frame: Frame) -> Awaitable[None] | None:
        ctx = self._messages.frame(self._current_environment(), frame)
        if self._messages.negotiated_type is not None and not isinstance(frame, str):
            return self._run(self._refuse_binary, ctx, self._fault_handler)
        if self._handlers is None:
            return self._run(self._route.request.mediate, ctx, self._fault_handler)
        return self._run(partial(self._handlers.mediate, then=self._route.request.mediate), ctx, self._fault_handler)

    def _control(self, frame: ControlFrame) -> Awaitable[None] | None:
        ctx = self._messages.new(self._current_environment())
        mark_control_frame(ctx, frame)
        return self._run(self._route.request.mediate, ctx, self._fault_handler)

    def _refuse_binary(self, ctx: MessageContext) -> flow.Outcome:
        raise MediationError(f"a binary frame came, but the sub-protocol says {self._messages.negotiated_type}")

    def _terminate(self, code: int, reason: str) -> Awaitable[None] | None:
        ctx = self._messages.disconnect(self._current_environment(), code, reason)
        waiting = self._run(self._route.request.mediate, ctx, self._fault_handler) if self._injects_lifecycle else None
        if waiting is not None:
            return self._end_after(waiting, ctx)
        self._end(ctx)
        return None

    async def _end_after(self, waiting: Awaitable[None], ctx: MessageContext) -> None:
        try:
            await waiting
        finally:
            self._end(ctx)

    def _end(self, ctx: MessageContext) -> None:
        # What the sequence did not close itself is closed here: a client's back-ends never outlive it.
        self.backends.close(*close_of(ctx))
        self._runtime.sessions.discard(self)
        if self._handlers is not None:
            self._handlers.closed()

    # -- running a leg

    def _run(
        self, body: Callable[[MessageContext], flow.Outcome], ctx: MessageContext, handler: flow.FaultHandler
    ) -> Awaitable[None] | None:
        outcome = flow.run_leg(body, ctx, handler)
        if not isinstance(outcome, bool) or ctx.unfinished:
            return self._go_on(outcome, ctx)
        if ctx.failure is not None:
            self._close_if_unreachable(ctx)
        return None

    async def _go_on(self, outcome: flow.Outcome, ctx: MessageContext) -> None:
        try:
            if not isinstance(outcome, bool):
                await outcome
            if ctx.unfinished:
                # Not for groups: what they wait for may be the next frame.
                await ctx.branches.join(groups=False)
        finally:
            ctx.end()
        if ctx.failure is not None:
            self._close_if_unreachable(ctx)

    def _close_if_unreachable(self, ctx: MessageContext) -> None:
        """
        Tell the client that its WebSocket back-end cannot be reached: Close 1014.

        Not if a fault sequence has found it another one.
        """
        failure = ctx.failure
        if not isinstance(failure, ConnectionFailed) or not failure.uri.startswith(("ws:", "wss:")):
            return
        if not any(backend.usable for backend in self.backends):
            self._connection.close(1014, failure.reason)

    # -- Client: what mediators ask

    def handed_over(self, ctx: MessageContext) -> None:
        """A WebSocket client waits for nothing."""

    def response_received(self, response: MessageContext, receive: str | None) -> None:
        # The answer of an HTTP back-end takes the way of the back-ends' frames, unless <send> or an API names another.
        step = NamedSequence(receive, "main") if receive else self._route.response or self._outflow
        handler = self._route.fault or self._outflow_fault_handler
        response.answers += 1
        body = _going_in_circles if response.answers > flow.MAX_ANSWERS else step.mediate
        response.branches.later(partial(flow.run_leg, body, response, handler))

    def reply(self, ctx: MessageContext) -> None:
        """
        Answer ``<respond/>``: a frame, a Close, or nothing, in this order of rules (``docs/websocket.md``, respond).

        Raises:
            MediationError: the sequence asks for a close code that does not exist.
        """
        properties = ctx.properties
        if CLIENT_ERROR_CODE in properties and ERROR_MESSAGE in properties:
            self._close_by_sequence(properties[CLIENT_ERROR_CODE], properties[ERROR_MESSAGE])
            return
        is_control = PING_FRAME_PRESENT in properties or PONG_FRAME_PRESENT in properties or CLOSE_CLIENT in properties
        if is_control and self._reply_control(properties):
            return
        if SOURCE_HANDSHAKE in properties or TARGET_HANDSHAKE in properties or CONNECTION_TERMINATE in properties:
            logger.debug("%s respond on a handshake or disconnect message writes nothing", self.channel)
            return
        is_frame = properties.get(TEXT_FRAME_PRESENT) is True or properties.get(BINARY_FRAME_PRESENT) is True
        if not is_frame and CLOSE_FRAME_STATUS in properties and CLOSE_FRAME_REASON in properties:
            self._close_by_sequence(properties[CLOSE_FRAME_STATUS], properties[CLOSE_FRAME_REASON])
            return
        self._write(self._reply_frame(ctx))

    def _reply_control(self, properties: Mapping[str, Any]) -> bool:
        frame = control_frame(properties)
        if frame is not None:
            (self._connection.ping if frame.is_ping else self._connection.pong)(frame.payload)
        elif is_true(properties.get(CLOSE_CLIENT)):
            self._close_by_sequence(properties.get(CLOSE_CODE, 1000), properties.get(CLOSE_REASON, ""))
        else:
            return False
        return True

    def _reply_frame(self, ctx: MessageContext) -> Frame:
        payload = ctx.payload
        if payload.raw is None and is_true(ctx.properties.get(FORWARD_ORIGINAL_FRAME)):
            for name in (TEXT_FRAME, BINARY_FRAME):
                frame = ctx.properties.get(name)
                if isinstance(frame, str | bytes):
                    return frame
        return payload.as_frame(ctx.axis2.get(MESSAGE_TYPE))

    def _write(self, frame: Frame) -> None:
        level = self._inbound.broadcast_level
        if level == 0:
            self._connection.send(frame)
            return
        for session in self._runtime.subscribers.on_path(self.inbound_name, self.path):
            if session is not self:
                session.broadcast(frame)
            elif level == 1:
                self._connection.send(frame)
        if self._runtime.broadcasts is not None:
            self._runtime.broadcasts.publish(self.inbound_name, self.path, frame)

    def _close_by_sequence(self, code: object, reason: object) -> None:
        try:
            number = int(float(str(code)))  # what XPath computes is 4000.0
        except (ValueError, OverflowError):
            number = 0
        if not is_close_code(number):
            self._connection.close(1011, "mediation failed")
            raise MediationError(f'a sequence asked for a Close with the code "{code}", which none can carry')
        self._connection.close(number, str(reason))

    # -- BackendOwner: what back-ends do

    def backend_opened(self, backend: Backend) -> Awaitable[None] | None:
        if not self._connection.writable:
            backend.reading.hold(self)
        return self._run_outflow(self._messages.acknowledge(self._current_environment(), backend))

    def backend_received(self, backend: Backend, frame: Frame) -> Awaitable[None] | None:
        return self._run_outflow(self._messages.backend_frame(self._current_environment(), backend, frame))

    def backend_lost(self, backend: Backend, code: int, reason: str) -> Awaitable[None] | None:
        if self.backends.retry.attempts and code in LOST and not self._ended:
            return self._reopen(backend, code, reason)
        return self._tell_lost(backend, code, reason)

    async def _reopen(self, backend: Backend, code: int, reason: str) -> None:
        """Connect again at once: this back-end may have something to say that nobody asks for."""
        try:
            await self.backends.open(backend.uri, backend.opening)
        except MediationError:
            waiting = self._tell_lost(backend, code, reason)
            if waiting is not None:
                await waiting

    def _tell_lost(self, backend: Backend, code: int, reason: str) -> Awaitable[None] | None:
        propagates = self._inbound.propagate_close
        if code != 1006:
            sendable = 1000 if code == 1005 else code
            waiting = self._close_message(backend, sendable, reason) if self.passes_control_frames else None
            if not propagates:
                return waiting
            return self._close_now_or_after(waiting, sendable, reason)
        ctx = self._messages.of_backend(self._current_environment(), backend)
        waiting = self._run(_terminated, ctx, self._outflow_fault_handler)
        return self._close_now_or_after(waiting, 1014, BACKEND_TERMINATED) if propagates else waiting

    def _close_message(self, backend: Backend, code: int, reason: str) -> Awaitable[None] | None:
        ctx = self._messages.of_backend(self._current_environment(), backend)
        mark_close(ctx, code, reason)
        return self._run_outflow(ctx)

    def _close_now_or_after(self, waiting: Awaitable[None] | None, code: int, reason: str) -> Awaitable[None] | None:
        if waiting is not None:
            return self._close_after(waiting, code, reason)
        self._connection.close(code, reason)
        return None

    async def _close_after(self, waiting: Awaitable[None], code: int, reason: str) -> None:
        try:
            await waiting
        finally:
            self._connection.close(code, reason)

    def backend_control(self, backend: Backend, frame: ControlFrame) -> Awaitable[None] | None:
        ctx = self._messages.of_backend(self._current_environment(), backend)
        mark_control_frame(ctx, frame)
        return self._run_outflow(ctx)

    def _run_outflow(self, ctx: MessageContext) -> Awaitable[None] | None:
        return self._run(self._outflow.mediate, ctx, self._outflow_fault_handler)


LOST: Final = frozenset({1001, 1006, 1011, 1012, 1013, 1014})
"""Ends of a back-end's connection that its owner did not mean: it goes away, breaks down, or is restarted."""

BACKEND_TERMINATED: Final = "Websocket server terminated"


def _terminated(ctx: MessageContext) -> flow.Outcome:
    raise MediationError(BACKEND_TERMINATED, code=1001)


def _going_in_circles(ctx: MessageContext) -> flow.Outcome:
    raise MediationError(
        f"{flow.MAX_ANSWERS} answers of back-ends to one message; does the outflow sequence send to a back-end?"
    )
