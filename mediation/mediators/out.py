"""``<out>``: mediators for responses only."""

from __future__ import annotations

from mediation import flow, grammar
from mediation.flow import Outcome
from mediation.grammar import Mediator, mediator
from mediation.message import MessageContext


@mediator("out")
class OutMediator(Mediator):
    """
    Run the mediators inside if the message is a response; a request passes by.

    ::

        <in><send><endpoint key="backend"/></send></in>
        <out><send/></out>

    A frame from a WebSocket back-end is no response (``docs/compatibility.md``, log lines).
    """

    mediators: tuple[Mediator, ...] = grammar.mediators()

    def mediate(self, ctx: MessageContext) -> Outcome:
        return flow.run(self.mediators, ctx) if ctx.is_response else True
