"""
Daphne's server for the main port, with what a gateway cannot live with mended.

Stock daphne drops empty WebSocket messages, the headers of an accept and the reason of a close, turns most close codes
into 1011, cannot send messages larger than it receives, reads without limit from a client that is faster than the
application and writes without limit to one that is slower, pongs included; it refuses handshakes with 403 and nothing
else, and waits for a request as long as a byte of it comes every minute.
"""

from __future__ import annotations

import asyncio
import sys
import time
from functools import partial
from http import HTTPStatus

from daphne.http_protocol import HTTPFactory
from daphne.server import Server
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from mediation.inbox import Reading
from mediation.listeners.holder import port_holder
from mediation.options import Options
from mediation.transports.websocket import Limits

from .http_channel import PunctualHttpChannel

QUEUE_HIGH, QUEUE_LOW = 32, 8
"""Messages that wait for the application when the client is no longer read, and when it is again."""

LIMITS = Limits()
"""What holds for all clients, here as on the ports of inbound endpoints."""


class MainPortServer(Server):
    """A port that cannot be opened ends the process with 1, and says who holds it."""

    failed = False

    def run(self) -> None:
        super().run()
        if self.failed:
            sys.exit(1)

    def listen_error(self, failure) -> None:
        self.failed = True
        where = "the main port"
        port = getattr(failure.value, "port", None)
        holder = port_holder(port) if port else None
        if holder:
            where = f"port {port}, which {holder} holds"
        sys.stderr.write(f"Cannot open {where}: {failure.getErrorMessage()}\n")
        self.stop()

    def create_application(self, protocol, scope):
        if not isinstance(protocol, MendedWebSocketProtocol):
            return super().create_application(protocol, scope)
        queue = _Inbox(protocol)
        scope["asgi"] = {"version": "3.0"}
        scope["extensions"] = {"websocket.http.response": {}}
        instance = self.application(scope=scope, receive=queue.get, send=partial(self.handle_reply, protocol))
        if protocol not in self.connections:
            instance.close()
            return None
        self.connections[protocol]["application_instance"] = asyncio.ensure_future(instance)
        return queue

    async def handle_reply(self, protocol, message) -> None:
        await super().handle_reply(protocol, message)
        if isinstance(protocol, MendedWebSocketProtocol):
            await protocol.may_write.wait()

    @property
    def http_factory(self) -> HTTPFactory:
        return self._http_factory

    @http_factory.setter
    def http_factory(self, factory: HTTPFactory) -> None:
        seconds = Options.from_settings().handshake_seconds
        factory.protocol = lambda: PunctualHttpChannel(seconds)
        self._http_factory = factory

    @property
    def ws_factory(self) -> WebSocketFactory:
        return self._ws_factory

    @ws_factory.setter
    def ws_factory(self, factory: WebSocketFactory) -> None:
        # run() makes its factory and there is no other place to say which protocol it shall use.
        factory.protocol = MendedWebSocketProtocol
        factory.setProtocolOptions(failByDrop=False)
        self._ws_factory = factory


@implementer(IPushProducer)
class MendedWebSocketProtocol(WebSocketProtocol):
    """A WebSocket client of the main port."""

    def onConnect(self, request):
        self.begin()
        # The producer of the HTTP connection that this was knows nothing of frames.
        self.transport.unregisterProducer()
        self.transport.registerProducer(self, True)
        return super().onConnect(request)

    def begin(self) -> None:
        """The connection is this protocol's."""
        self.may_write = asyncio.Event()
        self.may_write.set()
        self.reading = Reading(_TransportReader(self.transport))
        self._stalled = None
        self._controls, self._controls_until = 0, 0.0

    def handle_reply(self, message) -> None:
        kind = message["type"]
        if kind == "websocket.accept" and message.get("headers"):
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in message["headers"]}
            self.serverAccept((message.get("subprotocol"), headers))
        elif kind == "websocket.http.response.start":
            self.denial = message
        elif kind == "websocket.http.response.body":
            self.deny(self.denial["status"], self.denial.get("headers", ()), message.get("body", b""))
        elif kind == "websocket.close" and self.state == self.STATE_OPEN:
            reason = (message.get("reason") or "").encode()[:123].decode(errors="ignore").encode()
            code = message.get("code")
            self.sendCloseFrame(code=1000 if code is None else code, reasonUtf8=reason, isReply=False)
        elif kind == "websocket.send" and self.state == self.STATE_OPEN:
            text = message.get("text")
            # Not sendMessage(), which holds what is sent against the limit for what is received.
            if text is not None:
                self.sendFrame(opcode=1, payload=text.encode())
            else:
                self.sendFrame(opcode=2, payload=bytes(message["bytes"]))
        else:
            super().handle_reply(message)

    def deny(self, status, headers, body: bytes) -> None:
        """Refuse the handshake with more than autobahn's 403: with a status, headers and a body."""
        del self.handshake_deferred
        self.server.protocol_disconnected(self)
        lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
        lines += [("Content-Length", str(len(body))), ("Connection", "close")]
        self.sendHttpErrorResponse(status, HTTPStatus(status).phrase, lines)
        self.sendData(body)
        self.dropConnection(abort=False)

    def onPing(self, payload: bytes) -> None:
        if self._may_say_more():
            super().onPing(payload)

    def onPong(self, payload: bytes) -> None:
        if self._may_say_more():
            super().onPong(payload)

    def _may_say_more(self) -> bool:
        """Whether the client may send this ping or pong; one that sends too many is closed."""
        now = time.monotonic()
        if now >= self._controls_until:
            self._controls, self._controls_until = 0, now + 1
        self._controls += 1
        if self._controls > LIMITS.max_control_rate and self.state == self.STATE_OPEN:
            reason = f"more than {LIMITS.max_control_rate} pings and pongs in a second"
            self.sendCloseFrame(code=1008, reasonUtf8=reason.encode(), isReply=False)
        return self._controls <= LIMITS.max_control_rate

    def onClose(self, was_clean, code, reason):
        self.stopProducing()
        super().onClose(was_clean, code, reason)

    # -- IPushProducer: the transport says when its buffer is full

    def pauseProducing(self) -> None:
        self.may_write.clear()
        # A client that does not read what it makes us write, pongs for example, would fill our memory.
        self.reading.hold(self)
        if self._stalled is None:
            self._stalled = asyncio.get_running_loop().call_later(LIMITS.stall_timeout, self.transport.abortConnection)

    def resumeProducing(self) -> None:
        self.stopProducing()
        self.reading.release(self)

    def stopProducing(self) -> None:
        self.may_write.set()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None


class _TransportReader:
    """Twisted's words for reading or not."""

    def __init__(self, transport) -> None:
        self.pause_reading = transport.pauseProducing
        self.resume_reading = transport.resumeProducing


class _Inbox(asyncio.Queue):
    """Events for the application; a full one stops the reading of the connection."""

    def __init__(self, protocol: MendedWebSocketProtocol) -> None:
        super().__init__()
        self._protocol = protocol
        self._paused = False

    def put_nowait(self, event) -> None:
        super().put_nowait(event)
        if not self._paused and self.qsize() >= QUEUE_HIGH:
            self._paused = True
            self._protocol.reading.hold(self)

    async def get(self):
        event = await super().get()
        if self._paused and self.qsize() <= QUEUE_LOW:
            self._paused = False
            self._protocol.reading.release(self)
        return event
