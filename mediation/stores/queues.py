"""What a message store keeps its messages in."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from mediation.errors import MediationError

if TYPE_CHECKING:
    from mediation.stores.record import Record

MEMORY_CAPACITY: Final = 10_000
"""Messages that a store in memory holds; the next one is refused."""


class StoreUnavailable(MediationError):
    """The store cannot be reached. What it was given is not in it."""


class QueueFull(MediationError):
    """The store holds as many messages as it may."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """
    A message on its way out of a store, which keeps it until it is told that it was delivered.

    Attributes:
        key: the queue's own.
        attempts: deliveries that failed before.
        redelivered: whether this may be the second time, because the process ended during the first.
    """

    key: Any
    record: Record
    attempts: int = 0
    redelivered: bool = False


class Queue(Protocol):
    """
    The messages of one store, oldest first. Used on the event loop, by one consumer.

    What has to reach its disk waits there, and raises :class:`StoreUnavailable` when it cannot.
    """

    def put(self, record: Record) -> Awaitable[None] | None:
        """
        Accept a message. Once this has returned (once the awaitable has, if there is one), the message is safe.

        Raises:
            QueueFull: there is no room.
        """

    async def take(self, limit: int) -> Sequence[Delivery]:
        """The oldest messages, up to ``limit``. They stay in the store, and are the next ones again until settled."""

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """They were delivered; forget them."""

    async def failed(self, delivery: Delivery, attempts: int, error: str) -> None:
        """It was not delivered, for the ``attempts``-th time; the next :meth:`take` brings it again."""

    async def bury(self, delivery: Delivery, error: str) -> None:
        """It will never be delivered; keep it with the dead letters, out of the way."""

    async def arrival(self, timeout: float) -> None:
        """Return when a message may have come, after ``timeout`` seconds at the latest."""


class MemoryQueue:
    """
    Messages of this process, gone when it ends.

    Args:
        bury: where dead letters go.
    """

    def __init__(self, bury: Callable[[str, Delivery, str], Awaitable[None]], store: str) -> None:
        self.capacity = MEMORY_CAPACITY
        self._store = store
        self._bury = bury
        self._waiting: deque[Delivery] = deque()
        self._last_key = 0
        self._arrived: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, record: Record) -> None:
        if len(self._waiting) >= self.capacity:
            raise QueueFull(f"the store {self._store} holds {self.capacity} messages, and has no room for more")
        self._last_key += 1
        self._waiting.append(Delivery(self._last_key, record))
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)

    async def take(self, limit: int) -> Sequence[Delivery]:
        return [self._waiting[index] for index in range(min(limit, len(self._waiting)))]

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        settled = {delivery.key for delivery in deliveries}
        while self._waiting and self._waiting[0].key in settled:
            self._waiting.popleft()

    async def failed(self, delivery: Delivery, attempts: int, error: str) -> None:
        if self._waiting and self._waiting[0].key == delivery.key:
            self._waiting[0] = Delivery(delivery.key, delivery.record, attempts)

    async def bury(self, delivery: Delivery, error: str) -> None:
        await self._bury(self._store, delivery, error)
        await self.done([delivery])

    async def arrival(self, timeout: float) -> None:
        if not self._waiting:
            self._arrived = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._arrived], timeout=timeout)

    def clear(self) -> None:
        self._waiting.clear()


class Queues:
    """The queues of a process, by store. They outlive changes of the configuration."""

    def __init__(self) -> None:
        self._open_database: Callable[[str], Queue] | None = None
        self._bury: Callable[[str, Delivery, str], Awaitable[None]] = _no_cemetery
        self._memory: dict[str, MemoryQueue] = {}
        self._database: dict[str, Queue] = {}

    def use_database(
        self, open_queue: Callable[[str], Queue], bury: Callable[[str, Delivery, str], Awaitable[None]]
    ) -> None:
        """Keep messages of durable stores, and all dead letters, where these say."""
        self._open_database, self._bury = open_queue, bury

    def memory(self, store: str) -> MemoryQueue:
        queue = self._memory.get(store)
        if queue is None:
            queue = self._memory[store] = MemoryQueue(self._bury_letter, store)
        return queue

    def database(self, store: str) -> Queue:
        """
        Raises:
            StoreUnavailable: this process has no database.
        """
        queue = self._database.get(store)
        if queue is None:
            if self._open_database is None:
                raise StoreUnavailable("there is no database to store messages in")
            queue = self._database[store] = self._open_database(store)
        return queue

    async def _bury_letter(self, store: str, delivery: Delivery, error: str) -> None:
        await self._bury(store, delivery, error)

    def clear_memory(self) -> None:
        """Forget all messages that are in memory only."""
        for queue in self._memory.values():
            queue.clear()


async def _no_cemetery(store: str, delivery: Delivery, error: str) -> None:
    raise StoreUnavailable("there is no database to keep dead letters in")


QUEUES: Final = Queues()
"""Those of this process."""
