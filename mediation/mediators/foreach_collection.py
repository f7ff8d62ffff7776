"""``<foreach collection="...">``: the members of a collection, side by side, and what becomes of them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial

from lxml import etree

from mediation import branching, flow, grammar, joining
from mediation.errors import GrammarError
from mediation.expressions import Expression
from mediation.flow import Outcome
from mediation.gathering import Gathering
from mediation.grammar import Mediator, node
from mediation.loop_collections import Collection, find_collection
from mediation.mediators.sequence import SequenceMediator
from mediation.message import MessageContext
from mediation.payloads import Payload

logger = logging.getLogger(__name__)


@node("foreach")
class ForEachCollectionMediator(Mediator):
    """
    Run a sequence for each member of a JSON array, or for each element that an expression finds.

    ::

        <foreach collection="${payload.orders}" parallel-execution="true">
            <sequence><call><endpoint key="orders"/></call></sequence>
        </foreach>
        <foreach collection="${vars.orders}" update-original="false" target-variable="prices"
                 result-content-type="JSON">
            <sequence>...</sequence>
        </foreach>

    Each member is the body of a copy of the message; what the body is at the end of the sequence takes the member's
    place in the message's body or variable. With ``update-original="false"`` the bodies become the variable that
    ``target-variable`` names: a JSON array, or elements in one named by ``result-enclosing-element``. With
    ``continue-without-aggregation`` nobody waits for them. ``parallel-execution="false"`` runs one after the other,
    with its number from 0 on in the variable that ``counter-variable`` names.

    The flow goes on when all have come back. If the flow of one has not gone to its end (it failed, answered the
    client or was dropped), the flow of the message ends here, too.
    """

    collection: Expression = grammar.expression("collection", required=True)
    parallel: bool = grammar.attribute(True, name="parallel-execution", convert=grammar.boolean)
    update_original: bool = grammar.attribute(True, name="update-original", convert=grammar.boolean)
    variable: str | None = grammar.attribute(None, name="target-variable")
    content_type: str | None = grammar.attribute(None, name="result-content-type", choices=("JSON", "XML"))
    enclosing: str | None = grammar.attribute(None, name="result-enclosing-element")
    counter: str | None = grammar.attribute(None, name="counter-variable")
    forgets: bool = grammar.attribute(False, name="continue-without-aggregation", convert=grammar.boolean)
    sequence: SequenceMediator = grammar.child("sequence", SequenceMediator, required=True)

    def check(self) -> None:
        if self.counter is not None and self.parallel:
            raise GrammarError('<foreach> has a counter-variable only with parallel-execution="false"')
        if self.forgets or self.update_original:
            return
        if not self.variable or self.content_type is None:
            raise GrammarError('<foreach update-original="false"> needs target-variable and result-content-type')
        if self.content_type == "XML" and not self.enclosing:
            raise GrammarError('<foreach result-content-type="XML"> needs result-enclosing-element')
        joining.check_name(self.enclosing)

    def mediate(self, ctx: MessageContext) -> Outcome:
        collection = find_collection(ctx, self.collection)
        if not len(collection):
            logger.info("foreach: %s finds nothing", self.collection.source)
            return True
        branches = ((self.sequence, branch) for branch in self._branches(ctx.copy(Payload()), collection))
        if self.forgets:
            return self._forget(ctx, branches)
        gathering = Gathering()
        outcome = gathering.all(branches) if self.parallel else gathering.one_by_one(branches)
        return branching.regardless(outcome, lambda: self._go_on(ctx, collection, gathering))

    def _branches(self, template: MessageContext, collection: Collection) -> Iterator[MessageContext]:
        for number, payload in enumerate(collection):
            branch = template.copy(payload)
            if self.counter is not None:
                branch.variables[self.counter] = number
            yield branch

    def _forget(self, ctx: MessageContext, branches: Iterator[tuple[SequenceMediator, MessageContext]]) -> Outcome:
        if self.parallel:
            branching.start(ctx, branches)
            return True
        return branching.one_by_one(partial(_run_regardless, sequence, branch) for sequence, branch in branches)

    def _go_on(self, ctx: MessageContext, collection: Collection, gathering: Gathering) -> bool:
        results = gathering.in_order()
        if len(results) < len(collection):
            return False
        if self.update_original:
            collection.replace(ctx, results)
        elif self.variable is not None:
            ctx.variables[self.variable] = self._joined(results)
        return True

    def _joined(self, results: list[MessageContext]) -> object:
        if self.content_type == "JSON":
            return [result.payload.json() for result in results]
        assert self.enclosing is not None, "checked"
        element = etree.Element(self.enclosing)
        element.extend(joining.elements_of(results, None))
        return element


def _run_regardless(sequence: SequenceMediator, branch: MessageContext) -> Outcome:
    return branching.regardless(flow.run_branch(sequence.mediate, branch))
