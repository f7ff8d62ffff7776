"""``<router>``: targets by expressions."""

from __future__ import annotations

from collections.abc import Awaitable

from mediation import grammar
from mediation.expressions import Expression
from mediation.expressions.regex import Pattern, compile_regex
from mediation.flow import Outcome
from mediation.grammar import Mediator, Node, mediator, node
from mediation.message import MessageContext
from mediation.targets import Target


@node("route")
class Route(Node):
    """A target, and when it gets the message."""

    expression: Expression = grammar.expression(required=True)
    match: Pattern | None = grammar.attribute(None, name="match", convert=compile_regex)
    break_router: bool = grammar.attribute(True, name="breakRouter", convert=grammar.boolean)
    target: Target = grammar.child("target", Target, required=True)

    def takes(self, ctx: MessageContext) -> bool:
        if self.match is None:
            return self.expression.boolean(ctx)
        value = self.expression.string(ctx)
        return value is not None and self.match.fullmatch(value) is not None


@mediator("router")
class RouterMediator(Mediator):
    """
    Run the targets of the routes whose expression matches.

    ::

        <router continueAfter="false">
            <route expression="//m:symbol" match="IBM|MSFT" xmlns:m="urn:m"><target sequence="blue-chips"/></route>
            <route expression="//m:urgent" xmlns:m="urn:m"><target><endpoint key="fast"/></target></route>
        </router>

    With ``match``, a regular expression has to match the whole value, without it there has to be one. A route with
    ``breakRouter="false"`` lets the next ones have a look, too. A message that no route takes passes by; for others the
    flow ends here unless ``continueAfter`` is true.
    """

    continue_after: bool = grammar.attribute(False, name="continueAfter", convert=grammar.boolean)
    routes: tuple[Route, ...] = grammar.children("route", Route, required=True)

    def mediate(self, ctx: MessageContext) -> Outcome:
        return self._from(0, ctx, True)

    def _from(self, start: int, ctx: MessageContext, otherwise: bool) -> Outcome:
        for number in range(start, len(self.routes)):
            route = self.routes[number]
            if not route.takes(ctx):
                continue
            outcome = route.target.mediate(ctx)
            if not isinstance(outcome, bool):
                return self._wait(outcome, number, ctx)
            otherwise = self.continue_after
            if route.break_router:
                break
        return otherwise

    async def _wait(self, waiting: Awaitable[bool], number: int, ctx: MessageContext) -> bool:
        await waiting
        if self.routes[number].break_router:
            return self.continue_after
        outcome = self._from(number + 1, ctx, self.continue_after)
        return outcome if isinstance(outcome, bool) else await outcome
