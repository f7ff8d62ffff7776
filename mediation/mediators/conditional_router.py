"""``<conditionalRouter>``: targets by conditions on headers, addresses and properties."""

from __future__ import annotations

from functools import partial

from mediation import branching, grammar
from mediation.evaluators import Condition
from mediation.flow import Outcome
from mediation.grammar import Mediator, Node, mediator, node
from mediation.message import MessageContext
from mediation.targets import Target


@node("conditionalRoute")
class ConditionalRoute(Node):
    """A target, and when it gets the message."""

    break_route: bool = grammar.attribute(True, name="breakRoute", convert=grammar.boolean)
    asynchronous: bool = grammar.attribute(False, name="asynchronous", convert=grammar.boolean)
    condition: Condition = grammar.child("condition", Condition, required=True)
    target: Target = grammar.child("target", Target, required=True)

    def run(self, ctx: MessageContext) -> Outcome:
        """Give the message to the target, or a copy that runs beside this flow, if the condition holds."""
        if not self.condition.holds(ctx):
            return True
        if self.asynchronous:
            branching.start(ctx, iter([(self.target, ctx.copy())]))
            return not self.break_route
        return branching.regardless(self.target.mediate(ctx), lambda: not self.break_route)


@mediator("conditionalRouter")
class ConditionalRouterMediator(Mediator):
    """
    Run the target of the first route whose condition holds.

    ::

        <conditionalRouter continueAfter="false">
            <conditionalRoute breakRoute="true">
                <condition><match type="header" source="Country" regex="UK|IE"/></condition>
                <target sequence="europe"/>
            </conditionalRoute>
        </conditionalRouter>

    A condition is ``equal`` or ``match`` of a ``header``, ``param``, ``url``, ``property`` or ``soap`` source, or
    ``and``, ``or`` and ``not`` of others. A route with ``breakRoute="false"`` lets the next ones have a look, too. With
    ``asynchronous`` a copy of the message goes to the target, and nobody waits for it.

    The flow ends here unless ``continueAfter`` is true, even if no route was taken.
    """

    continue_after: bool = grammar.attribute(False, name="continueAfter", convert=grammar.boolean)
    routes: tuple[ConditionalRoute, ...] = grammar.children("conditionalRoute", ConditionalRoute, required=True)

    def mediate(self, ctx: MessageContext) -> Outcome:
        outcome = branching.one_by_one(partial(route.run, ctx) for route in self.routes)
        return branching.regardless(outcome, lambda: self.continue_after)
