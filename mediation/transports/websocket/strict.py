"""
Frames to messages, by RFC 6455 to the letter.

The frame engine below checks single frames. What a sequence of frames may be is here: reserved bits, the order of
fragments, UTF-8, sizes, control frames; that nothing is delivered while reading is paused; and that nobody's frames
keep the others from their turn.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from picows import WSFrame, WSListener, WSMsgType, WSTransport

from .assembly import Assembly, Inflater, Violation

if TYPE_CHECKING:
    from .limits import Limits

logger = logging.getLogger(__name__)

Frame = str | bytes
"""A whole message: text is ``str``, binary is ``bytes``."""

Close = tuple[int, str]
"""Code (1005 if there was none) and reason of a Close frame."""

# Looking up a member of an enumeration is slow, and this is the hot path.
TEXT, BINARY, CONTINUATION = WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION
PING, PONG, CLOSE = WSMsgType.PING, WSMsgType.PONG, WSMsgType.CLOSE

LARGE = 256 * 1024
"""Bytes (characters, of text) of a frame for which the frame engine has grown a buffer that it should not keep."""


def is_close_code(code: int) -> bool:
    """Whether a Close frame may carry `code` (7.4; 1012 to 1014 are registered with IANA)."""
    return 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999


def cut_reason(reason: str) -> bytes:
    """5.5. A control frame carries 125 bytes, two of which are the code; no character of the reason is cut in two."""
    return reason.encode(errors="replace")[:123].decode(errors="ignore").encode()


class Receiver(WSListener):
    """
    Gets each frame from the frame engine; hands whole messages to a handler, and the rest to its own subclass.

    Args:
        transport: is paused whenever nothing more can be taken.
        inflater: of messages that are compressed; without it there may be none.
    """

    def __init__(self, transport: asyncio.Transport, limits: Limits, inflater: Inflater | None = None) -> None:
        self._transport = transport
        self._limits = limits
        self._inflater = inflater
        self._deliver: Callable[[Frame], None] = _drop
        self._assembly: Assembly | None = None  # of a message whose last fragment has not come
        self._held: deque[Frame | Close] = deque()  # came while nothing could be delivered
        self._paused = False
        self._choked = False
        self._ended = False
        self._resting = False  # others have their turn
        self._frames_per_turn = limits.frames_per_turn
        self._in_turn = 0
        self._controls = 0
        self._controls_until = 0.0
        self._loop = asyncio.get_running_loop()
        self._plain = True
        """Whole data frames are delivered as they come: not paused or resting, no fragments pending, not ended."""

    # -- for the subclass ----------------------------------------------------------------------------------------------

    def ping_received(self, payload: bytes) -> None:
        raise NotImplementedError

    def close_received(self, code: int, reason: str) -> None:
        """The peer's Close, after all messages before it. Nothing more is received."""
        raise NotImplementedError

    def failed(self, code: int, reason: str) -> None:
        """The connection has to be failed (7.1.7) with this code. Nothing more is received."""
        raise NotImplementedError

    def pong_received(self, payload: bytes) -> None:
        raise NotImplementedError

    def message_begun(self) -> None:
        """The first of several fragments came."""

    def large_frame_received(self) -> None:
        """A frame over :data:`LARGE` was delivered, and nothing of the next one has been read yet."""

    @property
    def is_reading(self) -> bool:
        """Whether what the peer sends gets here."""
        return not (self._paused or self._choked or self._held or self._resting)

    @property
    def is_assembling(self) -> bool:
        """Whether a message has begun that is not complete."""
        return self._assembly is not None

    def deliver_to(self, deliver: Callable[[Frame], None]) -> None:
        self._deliver = deliver

    def pause(self) -> None:
        if not self._paused and not self._ended:
            self._paused = True
            self._plain = False
            self._sync_transport()

    def resume(self) -> None:
        if not self._paused:
            return
        self._paused = False
        if self._held:
            # Not from within the caller, who may be in the middle of handling a frame.
            self._rest()
        else:
            self._update_plain()
            self._sync_transport()

    def choke(self, choked: bool) -> None:
        """Take nothing from the peer because it takes nothing from us. What has been read is still delivered."""
        self._choked = choked
        self._sync_transport()

    def flush(self) -> Close | None:
        """Deliver what is held, paused or not: the connection has ended. Returns the Close that is among it, if any."""
        while self._held:
            item = self._held.popleft()
            if isinstance(item, tuple):
                return item
            self._hand_over(item)
        return None

    def discard(self) -> None:
        """From now on nobody wants messages; a Close is still reported."""
        self._deliver = _drop
        self._held.clear()
        self._paused = self._choked = False
        self._update_plain()
        self._sync_transport()

    def end(self) -> None:
        """Nothing more is received. What is held is still delivered."""
        if not self._ended:
            self._ended = True
            self._plain = False
            self._transport.pause_reading()

    # -- from the frame engine -----------------------------------------------------------------------------------------

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if not self._plain or not frame.fin or frame.rsv1 or frame.rsv2 or frame.rsv3:
            self._unusual(kind, frame)
            return
        message: Frame
        if kind is TEXT:
            try:
                message = frame.get_payload_as_utf8_text()
            except UnicodeDecodeError:
                self._fail(1007, "text is not valid UTF-8")
                return
        elif kind is BINARY:
            message = frame.get_payload_as_bytes()
        else:
            self._unusual(kind, frame)
            return
        try:
            self._deliver(message)
        except Exception:
            self._handler_failed()
        if not frame.last_in_buffer:
            self._in_turn += 1
            if self._in_turn >= self._frames_per_turn:
                self._rest()
        else:
            self._in_turn = 0
            if len(message) > LARGE and not frame.tail_size:
                self.large_frame_received()

    def _unusual(self, kind: WSMsgType, frame: WSFrame) -> None:
        if self._ended:
            return
        try:
            self._check_reserved_bits(kind, frame)
            if kind is PING or kind is PONG:
                self._control(kind, frame.get_payload_as_bytes())
            elif kind is CLOSE:
                self._close(frame.get_payload_as_bytes())
            else:
                self._data(kind, frame)
        except Violation as violation:
            self._fail(violation.code, violation.reason)

    def _check_reserved_bits(self, kind: WSMsgType, frame: WSFrame) -> None:
        # 5.2. "MUST be 0 unless an extension is negotiated that defines meanings for non-zero values." RFC 7692, 6.1:
        # the first bit is set in the first frame of a compressed message.
        compressed = frame.rsv1 and (self._inflater is None or kind not in (TEXT, BINARY))
        if compressed or frame.rsv2 or frame.rsv3:
            raise Violation(1002, "a reserved bit is set")

    def _control(self, kind: WSMsgType, payload: bytes) -> None:
        now = self._loop.time()
        if now >= self._controls_until:
            self._controls_until, self._controls = now + 1, 0
        self._controls += 1
        if self._controls > self._limits.max_control_rate:
            raise Violation(1008, f"more than {self._limits.max_control_rate} pings and pongs in a second")
        if kind is PING:
            self.ping_received(payload)
        else:
            self.pong_received(payload)

    def _close(self, payload: bytes) -> None:
        code, reason = 1005, ""
        if payload:
            code = int.from_bytes(payload[:2], "big")
            if len(payload) == 1 or not is_close_code(code):
                raise Violation(1002, "the Close has an invalid code")
            try:
                reason = payload[2:].decode()
            except UnicodeDecodeError:
                raise Violation(1007, "the reason of the Close is not valid UTF-8") from None
        self._emit((code, reason))

    def _data(self, kind: WSMsgType, frame: WSFrame) -> None:
        assembly = self._assembly
        if assembly is None:
            if kind is CONTINUATION:
                raise Violation(1002, "a fragment does not belong to a message")
            assembly = self._begin(kind, frame)
        elif kind is not CONTINUATION:
            raise Violation(1002, "a message begins within another one")
        message = assembly.add(frame.get_payload_as_bytes(), last=bool(frame.fin))
        if message is not None:
            self._assembly = None
            self._update_plain()
            self._emit(message)

    def _begin(self, kind: WSMsgType, frame: WSFrame) -> Assembly:
        limits = self._limits
        assembly = Assembly(
            is_text=kind is TEXT,
            inflater=self._inflater if frame.rsv1 else None,
            max_size=limits.max_message,
            max_fragments=max(limits.max_fragments, limits.max_message // 64),
        )
        if not frame.fin:
            self._assembly = assembly
            self._plain = False
            self.message_begun()
        return assembly

    # -- to the handler ------------------------------------------------------------------------------------------------

    def _emit(self, item: Frame | Close) -> None:
        if self._held or ((self._paused or self._resting) and not isinstance(item, tuple)):
            self._held.append(item)
        else:
            self._hand_over(item)

    def _rest(self) -> None:
        """Deliver nothing until others had their turn."""
        self._in_turn = 0
        self._plain = False
        if not self._resting:
            self._resting = True
            self._sync_transport()
            self._loop.call_soon(self._rested)

    def _rested(self) -> None:
        self._resting = False
        for _ in range(self._frames_per_turn):
            if not self._held or self._paused:
                break
            self._hand_over(self._held.popleft())
        if self._held and not self._paused:
            self._rest()
        else:
            self._update_plain()
            self._sync_transport()

    def _hand_over(self, item: Frame | Close) -> None:
        if isinstance(item, tuple):
            self.end()
            self.close_received(*item)
            return
        try:
            self._deliver(item)
        except Exception:
            self._handler_failed()

    def _handler_failed(self) -> None:
        logger.exception("A handler failed on a frame")
        self._fail(1011, "internal error")

    def _fail(self, code: int, reason: str) -> None:
        self.end()
        self.failed(code, reason)

    def _update_plain(self) -> None:
        waits = self._paused or self._resting or self._held or self._ended
        self._plain = not waits and self._assembly is None

    def _sync_transport(self) -> None:
        if self._ended:
            return  # whoever ends the TCP connection decides
        if self.is_reading:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()


def _drop(frame: Frame) -> None:
    pass
