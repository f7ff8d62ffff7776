"""What message processors have in common: the store that they empty."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from mediation.detached import DetachedClient, SequenceFlow
from mediation.stores import MessageStore, StoreUnavailable

from .job import fingerprint
from .leases import Claim

if TYPE_CHECKING:
    from mediation.jobs.leases import Lease
    from mediation.message import MessageContext
    from mediation.message_processor import MessageProcessor
    from mediation.runtime import Runtime
    from mediation.stores import Queue

logger = logging.getLogger(__name__)

RETRY_SECONDS: Final = 1.0
"""After which a store that cannot be reached is tried again."""

IDLE_SECONDS: Final = 1.0
"""How long a processor waits for a message before it looks whether it may go on."""


class StoreJob:
    """
    A message processor at work on a store.

    Args:
        store: as it is deployed; a processor whose store is changed is made anew.
    """

    def __init__(self, processor: MessageProcessor, store: MessageStore, runtime: Runtime) -> None:
        self.processor = processor
        self.runtime = runtime
        self.label = f"messageprocessor:{processor.name}"
        self._store = store
        self.claim = Claim(
            ("messageProcessor", processor.name),
            fingerprint(processor),
            active=processor.active,
            works_on=f"store:{store.name}",
            # What is in memory is in the memory of each process.
            exclusive=store.durable,
        )

    async def work(self, lease: Lease) -> None:
        waits = self.processor.trigger.waits()
        for wait in waits:
            if not await lease.pause(wait):
                return
            try:
                if self.processor.cron is None:
                    await self._tick(lease)
                else:
                    while await self.turn(self._store.queue, lease) and not lease.over:
                        pass
            except StoreUnavailable as exc:
                logger.error("{%s} the store %s cannot be used: %s", self.label, self._store.name, exc)
                await lease.pause(RETRY_SECONDS)

    async def _tick(self, lease: Lease) -> None:
        """One turn; where there is nothing to do, the time until there is counts as part of it."""
        queue = self._store.queue
        while not await self.turn(queue, lease) and not lease.over:
            await queue.arrival(IDLE_SECONDS)

    async def turn(self, queue: Queue, lease: Lease) -> bool:
        """
        Deal with what is next; whether there was anything.

        Raises:
            StoreUnavailable: and nothing was done.
        """
        raise NotImplementedError

    async def until_done(self, settle: Callable[[], Awaitable[None]], lease: Lease) -> None:
        """
        Tell the store what became of a message, as often as it takes.

        A process that does not get through before its lease is over leaves the message to the next one.
        """
        while True:
            try:
                return await settle()
            except StoreUnavailable as exc:
                if lease.over:
                    raise
                logger.error("{%s} the store %s cannot be used: %s", self.label, self._store.name, exc)
                await lease.pause(RETRY_SECONDS)

    async def run_sequence(self, name: str, message: MessageContext) -> Exception | None:
        """What failed; ``None`` if nothing did."""
        return await DetachedClient(self.runtime, SequenceFlow(self.label, name)).mediate(message)
