"""What a message asks of the back-end connection that it opens."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mediation.parameters import names
from mediation.properties import (
    ACCEPT_CONTENT_TYPE,
    ACCEPT_CONTENT_TYPE_CORRECT,
    PRESERVED_HEADERS,
    PROXY_NAME,
    SUBPROTOCOL,
)

from .handshake import Header, is_settable, split_subprotocols
from .parameters import SenderParameters
from .subprotocols import Negotiated

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mediation.message import MessageContext

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Offer:
    """
    The sub-protocols that a handshake offers, in order of preference; with the address, what a connection is known by.

    Attributes:
        required: whether the back-end has to choose one. RFC 6455 leaves it to the server; the originals insist when
            ``websocket.accept.contenType`` made the offer.
    """

    subprotocols: tuple[str, ...] = ()
    required: bool = True


NO_OFFER: Final = Offer()


@dataclass(frozen=True, slots=True)
class Opening:
    """
    How a connection is opened.

    Attributes:
        properties: of the axis2 scope of the message that asked for it, and the name of its proxy service.
        headers: of the handshake, beside its own.
        parameters: those of the transport sender at that time.
    """

    offer: Offer
    properties: dict[str, object]
    headers: tuple[Header, ...] = ()
    parameters: SenderParameters = field(default_factory=SenderParameters)

    @classmethod
    def of(cls, ctx: MessageContext, offer: Offer, parameters: SenderParameters) -> Opening:
        """What this message asks for."""
        if ctx.axis2.get(ACCEPT_CONTENT_TYPE_CORRECT):
            hint = "property %s has no effect; its real name is %s"
            logger.info(hint, ACCEPT_CONTENT_TYPE_CORRECT, ACCEPT_CONTENT_TYPE)
        properties = dict(ctx.axis2)
        properties.setdefault(PROXY_NAME, ctx.properties.get(PROXY_NAME))
        return cls(offer, properties, tuple(_headers(ctx, parameters)), parameters)


def offer_of(ctx: MessageContext) -> Offer:
    """The sub-protocols that a message wants to be offered, by ``websocket.accept.contenType`` before its own name."""
    axis2 = ctx.axis2
    content_type = axis2.get(ACCEPT_CONTENT_TYPE)
    if content_type:
        return Offer((f"synapse(contentType='{content_type}')",))
    wanted = axis2.get(SUBPROTOCOL)
    if not wanted or isinstance(wanted, Negotiated):
        return NO_OFFER
    return Offer(tuple(split_subprotocols(str(wanted))), required=False)


def _headers(ctx: MessageContext, parameters: SenderParameters) -> Iterable[Header]:
    """
    Headers that properties of the axis2 scope ask for, and those of the client that a parameter preserves.

    A property wins over a preserved header; a bare prefix asks for nothing.
    """
    prefix = parameters.custom_header_prefix
    asked = {
        name[len(prefix) :]: str(value)
        for name, value in ctx.axis2.items()
        if name.startswith(prefix) and len(name) > len(prefix)
    }
    yield from asked.items()
    preserved = dict.fromkeys((*parameters.preserved_headers, *names(str(ctx.axis2.get(PRESERVED_HEADERS) or ""))))
    if not preserved:
        return
    own = {name.lower() for name in asked}
    # Only the handshake message of a WebSocket client has its headers; the client keeps them for connections later.
    headers = (ctx.client and ctx.client.handshake_headers) or ctx.headers
    for name in preserved:
        value = headers.get(name)
        if value is not None and name.lower() not in own and is_settable(name):
            own.add(name.lower())
            yield name, value
