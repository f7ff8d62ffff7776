"""A WebSocket connection whose opening handshake is done, either leg: sending, closing, flow control."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from picows import WSTransport

from .deflate import Agreement, Inflater, compressing
from .engine import Reader, feed, open_reader, open_writer
from .limits import Limits
from .strict import BINARY, CLOSE, PING, PONG, TEXT, Close, Frame, Receiver, cut_reason, is_close_code
from .tcp import last_heard, linger
from .watch import Watch

logger = logging.getLogger(__name__)


class Handler(Protocol):
    """
    What the owner of a connection implements: plain functions, called on the event loop.

    An exception from ``frame_received`` is logged and closes the connection with 1011.
    """

    def frame_received(self, frame: Frame) -> None:
        """A message; not called from within itself, nor from within a function of the connection."""

    def connection_lost(self, code: int, reason: str) -> None:
        """
        The end: exactly once, after the last frame. The TCP connection may still be closing.

        Args:
            code: what the peer's Close said; 1005 if it had no code, 1006 if none came.
            reason: of the peer's Close; with 1006 our own words for what happened, if that is known.
        """

    def pause_writing(self) -> None:
        """The connection is not writable now. Called from within ``send``."""

    def resume_writing(self) -> None:
        """The connection is writable again."""


HandlerFactory = Callable[["Connection"], Handler]
"""Makes the handler of a new connection, which may be used at once."""


ControlFrames = Callable[[bool, bytes], None]
"""Gets a Ping (true) or a Pong, and its payload."""


def open_connection(
    transport: asyncio.Transport,
    handler_factory: HandlerFactory,
    *,
    client_side: bool,
    limits: Limits,
    subprotocol: str | None = None,
    deflate: Agreement | None = None,
    received: bytes = b"",
    on_gone: Callable[[Connection], None] | None = None,
) -> Connection:
    """
    Take over `transport`, whose opening handshake is done.

    Args:
        deflate: what was agreed about compression; ``None``: there is none.
        received: bytes that came after the handshake; delivered before this returns.
        on_gone: called once the TCP connection has gone.
    """
    connection = Connection(
        transport, client_side=client_side, limits=limits, subprotocol=subprotocol, deflate=deflate, on_gone=on_gone
    )
    connection._start(handler_factory, received)
    return connection


class Connection:
    """
    One WebSocket connection. Belongs to its event loop; any number may share it there.

    Whoever opened it closes it. Everything may be called at any time: what comes too late has no effect.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        *,
        client_side: bool,
        limits: Limits,
        subprotocol: str | None,
        deflate: Agreement | None,
        on_gone: Callable[[Connection], None] | None,
    ) -> None:
        self.subprotocol = subprotocol
        self.closed = False
        """The closing handshake has begun, or the TCP connection has gone: what is sent is dropped."""
        self.close_begun: Close | None = None
        """Code (1005 for none) and reason of the Close with which our side began to end the connection."""
        self.writable = True
        """Less is waiting to be written than the high-water mark."""
        self._transport = transport
        self._client_side = client_side
        self._limits = limits
        self._on_gone = on_gone
        self._control_frames: ControlFrames | None = None
        self._write_frame = open_writer(transport, client_side=client_side).send
        self._write = self._write_frame  # of messages; the same function, unless something has to be done to them
        inflater = None
        if deflate is not None:
            inflater, self._write = self._compression(deflate)
        self._receiver = _ConnectionReceiver(self, inflater)
        self._watch = Watch(self, self._receiver, limits)
        if limits.idle_timeout:
            self._write = self._watch.marking(self._write)
        self._reader: Reader | None = None
        self._handler: Handler | None = None
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._violation: asyncio.TimerHandle | None = None
        self._lingering = False
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._gone = asyncio.Event()
        transport.set_write_buffer_limits(high=limits.write_high_water, low=limits.write_low_water)

    def _compression(self, deflate: Agreement) -> tuple[Inflater, Callable[..., None]]:
        assert self._limits.deflate is not None, "nobody agrees to what was not asked for"
        client = (deflate.client_max_window_bits, not deflate.client_no_context_takeover)
        server = (deflate.server_max_window_bits, not deflate.server_no_context_takeover)
        (our_bits, we_keep), (their_bits, they_keep) = (client, server) if self._client_side else (server, client)
        return (
            Inflater(their_bits, context_takeover=they_keep),
            compressing(self._write_frame, our_bits, self._limits.deflate, context_takeover=we_keep),
        )

    def send(self, frame: Frame) -> None:
        """
        Send a message. Never waits; see :attr:`writable` and :meth:`drain`.

        Raises:
            UnicodeEncodeError: the text has a surrogate in it, which UTF-8 cannot say.
        """
        if self.closed:
            return
        self._write(TEXT if isinstance(frame, str) else BINARY, frame)

    async def drain(self) -> None:
        """Return when the connection is writable, or closed."""
        await self._may_write.wait()

    def pause_reading(self) -> None:
        """
        Deliver no frame until :meth:`resume_reading`, or until the connection has ended.

        What has been read already is kept: at most one read buffer. It has 16 KiB, or less than four times as much as
        the largest frame of the connection, where frames over 256 KiB only count until they have been delivered.
        """
        self._receiver.pause()

    def resume_reading(self) -> None:
        self._receiver.resume()

    def close(self, code: int | None = 1000, reason: str = "") -> None:
        """
        Begin the closing handshake. Frames that arrive from now on are dropped.

        Args:
            code: ``None`` for a Close without a code.
            reason: cut to 123 bytes of UTF-8.

        Raises:
            ValueError: a Close cannot carry this code; see :func:`.strict.is_close_code`.
        """
        if code is not None and not is_close_code(code):
            raise ValueError(f"{code} cannot be sent in a Close frame")
        if self.closed:
            return
        self._begin_close(code, reason)
        self._receiver.discard()
        self._start_timer(self._limits.close_timeout, self._transport.abort)

    def abort(self) -> None:
        """End the TCP connection now, without a Close."""
        self._set_closed()
        self._receiver.discard()
        self._transport.abort()

    def fail(self, code: int, reason: str) -> None:
        """7.1.7. Fail the WebSocket Connection: say why, tell the handler now (1006), and do not wait for an answer."""
        if not self.closed:
            self._begin_close(code, reason)
        self._finish(1006, reason)
        self._linger(half_close=True)

    async def wait_closed(self) -> None:
        """Return when the TCP connection has gone."""
        await self._gone.wait()

    def last_heard(self) -> float:
        """Seconds since the operating system got anything from the peer; infinite if it cannot tell."""
        return last_heard(self._transport)

    def ping(self, payload: bytes = b"") -> None:
        """Send a Ping, of at most 125 bytes."""
        if not self.closed:
            self._write_frame(PING, payload)

    def pong(self, payload: bytes = b"") -> None:
        """Send a Pong, of at most 125 bytes."""
        if not self.closed:
            self._write_frame(PONG, payload)

    def pass_control_frames(self, receive: ControlFrames) -> None:
        """From now on somebody else gets the peer's pings and pongs, and answers the pings."""
        self._control_frames = receive

    # -- what happens to it --------------------------------------------------------------------------------------------

    def _start(self, handler_factory: HandlerFactory, received: bytes) -> None:
        reader = self._open_reader()
        try:
            self._handler = handler_factory(self)
        except Exception:
            logger.exception("A handler could not be made")
            self.fail(1011, "internal error")
            return
        if not self.closed:
            deliver = self._handler.frame_received
            self._receiver.deliver_to(self._watch.marking(deliver) if self._limits.idle_timeout else deliver)
            self._watch.start()
            if not self.writable:
                self._handler.pause_writing()
        feed(reader, received)
        self._reader = reader

    def _open_reader(self) -> Reader:
        return open_reader(
            self._transport,
            self._receiver,
            client_side=self._client_side,
            max_frame=self._limits.max_frame or self._limits.max_message,
            failed=self._violated,
        )

    def _renew_reader(self) -> None:
        # A reader never gives memory back: every connection would keep twice the largest frame that it ever got.
        if self._transport.get_protocol() is self._reader:
            self._reader = self._open_reader()

    def _violated(self, code: int, reason: str) -> None:
        """The peer broke a rule. It is told a moment later, because answers to what it said before are on their way."""
        self._receiver.end()
        if self._violation is None:
            self._violation = self._loop.call_later(self._limits.last_answers, self.fail, code, reason)

    def _closed_by_peer(self, code: int, reason: str) -> None:
        if not self.closed:
            # 5.5.1. "When sending a Close frame in response, the endpoint typically echos the status code it received."
            self._send_close(None if code == 1005 else code, "")
        self._finish(code, reason)
        # 7.1.1. The server closes the TCP connection first; the client waits for that.
        self._linger(half_close=not self._client_side)

    def _pong(self, payload: bytes) -> None:
        if self.closed:
            return
        self._write_frame(PONG, payload)
        if not self.writable:
            # Somebody who sends pings and does not read the pongs would fill our memory.
            self._receiver.choke(True)

    def _pause_writing(self) -> None:
        self.writable = False
        if self.closed:
            return
        self._may_write.clear()
        self._start_timer(self._limits.stall_timeout, self._stalled)
        if self._handler is not None:
            self._handler.pause_writing()

    def _resume_writing(self) -> None:
        self.writable = True
        self._receiver.choke(False)
        if self.closed:
            return
        self._cancel_timer()
        self._may_write.set()
        if self._handler is not None:
            self._handler.resume_writing()

    def _stalled(self) -> None:
        self._set_closed()
        self._finish(1006, f"the peer has not read for {self._limits.stall_timeout:g} s")
        self._transport.abort()

    def _lost(self) -> None:
        self._lingering = True
        self._set_closed()
        self._cancel_timer()
        self._finish(1006, "")
        self._gone.set()
        if self._on_gone is not None:
            self._on_gone(self)

    def _finish(self, code: int, reason: str) -> None:
        """Tell the handler, once."""
        if self._violation is not None:
            self._violation.cancel()
        handler, self._handler = self._handler, None
        if handler is None:
            return
        code, reason = self._receiver.flush() or (code, reason)
        self._receiver.discard()
        try:
            handler.connection_lost(code, reason)
        except Exception:
            logger.exception("A handler failed at the end of its connection")

    def _begin_close(self, code: int | None, reason: str) -> None:
        self.close_begun = (1005 if code is None else code, reason)
        self._send_close(code, reason)

    def _send_close(self, code: int | None, reason: str) -> None:
        self._write_frame(CLOSE, b"" if code is None else code.to_bytes(2, "big") + cut_reason(reason))
        self._set_closed()

    def _set_closed(self) -> None:
        self.closed = True
        self._watch.stop()
        self._may_write.set()

    def _linger(self, *, half_close: bool) -> None:
        if self._lingering:
            return
        self._lingering = True
        self._cancel_timer()
        linger(self._transport, self._limits.close_timeout, self._lost, half_close=half_close)

    def _start_timer(self, seconds: float, action: Callable[[], None]) -> None:
        self._cancel_timer()
        self._timer = self._loop.call_later(seconds, action)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _ConnectionReceiver(Receiver):
    """Tells a connection what its receiver finds and what its transport does."""

    def __init__(self, connection: Connection, inflater: Inflater | None) -> None:
        super().__init__(connection._transport, connection._limits, inflater)
        self._connection = connection

    def ping_received(self, payload: bytes) -> None:
        receive = self._connection._control_frames
        if receive is None:
            self._connection._pong(payload)
        else:
            receive(True, payload)

    def pong_received(self, payload: bytes) -> None:
        receive = self._connection._control_frames
        if not self._connection._watch.pong_received(payload) and receive is not None:
            receive(False, payload)

    def message_begun(self) -> None:
        self._connection._watch.message_begun()

    def close_received(self, code: int, reason: str) -> None:
        self._connection._closed_by_peer(code, reason)

    def failed(self, code: int, reason: str) -> None:
        self._connection._violated(code, reason)

    def large_frame_received(self) -> None:
        self._connection._renew_reader()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._connection._lost()

    def pause_writing(self) -> None:
        self._connection._pause_writing()

    def resume_writing(self) -> None:
        self._connection._resume_writing()
