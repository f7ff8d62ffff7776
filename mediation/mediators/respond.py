"""``<respond>``: answer the client."""

from __future__ import annotations

from typing import Literal

from mediation.errors import MediationError
from mediation.grammar import Mediator, mediator
from mediation.message import MessageContext


@mediator("respond")
class RespondMediator(Mediator):
    """
    Send the message back to the client that the flow began with, and end the flow.

    ::

        <respond/>

    A WebSocket client gets a frame (at broadcast level 1 and 2 the other clients of the path too), an HTTP client the
    response.
    """

    def mediate(self, ctx: MessageContext) -> Literal[False]:
        if ctx.client is None:
            raise MediationError("respond: there is no client that waits for this message")
        ctx.to = None
        ctx.is_response = True
        ctx.client.reply(ctx)
        return False
