"""The order of one connection: what comes in is dealt with one after the other."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol

logger = logging.getLogger(__name__)

HIGH_WATER: Final = 32
"""Events that may wait before the connection is no longer read."""

LOW_WATER: Final = 8

EVENT_SIZE: Final = 256
"""Bytes that an event counts beside its frame."""

Event = Callable[..., Any]
"""What is to be done for one event; answers an awaitable if that takes time."""


class Reader(Protocol):
    """A connection that can be read, or not."""

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Reading:
    """
    Whether a connection is read: it is, as long as nobody holds it.

    There may be several reasons not to read, such as a long queue behind the connection, and a slow reader at the
    other end.
    """

    __slots__ = ("_holders", "_reader")

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._holders: set[object] = set()

    def change(self, reader: Reader) -> None:
        """Another connection takes the place of the one so far."""
        self._reader = reader
        if self._holders:
            reader.pause_reading()

    def hold(self, holder: object) -> None:
        """Stop reading until this holder lets go; holding twice is holding once."""
        if not self._holders:
            self._reader.pause_reading()
        self._holders.add(holder)

    def release(self, holder: object) -> None:
        if holder in self._holders:
            self._holders.discard(holder)
            if not self._holders:
                self._reader.resume_reading()


class Inbox:
    """
    A FIFO between a connection and the flows that its events run through.

    An event that does not have to wait is dealt with at once, on the caller's stack, without a task. When one waits,
    a task goes on with it and with what comes after it. A long queue stops the reading of the connection, so its
    length is bounded by :data:`HIGH_WATER`, or :meth:`make_room`, and what one read holds.

    Used on the event loop only.
    """

    __slots__ = ("_busy", "_paused", "_queue", "_reading", "_room", "_size", "_task")

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._queue: deque[tuple[Event, tuple[Any, ...], int]] = deque()
        self._size = 0
        self._room = 0
        self._busy = False
        self._paused = False
        self._task: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        return not self._busy

    def put(self, event: Event, *arguments: Any) -> None:
        """Deal with the event after those that came before it: call it with these arguments."""
        if self._busy:
            size = EVENT_SIZE + sum(len(each) for each in arguments if isinstance(each, str | bytes))
            self._queue.append((event, arguments, size))
            self._size += size
            if not self._paused and self._is_full():
                self._paused = True
                self._reading.hold(self)
            return
        self._busy = True
        try:
            outcome = event(*arguments)
        except Exception:
            logger.exception("an event of a connection failed")
            outcome = None
        if (outcome is None or outcome is True or outcome is False) and not self._queue:
            self._busy = False
        else:
            self._task = asyncio.get_running_loop().create_task(self._drain(outcome))

    def make_room(self, size: int) -> None:
        """
        From now on this much may wait before the connection is no longer read.

        Args:
            size: bytes; :data:`HIGH_WATER` events may wait in any case.
        """
        self._room = size
        if self._is_full() is self._paused:
            return
        self._paused = not self._paused
        if self._paused:
            self._reading.hold(self)
        else:
            self._reading.release(self)

    def _is_full(self) -> bool:
        return len(self._queue) >= HIGH_WATER and self._size > self._room

    async def _drain(self, outcome: Any) -> None:
        try:
            while True:
                try:
                    # Asking whether it is an Awaitable would cost more than the rest of an event.
                    if outcome is not None and outcome is not True and outcome is not False:
                        await outcome
                    if not self._queue:
                        return
                    event, arguments, size = self._queue.popleft()
                    self._size -= size
                    if self._paused and len(self._queue) <= LOW_WATER:
                        self._paused = False
                        self._reading.release(self)
                    outcome = event(*arguments)
                except Exception:
                    logger.exception("an event of a connection failed")
                    outcome = None
        finally:
            self._busy = False
            self._task = None

    async def join(self) -> None:
        """Wait until everything that came has been dealt with."""
        while self._task is not None:
            await asyncio.wait([self._task])
