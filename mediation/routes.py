"""
Where the messages of a WebSocket client go: to a resource of an API, to the sequence of their path, or to that of their
inbound endpoint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mediation import flow
from mediation.api import ApiRequest, ApiTable, Dispatched
from mediation.errors import MediationError
from mediation.flow import Outcome, Step
from mediation.mediators.sequence import NamedSequence
from mediation.properties import REST_METHOD, REST_URL_POSTFIX, REST_URL_PREFIX

if TYPE_CHECKING:
    from mediation.environment import Environment
    from mediation.headers import Headers
    from mediation.inbound_endpoint import InboundEndpoint
    from mediation.message import MessageContext

_SCHEMES: Final = {"ws": "http", "wss": "https"}
"""What the ``transports`` of an API say of WebSockets."""
_OF_HTTP: Final = frozenset({REST_METHOD, REST_URL_PREFIX})


@dataclass(frozen=True, slots=True)
class Route:
    """
    Attributes:
        request: what messages run through.
        response: what the answers of HTTP back-ends run through; ``None`` for the outflow sequence.
        fault: runs when that fails; ``None`` for the outflow fault sequence.
    """

    request: Step
    response: Step | None = None
    fault: Step | None = None


def find_route(
    environment: Environment, apis: ApiTable, inbound: InboundEndpoint, target: str, headers: Headers
) -> Route:
    """
    The route of all messages of a client, as long as the configuration does not change.

    Args:
        target: path of the handshake, with the query.
        headers: of the handshake.
    """
    # Over WebSocket there is no method, so a resource that wants one takes nothing.
    found = apis.find(ApiRequest("", target, _SCHEMES[inbound.protocol], headers, inbound.name))
    if isinstance(found, Dispatched) and not found.service.access.open:
        return Route(_NoResource(f"the API of {target} asks each request for a password, and takes no WebSocket"))
    if isinstance(found, Dispatched):
        return Route(_OfApi(found), found.service.out_sequence, found.service.fault_sequence)
    if found is not None:
        return Route(_NoResource(f"no resource of the API takes {target}; one with methods takes no WebSocket"))
    if inbound.dispatch_custom:
        name = target.partition("?")[0].lstrip("/").replace("/", "-")
        if name and environment.sequence(name) is not None:
            return Route(NamedSequence(name, "main"))
    return Route(NamedSequence(inbound.sequence, "main"))


class _OfApi:
    """To the in sequence of a resource."""

    __slots__ = ("_postfix", "_properties", "_service")

    def __init__(self, found: Dispatched) -> None:
        self._service = found.service
        self._properties = {name: value for name, value in found.properties.items() if name not in _OF_HTTP}
        self._postfix = found.postfix

    def mediate(self, ctx: MessageContext) -> Outcome:
        ctx.properties |= self._properties
        if self._postfix:
            ctx.axis2[REST_URL_POSTFIX] = self._postfix
        service = self._service
        if service.in_sequence is None:
            return False
        return flow.guard(service.in_sequence.mediate, ctx, service.fault_sequence)


class _NoResource:
    """To nowhere: an API takes the path, but none of its resources does."""

    __slots__ = ("_reason",)

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def mediate(self, ctx: MessageContext) -> Outcome:
        raise MediationError(self._reason)
