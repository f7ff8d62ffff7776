"""
Frames to messages, by RFC 6455 to the letter.

The frame engine below checks single frames. What a sequence of frames may be is here: reserved bits, the order of
fragments, UTF-8, sizes, control frames; and that nothing is delivered while reading is paused.
"""

from __future__ import annotations

import asyncio
import codecs
import logging
from collections import deque
from collections.abc import Callable

from picows import WSFrame, WSListener, WSMsgType, WSTransport

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

_UTF8 = codecs.getincrementaldecoder("utf-8")


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
        max_message: bytes.
        max_fragments: frames of one message.
    """

    def __init__(self, transport: asyncio.Transport, *, max_message: int, max_fragments: int) -> None:
        self._transport = transport
        self._max_message = max_message
        self._max_fragments = max_fragments
        self._deliver: Callable[[Frame], None] = _drop
        self._parts: list[str] | list[bytes] | None = None  # of a message whose last fragment has not come
        self._decoder: codecs.IncrementalDecoder | None = None
        self._size = 0
        self._held: deque[Frame | Close] = deque()  # came while reading was paused
        self._paused = False
        self._choked = False
        self._ended = False
        self._plain = True
        """Whole data frames are delivered as they come: not paused, no fragments pending, not ended."""

    # -- for the subclass ----------------------------------------------------------------------------------------------

    def ping_received(self, payload: bytes) -> None:
        raise NotImplementedError

    def close_received(self, code: int, reason: str) -> None:
        """The peer's Close, after all messages before it. Nothing more is received."""
        raise NotImplementedError

    def failed(self, code: int, reason: str) -> None:
        """The connection has to be failed (7.1.7) with this code. Nothing more is received."""
        raise NotImplementedError

    def large_frame_received(self) -> None:
        """A frame over :data:`LARGE` was delivered, and nothing of the next one has been read yet."""

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
            asyncio.get_running_loop().call_soon(self._deliver_held)
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
        if len(message) > LARGE and not frame.tail_size:
            self.large_frame_received()

    def _unusual(self, kind: WSMsgType, frame: WSFrame) -> None:
        if self._ended:
            return
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            # 5.2. "MUST be 0 unless an extension is negotiated that defines meanings for non-zero values."
            self._fail(1002, "a reserved bit is set")
        elif kind is PING:
            self.ping_received(frame.get_payload_as_bytes())
        elif kind is CLOSE:
            self._close(frame.get_payload_as_bytes())
        elif kind is not PONG:
            self._data(kind, frame)

    def _close(self, payload: bytes) -> None:
        code, reason = 1005, ""
        if payload:
            code = int.from_bytes(payload[:2], "big")
            if len(payload) == 1 or not is_close_code(code):
                self._fail(1002, "the Close has an invalid code")
                return
            try:
                reason = payload[2:].decode()
            except UnicodeDecodeError:
                self._fail(1007, "the reason of the Close is not valid UTF-8")
                return
        self._emit((code, reason))

    def _data(self, kind: WSMsgType, frame: WSFrame) -> None:
        if self._parts is None:
            if kind is CONTINUATION:
                self._fail(1002, "a fragment does not belong to a message")
                return
            self._parts, self._size = [], 0
            self._decoder = _UTF8() if kind is TEXT else None
            self._plain = False
        elif kind is not CONTINUATION:
            self._fail(1002, "a message begins within another one")
            return
        self._size += frame.payload_size
        if self._size > self._max_message:
            self._fail(1009, f"a message is longer than {self._max_message} bytes")
        elif len(self._parts) >= self._max_fragments:
            self._fail(1008, f"a message has more than {self._max_fragments} fragments")
        else:
            self._fragment(frame.get_payload_as_bytes(), bool(frame.fin))

    def _fragment(self, payload: bytes, last: bool) -> None:
        parts: list = self._parts  # type: ignore[assignment]
        if self._decoder is None:
            parts.append(payload)
        else:
            try:
                parts.append(self._decoder.decode(payload, last))
            except UnicodeDecodeError:
                self._fail(1007, "text is not valid UTF-8")
                return
        if last:
            message = b"".join(parts) if self._decoder is None else "".join(parts)
            self._parts = self._decoder = None
            self._update_plain()
            self._emit(message)

    # -- to the handler ------------------------------------------------------------------------------------------------

    def _emit(self, item: Frame | Close) -> None:
        if self._held or (self._paused and not isinstance(item, tuple)):
            self._held.append(item)
        else:
            self._hand_over(item)

    def _deliver_held(self) -> None:
        while self._held and not self._paused:
            self._hand_over(self._held.popleft())
        self._update_plain()
        self._sync_transport()

    def _hand_over(self, item: Frame | Close) -> None:
        if isinstance(item, tuple):
            self._end()
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
        self._end()
        self.failed(code, reason)

    def _end(self) -> None:
        self._ended = True
        self._plain = False

    def _update_plain(self) -> None:
        self._plain = not (self._paused or self._held or self._ended) and self._parts is None

    def _sync_transport(self) -> None:
        if self._paused or self._held or self._choked:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()


def _drop(frame: Frame) -> None:
    pass
