"""What waits for a client that reads too slowly, when its back-ends are not to wait for it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mediation.session import ClientConnection
    from mediation.transports.websocket import Frame


class Outbox:
    """
    A client's connection with a bounded queue before it; always writable for those who use it.

    When the queue is full, the oldest messages are dropped, or the client gets Close 1013.

    Args:
        max_size: bytes (characters, of text).
        drops: drop the oldest, instead of closing the connection.
    """

    def __init__(self, connection: ClientConnection, max_size: int, *, drops: bool) -> None:
        self._connection = connection
        self._max_size = max_size
        self._drops = drops
        self._frames: deque[Frame] = deque()
        self._size = 0
        self.dropped = 0
        """Messages that the client will never get."""

    @property
    def closed(self) -> bool:
        return self._connection.closed

    @property
    def writable(self) -> bool:
        return True

    def send(self, frame: Frame) -> None:
        if self._connection.writable and not self._frames:
            self._connection.send(frame)
            return
        if self._connection.closed:
            return
        self._frames.append(frame)
        self._size += len(frame)
        if self._size <= self._max_size:
            return
        if not self._drops:
            self._clear()
            self._connection.close(1013, "reads too slowly")
            return
        while self._size > self._max_size:
            self._size -= len(self._frames.popleft())
            self.dropped += 1

    def ping(self, payload: bytes = b"") -> None:
        self._connection.ping(payload)

    def pong(self, payload: bytes = b"") -> None:
        self._connection.pong(payload)

    def resume(self) -> None:
        """The connection is writable again."""
        while self._frames and self._connection.writable:
            frame = self._frames.popleft()
            self._size -= len(frame)
            self._connection.send(frame)

    def close(self, code: int | None = 1000, reason: str = "") -> None:
        """Close the connection behind what waits."""
        for frame in self._frames:
            self._connection.send(frame)
        self._clear()
        self._connection.close(code, reason)

    def pause_reading(self) -> None:
        self._connection.pause_reading()

    def resume_reading(self) -> None:
        self._connection.resume_reading()

    def _clear(self) -> None:
        self._frames.clear()
        self._size = 0
