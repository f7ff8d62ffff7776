"""``<in>``: mediators for requests only."""

from __future__ import annotations

from mediation import flow, grammar
from mediation.flow import Outcome
from mediation.grammar import Mediator, mediator
from mediation.message import MessageContext


@mediator("in")
class InMediator(Mediator):
    """
    Run the mediators inside if the message is a request; a response passes by.

    ::

        <in>
            <log/>
            <send><endpoint key="backend"/></send>
        </in>
        <out><send/></out>

    For sequences that serve both directions, such as ``main``. The property ``RESPONSE`` turns a request into a
    response.
    """

    mediators: tuple[Mediator, ...] = grammar.mediators()

    def mediate(self, ctx: MessageContext) -> Outcome:
        return True if ctx.is_response else flow.run(self.mediators, ctx)
