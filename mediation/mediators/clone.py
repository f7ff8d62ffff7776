"""``<clone>``: the message several times."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from mediation import branching, flow, grammar
from mediation.errors import GrammarError, MediationError
from mediation.expressions import Value
from mediation.flow import Outcome
from mediation.grammar import Mediator, mediator
from mediation.message import MessageContext
from mediation.properties import CLONED_ITERATION_INDEX, STOP_TARGET_EXECUTION_ON_FAILURE, is_true
from mediation.targets import Target

MAX_ITERATIONS: Final = 100_000
"""How many clones ``iterations`` may ask for."""


@mediator("clone")
class CloneMediator(Mediator):
    """
    Send a copy of the message to each target.

    ::

        <clone>
            <target><endpoint key="stock-a"/></target>
            <target sequence="audit"/>
        </clone>
        <clone iterations="{$ctx:copies}"><target sequence="print"/></clone>

    With ``iterations``, that many copies go to the one target. The flow ends here unless ``continueParent`` is true.

    The copies run side by side, with ``sequential`` one after the other. What fails in a copy goes to its fault
    handlers, and the others go on; with the property ``STOP_TARGET_EXECUTION_ON_FAILURE``, sequential copies that come
    after it do not run. Answers are response legs, which ``<aggregate>`` can collect; ``id`` says which aggregate.
    """

    id: str | None = grammar.attribute(None, name="id")
    continue_parent: bool = grammar.attribute(False, name="continueParent", convert=grammar.boolean)
    sequential: bool = grammar.attribute(False, name="sequential", convert=grammar.boolean)
    iterations: Value | None = grammar.value("iterations")
    targets: tuple[Target, ...] = grammar.children("target", Target, required=True)

    def check(self) -> None:
        if self.iterations is not None and len(self.targets) > 1:
            raise GrammarError("<clone> with iterations takes one target")

    def mediate(self, ctx: MessageContext) -> Outcome:
        total = len(self.targets) if self.iterations is None else self._iterations(self.iterations, ctx)
        if total:
            ctx.properties[CLONED_ITERATION_INDEX] = total
        branches = self._branches(ctx.copy(), ctx.message_id, total)
        if not self.sequential:
            branching.start(ctx, branches)
            return self.continue_parent
        outcome = branching.one_by_one(partial(_run, target, clone) for target, clone in branches)
        return branching.regardless(outcome, lambda: self.continue_parent)

    def _iterations(self, iterations: Value, ctx: MessageContext) -> int:
        text = iterations.string(ctx) or ""
        try:
            number = int(float(text))  # what XPath counts is 3.0
        except (ValueError, OverflowError):
            raise MediationError(f'clone: iterations "{text}" is not a number') from None
        if number > MAX_ITERATIONS:
            raise MediationError(f"clone: {number} iterations are more than {MAX_ITERATIONS}")
        return max(number, 0)

    def _branches(
        self, template: MessageContext, parent_id: str, total: int
    ) -> Iterator[tuple[Target, MessageContext]]:
        for number in range(total):
            clone = template.copy()
            clone.properties[CLONED_ITERATION_INDEX] = number + 1
            branching.mark(clone, parent_id, self.id, number, total)
            yield self.targets[number if self.iterations is None else 0], clone


def _run(target: Target, clone: MessageContext) -> Outcome:
    return branching.regardless(flow.run_branch(target.mediate, clone), lambda: not _stops(clone))


def _stops(clone: MessageContext) -> bool:
    return clone.faults > 0 and is_true(clone.get(STOP_TARGET_EXECUTION_ON_FAILURE))
