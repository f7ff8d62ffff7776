"""
How messages leave: transports, chosen by the scheme of an address.

``websocket/`` holds ``ws`` and ``wss``, ``http`` holds ``http`` and ``https``, and ``mediation.local_transport`` the
addresses within this process. A transport is asked by an endpoint, and knows nothing of suspension or fail-over; those
belong to endpoints.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from mediation.errors import EndpointError
from mediation.headers import Headers
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.payloads.addressing import BACK
from mediation.properties import HTTP_SC, HTTP_SC_DESC

DEFAULT_TIMEOUT: Final = 120.0
"""Seconds that a back-end has to answer when the endpoint does not say (the value that the originals ship)."""


@dataclass(slots=True)
class Answer:
    """A back-end's answer to one message."""

    payload: Payload
    status: int = 200
    reason: str = ""
    headers: Headers = field(default_factory=Headers)

    def axis2(self) -> dict[str, Any]:
        """Properties of the axis2 scope of the response leg."""
        properties: dict[str, Any] = {HTTP_SC: self.status}
        if self.reason:
            properties[HTTP_SC_DESC] = self.reason
        return properties

    def as_response_to(self, ctx: MessageContext) -> MessageContext:
        """A new message for the response leg of a ``<send>``."""
        response = ctx.response(self.payload, self.headers, self.axis2())
        response.to = BACK
        return response

    def replace(self, ctx: MessageContext) -> None:
        """Make this answer the message that a ``<call>`` goes on with; default-scope properties stay."""
        ctx.payload = self.payload
        ctx.headers = self.headers
        ctx.axis2 = self.axis2()
        ctx.to = BACK


@dataclass(frozen=True, slots=True)
class SendOptions:
    """
    What an endpoint says about delivery.

    Attributes:
        method: HTTP method; ``None`` keeps the message's own.
        format: ``soap11``, ``soap12``, ``pox``, ``get``, ``rest`` or ``None`` (as it came).
        timeout: seconds to wait for an answer.
        encoding: character set of the body that is sent.
        authorization: takes the place of the message's own ``Authorization``.
    """

    method: str | None = None
    format: str | None = None
    timeout: float = DEFAULT_TIMEOUT
    encoding: str | None = None
    authorization: str | None = field(default=None, repr=False)


class Transport(Protocol):
    """One way to deliver a message."""

    def send(self, ctx: MessageContext, uri: str, options: SendOptions) -> Answer | Awaitable[Answer | None] | None:
        """
        Deliver the message.

        Returns:
            The back-end's answer, or ``None`` when no answer belongs to this message (WebSocket). An awaitable of
            that when it has to wait.

        Raises:
            EndpointError: it could not be delivered.
        """


TRANSPORTS: Final[dict[str, Transport]] = {}
"""Transports by URI scheme; each module registers its own."""

KNOWN_SCHEMES: Final = frozenset({"ws", "wss", "http", "https", "local"})


@functools.lru_cache(maxsize=1024)
def scheme_of(uri: str) -> str:
    """The scheme in lower case, ``""`` if the address has none."""
    scheme, separator, _ = uri.partition(":")
    return scheme.strip().lower() if separator else ""


def transport_for(uri: str) -> Transport:
    """
    Raises:
        EndpointError: nothing here takes messages to such an address.
    """
    transport = TRANSPORTS.get(scheme_of(uri))
    if transport is None:
        raise EndpointError(
            f"Unexpected error during sending message out. cannot infer transport information from the {uri} URL",
            code=0,
        )
    return transport
