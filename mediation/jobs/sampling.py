"""Message processors that run a sequence."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING

from mediation.errors import MediationError
from mediation.stores import thaw

from .store_job import StoreJob

if TYPE_CHECKING:
    from mediation.jobs.leases import Lease
    from mediation.stores import Delivery, Queue

logger = logging.getLogger(__name__)


class Sampler(StoreJob):
    """
    Runs the messages of a store through a sequence, as many together as the processor says.

    They leave the store when the sequence has ended, whatever came of it: failures are the fault sequence's affair.
    """

    async def turn(self, queue: Queue, lease: Lease) -> bool:
        deliveries = await queue.take(self.processor.concurrency)
        if not deliveries:
            return False
        mediated = await asyncio.gather(*(self._mediate(delivery, queue, lease) for delivery in deliveries))
        done = [delivery for delivery, is_done in zip(deliveries, mediated, strict=True) if is_done]
        await self.until_done(partial(queue.done, done), lease)
        return True

    async def _mediate(self, delivery: Delivery, queue: Queue, lease: Lease) -> bool:
        """Whether it can leave the store; it has been buried otherwise."""
        try:
            message = thaw(delivery.record, self.runtime.environment, None)
        except (ValueError, LookupError, MediationError) as exc:
            logger.error("{%s} message %s cannot be read: %s", self.label, delivery.record.message_id, exc)
            lease.handled(str(exc))
            await self.until_done(partial(queue.bury, delivery, f"it cannot be read: {exc}"), lease)
            return False
        failure = await self.run_sequence(self.processor.sequence or "", message)
        lease.handled("" if failure is None else str(failure))
        return True
