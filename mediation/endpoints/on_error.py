"""``<endpoint onError="...">``: an endpoint with a fault sequence of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mediation import flow
from mediation.endpoints.recipients import Recipients
from mediation.errors import EndpointError, SequenceNotFound
from mediation.message import MessageContext
from mediation.transports import Answer

if TYPE_CHECKING:
    from mediation.endpoints import Endpoint
    from mediation.endpoints.leaf import Leaf


@dataclass(frozen=True, slots=True)
class _FaultSequence:
    name: str

    def mediate(self, ctx: MessageContext) -> flow.Outcome:
        sequence = ctx.environment.sequence(self.name)
        if sequence is None:
            raise SequenceNotFound(self.name)
        return flow.enter(sequence, self.name, ctx)


@dataclass(frozen=True, slots=True)
class GuardedEndpoint:
    """
    An endpoint whose failures go to a sequence of their own, before they go to the fault sequences of the flow.

    ::

        <endpoint name="stock" onError="stockIsDown"><address uri="http://localhost:9000/stock"/></endpoint>

    The flow that sent the message ends there. In a group the other endpoints are tried first.
    """

    endpoint: Endpoint
    on_error: str

    def send(self, ctx: MessageContext) -> Answer | Awaitable[Answer | None] | None:
        """Deliver the message; see :meth:`mediation.endpoints.Endpoint.send`."""
        try:
            outcome = self.endpoint.send(ctx)
        except EndpointError as exc:
            self._failed(exc)
            raise
        return outcome if outcome is None or isinstance(outcome, Answer | Recipients) else self._wait(outcome)

    async def _wait(self, waiting: Awaitable[Answer | None]) -> Answer | None:
        try:
            return await waiting
        except EndpointError as exc:
            self._failed(exc)
            raise

    def _failed(self, exc: EndpointError) -> None:
        if exc.handler is None:
            exc.handler = _FaultSequence(self.on_error)

    def is_ready(self, ctx: MessageContext) -> bool:
        return self.endpoint.is_ready(ctx)

    def leaves(self) -> Iterator[Leaf]:
        return self.endpoint.leaves()
