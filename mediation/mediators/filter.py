"""``<filter>``: one way or the other, by a condition."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from mediation import flow, grammar
from mediation.errors import GrammarError, MediationError
from mediation.expressions import Expression
from mediation.expressions.regex import Pattern, compile_regex
from mediation.flow import Outcome
from mediation.grammar import Mediator, Node, mediator, node
from mediation.message import MessageContext

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler


@node("then")
class Then(Node):
    """A branch: mediators inside, or a sequence by name."""

    sequence: str | None = grammar.sequence_name("sequence")
    mediators: tuple[Mediator, ...] = grammar.mediators()

    def mediate(self, ctx: MessageContext) -> Outcome:
        if self.sequence is None:
            return flow.run(self.mediators, ctx)
        sequence = ctx.environment.sequence(self.sequence)
        if sequence is None:
            raise MediationError(f"Couldn't find the referred {self.tag} sequence with key : {self.sequence}")
        return flow.enter(sequence, self.sequence, ctx)


@node("else")
class Else(Then):
    """The other branch."""


class DirectMediators(grammar.Mediators):
    """Mediators directly inside, which count only if there is no ``<then>``."""

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> tuple[Mediator, ...]:
        if grammar.find(element, "then") is None:
            return super().read(element, compiler, node)
        for child in grammar.elements(element):
            if grammar.local_name(child) not in node.known_tags():
                compiler.warning(f"<filter> with a <then> ignores <{grammar.local_name(child)}> beside it", child)
        return ()


def _regex(pattern: str) -> Pattern:
    if not pattern.strip():
        raise GrammarError("Invalid attribute values for source and/or regex specified")
    return compile_regex(pattern)


@mediator("filter")
class FilterMediator(Mediator):
    """
    Run ``<then>`` if the condition holds, else ``<else>``.

    ::

        <filter source="get-property('To')" regex=".*/StockQuote.*">
            <then><send/></then>
            <else><drop/></else>
        </filter>

        <filter xpath="//m:quantity &gt; 100" xmlns:m="http://services.samples">
            <sequence key="large-orders"/>
        </filter>

    Either ``xpath``, an expression that is true or not (a non-empty node-set or string is true, even the string
    ``false``; a ``json-eval`` is true for ``true`` only), or ``source`` with ``regex``, which has to match the whole
    value. With both, ``xpath`` counts. ``sequence`` on a branch names a sequence to run instead of mediators inside.
    Mediators directly inside ``<filter>`` are the ``<then>`` branch. Without an ``<else>``, a message that does not
    meet the condition passes by.
    """

    xpath: Expression | None = grammar.expression("xpath")
    source: Expression | None = grammar.expression("source")
    regex: Pattern | None = grammar.attribute(None, name="regex", convert=_regex)
    then: Then | None = grammar.child("then", Then)
    otherwise: Else | None = grammar.child("else", Else)
    mediators: tuple[Mediator, ...] = dataclasses.field(metadata={"rule": DirectMediators()})

    def check(self) -> None:
        if self.xpath is None and (self.source is None or self.regex is None):
            raise GrammarError("An xpath or (source, regex) attributes are required for a filter")
        if self.otherwise is not None and self.then is None:
            raise GrammarError("<filter> with an <else> needs a <then>", self.otherwise.line)

    def mediate(self, ctx: MessageContext) -> Outcome:
        if self._holds(ctx):
            return flow.run(self.mediators, ctx) if self.then is None else self.then.mediate(ctx)
        return True if self.otherwise is None else self.otherwise.mediate(ctx)

    def _holds(self, ctx: MessageContext) -> bool:
        if self.xpath is not None:
            return self.xpath.boolean(ctx)
        assert self.source is not None
        assert self.regex is not None
        value = self.source.string(ctx)
        return value is not None and self.regex.fullmatch(value) is not None
