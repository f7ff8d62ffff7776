"""``<endpoint key="..."/>``: the endpoint of that name."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass

from mediation.errors import EndpointNotFound
from mediation.message import MessageContext
from mediation.transports import Answer


@dataclass(frozen=True, slots=True)
class IndirectEndpoint:
    """
    The endpoint of that name, looked up for each message.

    ::

        <endpoint key="stock"/>
    """

    key: str

    def send(self, ctx: MessageContext) -> Answer | Awaitable[Answer | None] | None:
        """
        Raises:
            EndpointNotFound: no such endpoint is deployed.
        """
        endpoint = ctx.environment.endpoint(self.key)
        if endpoint is None:
            raise EndpointNotFound(self.key)
        return endpoint.send(ctx)
