"""Message processors that send what is in a store to an endpoint, or to another store."""

from __future__ import annotations

import inspect
import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from mediation import flow
from mediation.detached import DetachedClient, SequenceFlow
from mediation.endpoints.leaf import Leaf
from mediation.errors import EndpointError, EndpointNotFound, MediationError
from mediation.message_processor import MOVING
from mediation.properties import OUT_ONLY, is_true
from mediation.stores import Delivery, Queue, StoreUnavailable, thaw
from mediation.transports import Answer

from .store_job import StoreJob

if TYPE_CHECKING:
    from mediation.jobs.leases import Lease
    from mediation.message import MessageContext

logger = logging.getLogger(__name__)

TARGET_ENDPOINT: Final = "target.endpoint"
"""Property of a message (default): the endpoint that it goes to, when the processor names none."""
FORCE_ERROR_ON_SOAP_FAULT: Final = "FORCE_ERROR_ON_SOAP_FAULT"
REDELIVERED: Final = "message.redelivered"
"""Property of a message (default): ``true`` if it may have been delivered before."""
REDELIVERED_HEADER: Final = "X-Redelivered"


class _Undeliverable(Exception):
    """No attempt can help this message."""


class Forwarder(StoreJob):
    """
    Delivers the messages of a store, one after the other, each at least once.

    A message leaves the store when it was delivered. After its last attempt it goes to the store for failed messages or
    to the dead letters, if the processor says so, and the next one has its turn; otherwise the processor deactivates.
    """

    async def turn(self, queue: Queue, lease: Lease) -> bool:
        deliveries = await queue.take(1)
        if not deliveries:
            return False
        delivery = deliveries[0]
        attempts = delivery.attempts
        while True:
            try:
                await self._deliver(delivery, queue, lease)
                return True
            except _Undeliverable as exc:
                logger.warning("{%s} message %s is dead: %s", self.label, delivery.record.message_id, exc)
                lease.handled(str(exc))
                await self.until_done(partial(queue.bury, replace(delivery, attempts=attempts), str(exc)), lease)
                return True
            except StoreUnavailable:
                raise  # it may well have been delivered
            except MediationError as exc:
                attempts += 1
                reason = exc.message
            logger.warning(
                "{%s} delivery %d of message %s failed: %s", self.label, attempts, delivery.record.message_id, reason
            )
            lease.handled(reason)
            if 0 < self.processor.max_attempts <= attempts:
                return await self._give_up(delivery, attempts, reason, queue, lease)
            await self.until_done(partial(queue.failed, delivery, attempts, reason), lease)
            if not await lease.pause(self.processor.retry_interval / 1000):
                return False

    async def _give_up(self, delivery: Delivery, attempts: int, reason: str, queue: Queue, lease: Lease) -> bool:
        processor = self.processor
        if processor.failed_store is not None:
            await self._put(processor.failed_store, delivery)
            await self.until_done(partial(queue.done, [delivery]), lease)
            return True
        if processor.drop:
            await self.until_done(partial(queue.bury, replace(delivery, attempts=attempts), reason), lease)
            return True
        # Whoever activates it again grants the message as many attempts as before.
        await self.until_done(partial(queue.failed, delivery, 0, reason), lease)
        message = self._message(delivery)
        await self._deactivate(f"delivery failed {attempts} times: {reason}", message, lease)
        return False

    # -- one attempt

    async def _deliver(self, delivery: Delivery, queue: Queue, lease: Lease) -> None:
        """
        Raises:
            MediationError: it did not arrive.
            _Undeliverable: it never will.
        """
        if self.processor.does == MOVING:
            await self._put(self.processor.target_store or "", delivery)
            await self._delivered(delivery, queue, lease)
            return
        message = self._message(delivery)
        try:
            answer = await self._send(message)
            self._check(answer, message)
        except _Undeliverable:
            raise
        except Exception as exc:
            failure = exc if isinstance(exc, MediationError) else EndpointError(f"{type(exc).__name__}: {exc}")
            if self.processor.fault_sequence is not None:
                flow.set_error(message, failure)
                await self.run_sequence(self.processor.fault_sequence, message)
            raise failure from exc
        await self._delivered(delivery, queue, lease)
        if answer is not None and answer.status != 202 and not is_true(message.get(OUT_ONLY)):
            await self._take_answer(answer, message, lease)

    def _message(self, delivery: Delivery) -> MessageContext:
        environment = self.runtime.environment
        try:
            message = thaw(delivery.record, environment, DetachedClient(self.runtime, SequenceFlow(self.label, "")))
        except (ValueError, LookupError, MediationError) as exc:
            raise _Undeliverable(f"it cannot be read: {exc}") from exc
        if delivery.redelivered:
            message.set(REDELIVERED, "true")
            message.headers.set(REDELIVERED_HEADER, "true")
        return message

    async def _send(self, message: MessageContext) -> Answer | None:
        name = self.processor.target or message.get(TARGET_ENDPOINT)
        if not name:
            raise _Undeliverable(
                f"Property {TARGET_ENDPOINT} not found in the message context , Hence removing the message"
            )
        endpoint = message.environment.endpoint(str(name))
        if endpoint is None:
            raise EndpointNotFound(str(name))
        # The processor has pauses of its own; a suspension would only use up the attempts of its message.
        outcome = (
            endpoint.send(message, though_suspended=True) if isinstance(endpoint, Leaf) else endpoint.send(message)
        )
        return await outcome if inspect.isawaitable(outcome) else outcome

    def _check(self, answer: Answer | None, message: MessageContext) -> None:
        if answer is None:
            return  # nothing answers over this transport
        status = answer.status
        if not 200 <= status < 300 and status not in self.processor.delivered_statuses:
            raise EndpointError(f"the endpoint answered with the status {status} {answer.reason}".rstrip())
        if is_true(message.get(FORCE_ERROR_ON_SOAP_FAULT)) and answer.payload.is_fault:
            raise EndpointError("the endpoint answered with a SOAP fault")

    async def _delivered(self, delivery: Delivery, queue: Queue, lease: Lease) -> None:
        lease.handled()
        await self.until_done(partial(queue.done, [delivery]), lease)

    async def _take_answer(self, answer: Answer, message: MessageContext, lease: Lease) -> None:
        sequence = self.processor.reply_sequence
        if sequence is not None and message.environment.sequence(sequence) is not None:
            await self.run_sequence(sequence, answer.as_response_to(message))
        elif sequence is not None:
            reason = f"Can't Send the Out Message , {sequence} Sequence Does not Exist"
            await self._deactivate(reason, message, lease)
        elif answer.payload.raw:
            reason = "the endpoint answered, and there is no message.processor.reply.sequence; or set OUT_ONLY"
            await self._deactivate(reason, message, lease)

    async def _deactivate(self, reason: str, message: MessageContext, lease: Lease) -> None:
        logger.error("{%s} deactivated: %s", self.label, reason)
        lease.deactivate(reason)
        if self.processor.deactivate_sequence is not None:
            await self.run_sequence(self.processor.deactivate_sequence, message)

    async def _put(self, store: str, delivery: Delivery) -> None:
        """
        Raises:
            MediationError: the other store is not deployed, or does not take it.
        """
        found = self.runtime.environment.deployed("messageStore").get(store)
        if found is None:
            raise MediationError(f"Message Store {store} does not exist.")
        waiting = found.queue.put(delivery.record)
        if waiting is not None:
            await waiting
