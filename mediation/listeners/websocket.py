"""The port of one inbound endpoint."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ssl import SSLContext
from typing import TYPE_CHECKING

from mediation import consumers
from mediation.transports.websocket import Handshake, Limits, Listener, Request, listen

if TYPE_CHECKING:
    from mediation.runtime import Runtime


async def open_websocket_port(
    inbound: str, port: int, runtime: Runtime, tls: Callable[[], SSLContext] | None = None
) -> Listener:
    """
    Open the port of the inbound endpoint named ``inbound``.

    The endpoint is looked up at each handshake, so that a changed one needs no new port.

    Args:
        tls: gives the context for a new connection, for ``wss``.

    Raises:
        OSError: the port cannot be opened.
    """

    def accept(request: Request) -> Handshake | Awaitable[Handshake]:
        return consumers.accept(request, inbound, runtime)

    def limits() -> Limits:
        deployed = runtime.environment.inbound_endpoint(inbound)
        return runtime.limits if deployed is None else deployed.limits.applied(runtime.limits)

    share = runtime.options.share_ports
    return await listen(runtime.options.host, port, accept, ssl=tls, limits=limits, reuse_port=share)
