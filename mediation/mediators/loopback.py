"""``<loopback>``: turn a request round."""

from __future__ import annotations

from typing import Literal

from mediation.errors import MediationError
from mediation.grammar import Mediator, mediator
from mediation.message import MessageContext


@mediator("loopback")
class LoopbackMediator(Mediator):
    """
    End the request and go on with the same message as the response: the out sequence of the proxy service runs.

    ::

        <loopback/>

    A response is not turned round again; it ends here. For a WebSocket client the outflow sequence runs.
    """

    def mediate(self, ctx: MessageContext) -> Literal[False]:
        if ctx.is_response:
            return False
        if ctx.client is None:
            raise MediationError("loopback: there is no client that waits for a response")
        ctx.to = None
        ctx.is_response = True
        ctx.client.response_received(ctx, None)
        return False
