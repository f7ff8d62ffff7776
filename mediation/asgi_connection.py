"""A client's connection through an ASGI server, as a session needs it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from mediation.transports.websocket import Frame
    from mediation.transports.websocket.strict import Close

logger = logging.getLogger(__name__)

OUTGOING_HIGH_WATER: Final = 32
"""Frames that may wait for an ASGI server to take them before the back-ends are no longer read."""


class Owner(Protocol):
    """Who writes to the connection."""

    def pause_writing(self) -> None: ...

    def resume_writing(self) -> None: ...


class AsgiConnection:
    """
    A client's connection through an ASGI server.

    Frames wait in a queue for a task that hands them to the server one after the other.

    Args:
        send: of the ASGI application.
        owner: told when too much waits, and when it does not any more.
        name: of the client, for the log.
    """

    def __init__(self, send: Callable[[dict[str, Any]], Awaitable[None]], owner: Owner, name: str) -> None:
        self._send = send
        self._owner = owner
        self._name = name
        self._queue: deque[dict[str, Any]] = deque()
        self._writer: asyncio.Task[None] | None = None
        self.may_read = asyncio.Event()
        self.may_read.set()
        self.close_begun: Close | None = None
        self.closed = False
        self.writable = True

    def send(self, frame: Frame) -> None:
        if not self.closed:
            self._put({"type": "websocket.send", "text" if isinstance(frame, str) else "bytes": frame})

    def close(self, code: int | None = 1000, reason: str = "") -> None:
        if not self.closed:
            self.close_begun = (1000 if code is None else code, reason)
            self._put({"type": "websocket.close", "code": self.close_begun[0], "reason": reason})
            self.closed = True
            self.may_read.set()

    def pass_control_frames(self, receive: Callable[[bool, bytes], None]) -> None:
        """An ASGI server answers pings itself, and tells nobody."""

    def ping(self, payload: bytes = b"") -> None:
        """ASGI has no message for this."""

    def pong(self, payload: bytes = b"") -> None: ...

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
            self._owner.pause_writing()
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._queue:
                await self._send(self._queue.popleft())
                if not self.writable and len(self._queue) <= OUTGOING_HIGH_WATER // 2:
                    self.writable = True
                    self._owner.resume_writing()
        except Exception as exc:
            # The server says so in its own way when the peer has gone; its disconnect event follows.
            logger.debug("cannot write to %s: %s", self._name, exc)
            self.lost()
        finally:
            self._writer = None
