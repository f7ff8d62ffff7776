"""The port of one inbound endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediation import consumers
from mediation.transports.websocket import Handshake, Limits, Listener, Request, listen

if TYPE_CHECKING:
    from mediation.runtime import Runtime


async def open_websocket_port(inbound: str, port: int, runtime: Runtime) -> Listener:
    """
    Open the port of the inbound endpoint named ``inbound``.

    The endpoint is looked up at each handshake, so that a changed one needs no new port.

    Raises:
        OSError: the port cannot be opened.
    """

    def accept(request: Request) -> Handshake:
        return consumers.accept(request, inbound, runtime)

    options = runtime.options
    return await listen(options.host, port, accept, limits=Limits(max_message=options.max_message_bytes))
