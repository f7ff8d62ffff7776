"""What a connection does not tell by itself: that its peer is gone, that nobody uses it, that a message never ends."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .connection import Connection
    from .limits import Limits
    from .strict import Receiver


class Watch:
    """
    Looks at one connection whenever something may be due: with one timer, which is set anew only when it has fired.

    A missing pong alone is no proof: a ping waits behind what was sent before it, and a pong behind the frame that the
    peer is sending. So a peer that the operating system still hears of has :attr:`.Limits.message_timeout` to answer,
    and one that we do not read at the moment has any time.
    """

    __slots__ = (
        "_active",
        "_begun",
        "_connection",
        "_due",
        "_limits",
        "_loop",
        "_next_ping",
        "_pinged",
        "_pings",
        "_receiver",
        "_timer",
    )

    def __init__(self, connection: Connection, receiver: Receiver, limits: Limits) -> None:
        self._connection = connection
        self._receiver = receiver
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._due = math.inf
        self._active = self._begun = self._loop.time()
        self._next_ping = self._active + (limits.ping_interval or math.inf)
        self._pinged: float | None = None  # when the ping was sent whose pong has not come
        self._pings = 0

    def start(self) -> None:
        self._look_at(min(self._next_ping, self._idle_at()))

    def stop(self) -> None:
        """The connection is closing; how long that may take is not decided here."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._due = -math.inf

    def marking(self, function: Callable[..., None]) -> Callable[..., None]:
        """The same function; a call of it is use of the connection."""
        time = self._loop.time

        def marked(*args: Any) -> None:
            self._active = time()
            function(*args)

        return marked

    def pong_received(self, payload: bytes) -> bool:
        """Whether it answers a ping of ours. 5.5.3. One that answers none is fine, and says nothing."""
        if self._pinged is None or payload != self._payload():
            return False
        self._pinged = None
        return True

    def message_begun(self) -> None:
        self._begun = self._loop.time()
        self._look_at(self._begun + self._limits.message_timeout)

    # -- when the timer fires

    def _look_at(self, when: float) -> None:
        if when < self._due:
            if self._timer is not None:
                self._timer.cancel()
            self._due = when
            self._timer = self._loop.call_at(when, self._look)

    def _look(self) -> None:
        self._timer, self._due = None, math.inf
        # A timer may fire a moment early, by the resolution of the clock.
        now = self._loop.time() + 0.001
        limits = self._limits
        if not self._receiver.is_reading:
            # The peer may have said everything in time: its time begins anew.
            self._begun = now
            self._pinged = self._pinged and now
        if self._receiver.is_assembling and now >= self._begun + limits.message_timeout:
            self._connection.fail(1008, f"a message was not complete after {limits.message_timeout:g} s")
        elif now >= self._idle_at():
            self._connection.close(1001, f"idle for {limits.idle_timeout:g} s")
        elif self._pinged is not None and now >= self._pong_due(now):
            self._connection.fail(1011, f"no pong within {limits.pong_timeout:g} s")
        else:
            if self._pinged is None and now >= self._next_ping:
                self._ping(now)
            self._look_at(self._next_look(now))

    def _next_look(self, now: float) -> float:
        assembled = self._begun + self._limits.message_timeout if self._receiver.is_assembling else math.inf
        answered = self._next_ping if self._pinged is None else self._pong_due(now)
        return min(assembled, answered, self._idle_at())

    def _idle_at(self) -> float:
        return self._active + (self._limits.idle_timeout or math.inf)

    def _ping(self, now: float) -> None:
        self._next_ping = now + self._limits.ping_interval
        # What cannot be written has a time limit of its own.
        if self._connection.writable:
            self._pings += 1
            self._pinged = now
            self._connection.ping(self._payload())

    def _payload(self) -> bytes:
        return self._pings.to_bytes(4, "big")

    def _pong_due(self, now: float) -> float:
        """When a peer that has not answered is given up: not before the next look, if something is heard of it."""
        assert self._pinged is not None
        patience = self._limits.pong_timeout
        due = self._pinged + patience
        if now < due:
            return due
        if now < self._pinged + self._limits.message_timeout and self._connection.last_heard() < patience / 2:
            return now + patience / 2
        return due
