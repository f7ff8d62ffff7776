"""A client may send so many messages in a second, and no more."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from mediation.inbox import Reading


class MessageRate:
    """
    Lets messages through at a rate. A client that was silent for a second may send a second's worth at once.

    Used on the event loop only. With a rate there is one timer while a client is too fast, none otherwise.

    Args:
        rate: messages in a second.
        receive: gets each message, in order.
        reading: is held while a client that waits is too fast.
        refuse: ends the connection of a client that must not be too fast; ``None`` makes it wait.
    """

    def __init__(
        self,
        rate: int,
        receive: Callable[[Any], None],
        reading: Reading,
        refuse: Callable[[], None] | None = None,
    ) -> None:
        self._interval = 1 / rate
        self._receive = receive
        self._reading = reading
        self._refuse = refuse
        self._loop = asyncio.get_running_loop()
        # The generic cell rate algorithm: when the next message would be due, if they came evenly.
        self._due = 0.0
        self._held: deque[Any] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def received(self, message: Any) -> None:
        """A message came. Those that came before a reader could be held are kept, and let through in time."""
        if self._timer is not None:
            self._held.append(message)
        elif self._is_in_time():
            self._receive(message)
        elif self._refuse is not None:
            self._refuse()
        else:
            self._held.append(message)
            self._reading.hold(self)
            self._wait()

    def end(self) -> None:
        """The client has gone: what it sent is let through at once."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._held:
            self._receive(self._held.popleft())

    def _is_in_time(self) -> bool:
        now = self._loop.time()
        due = max(self._due, now - 1 + self._interval)
        if due > now:
            return False
        self._due = due + self._interval
        return True

    def _wait(self) -> None:
        self._timer = self._loop.call_at(self._due, self._go_on)

    def _go_on(self) -> None:
        self._timer = None
        while self._held:
            if not self._is_in_time():
                self._wait()
                return
            self._receive(self._held.popleft())
        self._reading.release(self)
