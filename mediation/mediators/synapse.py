"""``<synapse>``: a list of mediators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediation import flow, grammar
from mediation.grammar import Mediator, mediator

if TYPE_CHECKING:
    from mediation.flow import Outcome
    from mediation.message import MessageContext


@mediator("synapse")
class SynapseMediator(Mediator):
    """
    Run the mediators inside, one after the other.

    ::

        <synapse><log/><send/></synapse>
    """

    steps: tuple[Mediator, ...] = grammar.mediators()

    def mediate(self, ctx: MessageContext) -> Outcome:
        return flow.run(self.steps, ctx)
