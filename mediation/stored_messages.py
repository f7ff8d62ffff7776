"""Messages of durable stores, in the database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from django.db import DatabaseError, InterfaceError, transaction
from django.utils import timezone

from mediation.database_thread import DATABASE_THREAD
from mediation.models import StoredMessage
from mediation.stores import Delivery, Record, StoreUnavailable
from mediation.stores.queues import QUEUES

T = TypeVar("T")

LOOK_SECONDS: Final = 0.5
"""How often a store is looked into for messages of other processes."""

BATCH: Final = 200
"""Messages that are committed together at most."""


class DatabaseQueue:
    """
    The rows of one store.

    A message is accepted when its transaction is committed, and with SQLite (WAL, ``synchronous=FULL``) or PostgreSQL
    that means: on the disk. Messages that arrive while a transaction is under way share the next one.
    """

    def __init__(self, store: str) -> None:
        self._store = store
        self._pending: list[tuple[StoredMessage, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._arrived: asyncio.Future[None] | None = None

    def put(self, record: Record) -> Awaitable[None]:
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.append((_row(self._store, record), committed))
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write())
        return committed

    async def _write(self) -> None:
        try:
            while self._pending:
                batch, self._pending = self._pending[:BATCH], self._pending[BATCH:]
                await self._commit(batch)
        finally:
            self._writing = None

    async def _commit(self, batch: list[tuple[StoredMessage, asyncio.Future[None]]]) -> None:
        rows = [row for row, _ in batch]
        failure: StoreUnavailable | None = None
        try:
            await DATABASE_THREAD.run(lambda: _insert(rows))
        except Exception as exc:
            failure = StoreUnavailable(f"the database does not take messages: {exc}")
            failure.__cause__ = exc
        for _, committed in batch:
            if committed.done():
                continue  # nobody waits any more
            if failure is None:
                committed.set_result(None)
            else:
                committed.set_exception(failure)
        if failure is None and self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)

    async def take(self, limit: int) -> Sequence[Delivery]:
        return await _asked(lambda: _begin(self._store, limit))

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        keys = [delivery.key for delivery in deliveries]
        await _asked(lambda: StoredMessage.objects.filter(pk__in=keys).delete())

    async def failed(self, delivery: Delivery, attempts: int, error: str) -> None:
        row = StoredMessage.objects.filter(pk=delivery.key)
        await _asked(lambda: row.update(attempts=attempts, error=error))

    async def bury(self, delivery: Delivery, error: str) -> None:
        row = StoredMessage.objects.filter(pk=delivery.key)
        await _asked(lambda: row.update(dead=True, attempts=delivery.attempts, error=error))

    async def arrival(self, timeout: float) -> None:
        self._arrived = asyncio.get_running_loop().create_future()
        await asyncio.wait([self._arrived], timeout=min(timeout, LOOK_SECONDS))


async def bury(store: str, delivery: Delivery, error: str) -> None:
    """
    Keep a message that was in memory with the dead letters.

    Raises:
        StoreUnavailable: the database does not take it.
    """
    row = _row(store, delivery.record)
    row.dead, row.attempts, row.error = True, delivery.attempts, error
    await _asked(row.save)


# -- in the thread


def _row(store: str, record: Record) -> StoredMessage:
    return StoredMessage(
        store=store,
        message_id=record.message_id[:255],
        stored=timezone.now(),
        head=record.head,
        body=record.body,
    )


def _insert(rows: list[StoredMessage]) -> None:
    with transaction.atomic():
        StoredMessage.objects.bulk_create(rows)


def _begin(store: str, limit: int) -> list[Delivery]:
    # Without a transaction, which would lock a store that is only looked into: there is one consumer.
    rows = list(StoredMessage.objects.filter(store=store, dead=False).order_by("pk")[:limit])
    fresh = [row.pk for row in rows if not row.begun]
    if fresh:
        StoredMessage.objects.filter(pk__in=fresh).update(begun=True)
    return [
        Delivery(row.pk, Record(row.message_id, row.head, bytes(row.body)), row.attempts, row.begun) for row in rows
    ]


async def _asked(work: Callable[[], T]) -> T:
    try:
        return await DATABASE_THREAD.run(work)
    except (DatabaseError, InterfaceError) as exc:
        raise StoreUnavailable(f"the database does not answer: {exc}") from exc


QUEUES.use_database(DatabaseQueue, bury)
