"""``<foreach>``: the parts of the body, one after the other, each put back when a sequence has changed it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from mediation import branching, flow, grammar
from mediation.errors import GrammarError, MediationError, NotRunnable
from mediation.expressions import Expression
from mediation.expressions.json_eval import JsonEval
from mediation.expressions.synapse import SynapseExpression
from mediation.flow import Outcome
from mediation.grammar import Mediator, mediator
from mediation.mediators.foreach_collection import ForEachCollectionMediator
from mediation.mediators.sequence import SequenceMediator
from mediation.message import MessageContext
from mediation.properties import FOREACH_COUNTER, FOREACH_ORIGINAL_MESSAGE
from mediation.replacing import JsonParts, Part, Parts, XmlParts

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler

SENDERS: Final = frozenset({"call", "callout", "send"})

logger = logging.getLogger(__name__)


@mediator("foreach")
class ForEachMediator(Mediator):
    """
    Run a sequence for each part of the body, found by an expression.

    ::

        <foreach expression="//m:order" id="orders" xmlns:m="urn:m">
            <sequence><enrich>...</enrich></sequence>
        </foreach>
        <foreach expression="json-eval($.orders)" sequence="order"/>

    In each round the part is the body: an element alone in the Body, or a member of a JSON array. What the body is at
    the end of the round takes the place of the part; elements are appended to where they were. It is one message, so
    properties outlive the round. ``FOREACH_COUNTER`` is the number of the round, from 0 on, and
    ``FOREACH_ORIGINAL_MESSAGE`` the envelope (of JSON the text) before the first; with an ``id`` the names begin with
    it and ``_``.

    The sequence sends nothing: ``send``, ``call`` and ``callout`` are refused in it. A round whose flow ends before the
    end of the sequence (``drop``) is the last one; the flow of the message goes on. A failure ends the loop, with
    ``continueLoopOnFailure`` only the round, whose part then stays as it was.

    With the attribute ``collection`` it is :class:`~mediation.mediators.foreach_collection.ForEachCollectionMediator`.
    """

    expression: Expression = grammar.expression(required=True)
    sequence_name: str | None = grammar.sequence_name("sequence")
    id: str | None = grammar.attribute(None, name="id")
    continue_on_failure: bool = grammar.attribute(False, name="continueLoopOnFailure", convert=grammar.boolean)
    sequence: SequenceMediator | None = grammar.child("sequence", SequenceMediator)

    @classmethod
    def from_xml(cls, element: etree._Element, compiler: Compiler) -> Any:
        if element.get("collection"):
            return ForEachCollectionMediator.from_xml(element, compiler)
        # A class with slots is made twice, and the short form of super() knows the first one.
        return super(ForEachMediator, cls).from_xml(element, compiler)  # noqa: UP008

    def check(self) -> None:
        if (self.sequence is None) is (self.sequence_name is None):
            raise GrammarError("<foreach> needs either the attribute sequence or a child <sequence>")
        if self.sequence is not None and _sends(self.sequence):
            raise GrammarError("Sequence cannot contain Call, Send or CallOut mediators")
        if isinstance(self.expression, SynapseExpression):
            raise NotRunnable("a synapse expression of <foreach>", f'use collection="{self.expression.source}"')
        if isinstance(self.expression, JsonEval) and self.expression.reads_property:
            raise GrammarError("<foreach> goes through the body, not through a property")

    def mediate(self, ctx: MessageContext) -> Outcome:
        parts: Parts
        if isinstance(self.expression, JsonEval):
            original: object = ctx.payload.json_text()
            parts = JsonParts(ctx, self.expression)
        else:
            original = ctx.payload.envelope
            parts = XmlParts(ctx, self.expression)
        ctx.properties[self._name(FOREACH_ORIGINAL_MESSAGE)] = original
        ctx.properties[self._name(FOREACH_COUNTER)] = 0
        outcome = branching.one_by_one(partial(self._round, ctx, number, part) for number, part in enumerate(parts))
        return branching.regardless(outcome, lambda: _leave(ctx, parts))

    def _name(self, name: str) -> str:
        return name if self.id is None else f"{self.id}_{name}"

    def _round(self, ctx: MessageContext, number: int, part: Part) -> Outcome:
        ctx.payload = part.payload
        place = ctx.depth, ctx.fault_handlers
        goes_on = True
        try:
            outcome = self._run(ctx)
        except Exception as exc:
            self._forgive(exc, ctx, number, place)
        else:
            if not isinstance(outcome, bool):
                return self._wait(outcome, ctx, number, part)
            part.take_back(ctx.payload)
            goes_on = outcome
        ctx.properties[self._name(FOREACH_COUNTER)] = number + 1
        return goes_on

    async def _wait(self, waiting: Awaitable[bool], ctx: MessageContext, number: int, part: Part) -> bool:
        place = ctx.depth, ctx.fault_handlers
        goes_on = True
        try:
            goes_on = await waiting
        except Exception as exc:
            self._forgive(exc, ctx, number, place)
        else:
            part.take_back(ctx.payload)
        ctx.properties[self._name(FOREACH_COUNTER)] = number + 1
        return goes_on

    def _run(self, ctx: MessageContext) -> Outcome:
        if self.sequence is not None:
            return self.sequence.mediate(ctx)
        assert self.sequence_name is not None
        sequence = ctx.environment.sequence(self.sequence_name)
        if sequence is None:
            raise MediationError(f"Couldn't find the sequence named : {self.sequence_name}")
        if _sends(sequence):
            raise MediationError("ForEach: Referred sequence cannot contain Call, Send or CallOut mediators")
        return flow.enter(sequence, self.sequence_name, ctx)

    def _forgive(
        self, exc: Exception, ctx: MessageContext, number: int, place: tuple[int, tuple[flow.FaultHandler, ...]]
    ) -> None:
        if not self.continue_on_failure:
            raise exc
        logger.warning("foreach: round %d failed, the loop goes on: %s", number, exc)
        ctx.depth, ctx.fault_handlers = place


def _sends(sequence: SequenceMediator) -> bool:
    return any(step.tag in SENDERS for step in sequence.mediators)


def _leave(ctx: MessageContext, parts: Parts) -> bool:
    ctx.payload = parts.joined()
    return True
