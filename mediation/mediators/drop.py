"""``<drop>``: end the flow."""

from __future__ import annotations

from typing import Literal

from mediation.grammar import Mediator, mediator
from mediation.message import MessageContext


@mediator("drop")
class DropMediator(Mediator):
    """
    End the flow. The message goes nowhere, and its ``To`` address is forgotten.

    ::

        <drop/>

    An HTTP client that has had no answer gets an empty ``202 Accepted``; a WebSocket client gets nothing.
    """

    def mediate(self, ctx: MessageContext) -> Literal[False]:
        ctx.to = None
        return False
