"""
The ``local`` transport: messages that stay here.

``local:///inbound/NAME/PATH`` are the WebSocket clients that are connected to an inbound endpoint on a path, as
``/inbound/NAME/PATH`` on the main port is where they connect. Any flow can send there: of a proxy service, of another
inbound endpoint, of a fault sequence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediation.errors import EndpointError, EndpointNotFound
from mediation.properties import CONNECTION_TERMINATE, SOURCE_HANDSHAKE
from mediation.transports import TRANSPORTS, SendOptions
from mediation.transports.local import inbound_address
from mediation.transports.websocket.sender import frame_of

if TYPE_CHECKING:
    from mediation.message import MessageContext
    from mediation.runtime import Runtime


class LocalTransport:
    """
    Writes a message to every client on a path, also of other processes with a shared channel layer. Nobody answers, and
    it is no failure if nobody is there.

    A client that lags too far behind is treated as at broadcast level 1. The handshake and disconnect messages of
    WebSocket clients have no frame, so they reach nobody.
    """

    def __init__(self) -> None:
        self._runtime: Runtime | None = None

    def bind(self, runtime: Runtime) -> None:
        """Reach the clients of this process."""
        self._runtime = runtime

    def send(self, ctx: MessageContext, uri: str, options: SendOptions) -> None:
        found = inbound_address(uri)
        if found is None:
            raise EndpointError(f"Nothing here takes messages to {uri}; use local:///inbound/NAME/PATH")
        name, path = found
        if self._runtime is None:
            raise EndpointError(f"No client is connected to {uri} in this process")
        if ctx.environment.inbound_endpoint(name) is None:
            raise EndpointNotFound(name)
        if ctx.axis2.get(SOURCE_HANDSHAKE) is True or ctx.axis2.get(CONNECTION_TERMINATE) is True:
            return
        frame = frame_of(ctx)
        self._runtime.subscribers.broadcast(name, path, frame)
        if self._runtime.broadcasts is not None:
            self._runtime.broadcasts.publish(name, path, frame)


LOCAL = LocalTransport()
TRANSPORTS["local"] = LOCAL
