"""Endpoints that stand for another one: ``key``, ``key-expression``."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mediation.errors import EndpointError, EndpointNotFound
from mediation.expressions import Expression
from mediation.message import MessageContext
from mediation.transports import Answer

if TYPE_CHECKING:
    from mediation.endpoints import Endpoint
    from mediation.endpoints.leaf import Leaf


class Reference:
    """An endpoint that is looked up for each message."""

    __slots__ = ()

    def resolve(self, ctx: MessageContext) -> Endpoint:
        """
        Raises:
            EndpointError: there is none that could be used.
        """
        raise NotImplementedError

    def send(self, ctx: MessageContext) -> Answer | Awaitable[Answer | None] | None:
        """Deliver the message; see :meth:`mediation.endpoints.Endpoint.send`."""
        return self.resolve(ctx).send(ctx)

    def is_ready(self, ctx: MessageContext) -> bool:
        try:
            return self.resolve(ctx).is_ready(ctx)
        except EndpointError:
            return False

    def leaves(self) -> Iterator[Leaf]:
        """None: what is referred to has a name of its own."""
        return iter(())


@dataclass(frozen=True, slots=True)
class IndirectEndpoint(Reference):
    """
    The endpoint of that name.

    ::

        <endpoint key="stock"/>
    """

    key: str

    def resolve(self, ctx: MessageContext) -> Endpoint:
        return find_endpoint(self.key, ctx)


@dataclass(frozen=True, slots=True)
class ResolvingEndpoint(Reference):
    """
    The endpoint whose name an expression gives.

    ::

        <endpoint key-expression="get-property('target')"/>
    """

    expression: Expression

    def resolve(self, ctx: MessageContext) -> Endpoint:
        return find_endpoint(self.expression.string(ctx) or "", ctx)


def find_endpoint(key: str, ctx: MessageContext) -> Endpoint:
    """
    Raises:
        EndpointNotFound: no such endpoint is deployed.
    """
    endpoint = ctx.environment.endpoint(key)
    if endpoint is None:
        raise EndpointNotFound(key)
    return endpoint
