"""``<store>``: put the message away for a message processor."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from dataclasses import replace
from typing import TYPE_CHECKING

from mediation import flow, grammar
from mediation.errors import MediationError
from mediation.expressions import Value
from mediation.flow import Outcome
from mediation.grammar import Mediator, mediator
from mediation.properties import HTTP_SC
from mediation.stores import MessageStore, freeze

if TYPE_CHECKING:
    from mediation.message import MessageContext

logger = logging.getLogger(__name__)


@mediator("store")
class StoreMediator(Mediator):
    """
    Put a copy of the message into a message store, and go on with the message.

    ::

        <store messageStore="Orders"/>
        <store messageStore="{get-property('store')}" sequence="beforeStoring"/>

    The copy has the body, the addresses, the headers, the variables and all properties that are plain data. When the
    flow goes on, a durable store has the message on its disk. ``sequence`` runs before. A message that cannot be stored
    goes to the fault sequence, with the status 500.
    """

    message_store: Value = grammar.value("messageStore", required=True, refers="messageStore")
    on_store: str | None = grammar.sequence_name("sequence")
    name: str | None = grammar.attribute(None, name="name")

    def mediate(self, ctx: MessageContext) -> Outcome:
        if self.on_store is not None:
            sequence = ctx.environment.sequence(self.on_store)
            if sequence is None:
                logger.warning("the sequence %s that is to run before storing is not deployed", self.on_store)
            else:
                outcome = flow.enter(sequence, self.on_store, ctx)
                if not isinstance(outcome, bool):
                    return self._store_after(outcome, ctx)
        return self._store(ctx)

    async def _store_after(self, waiting: Awaitable[bool], ctx: MessageContext) -> bool:
        await waiting
        outcome = self._store(ctx)
        return outcome if isinstance(outcome, bool) else await outcome

    def _store(self, ctx: MessageContext) -> Outcome:
        return _put(_find(self.message_store.string(ctx) or "", ctx), ctx)


def _put(store: MessageStore, ctx: MessageContext) -> Outcome:
    try:
        waiting = store.queue.put(freeze(ctx))
    except MediationError as exc:
        return _refused(exc, store, ctx)
    return True if waiting is None else _committed(waiting, store, ctx)


async def _committed(waiting: Awaitable[None], store: MessageStore, ctx: MessageContext) -> bool:
    try:
        await waiting
    except MediationError as exc:
        outcome = _refused(exc, store, ctx)
        return outcome if isinstance(outcome, bool) else await outcome
    return True


def _refused(exc: MediationError, store: MessageStore, ctx: MessageContext) -> Outcome:
    """
    Give the message to the other store, if there is one.

    Raises:
        MediationError: there is none.
    """
    if store.failover is not None:
        # The other store's own failover does not count: the two may name each other.
        return _put(replace(_find(store.failover, ctx), failover=None), ctx)
    ctx.set(HTTP_SC, 500, "axis2")
    message = f"Failed to store message [{ctx.message_id}] in store [{store.name}]."
    raise MediationError(message, detail=exc.message) from exc


def _find(name: str, ctx: MessageContext) -> MessageStore:
    store: MessageStore | None = ctx.environment.deployed("messageStore").get(name)
    if store is None:
        raise MediationError("Message Store does not exist.", detail=f'no message store "{name}" is deployed')
    return store
