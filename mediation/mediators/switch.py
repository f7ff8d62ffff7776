"""``<switch>``: one branch of many, by the value of an expression."""

from __future__ import annotations

from mediation import flow, grammar
from mediation.expressions import Expression
from mediation.expressions.regex import Pattern, compile_regex
from mediation.flow import Outcome
from mediation.grammar import Mediator, Node, mediator, node
from mediation.message import MessageContext


@node("case")
class Case(Node):
    """A branch with the regular expression that chooses it."""

    regex: Pattern = grammar.attribute(name="regex", convert=compile_regex)
    mediators: tuple[Mediator, ...] = grammar.mediators()


@node("default")
class Default(Node):
    """The branch for a value that no case matches."""

    mediators: tuple[Mediator, ...] = grammar.mediators()


@mediator("switch")
class SwitchMediator(Mediator):
    """
    Run the first case whose regular expression matches the value, else the default.

    ::

        <switch source="//m:symbol" xmlns:m="http://services.samples">
            <case regex="IBM|MSFT"><send><endpoint key="blue-chips"/></send></case>
            <case regex="GOOG.*"><drop/></case>
            <default><log/></default>
        </switch>

    ``regex`` has to match the whole value, not a part of it. A ``source`` that has no value, such as a property that is
    not set, goes to the default. Without a default, a value that nothing matches passes by.
    """

    source: Expression = grammar.expression("source", required=True)
    cases: tuple[Case, ...] = grammar.children("case", Case)
    default: Default | None = grammar.child("default", Default)

    def mediate(self, ctx: MessageContext) -> Outcome:
        value = self.source.string(ctx)
        if value is not None:
            for case in self.cases:
                if case.regex.fullmatch(value):
                    return flow.run(case.mediators, ctx)
        return True if self.default is None else flow.run(self.default.mediators, ctx)
