"""``<iterate>``: one message for each part of the body."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from mediation import branching, grammar
from mediation.errors import GrammarError
from mediation.expressions import Expression
from mediation.expressions.json_eval import JsonEval
from mediation.flow import Outcome
from mediation.grammar import Mediator, mediator
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.splitting import split
from mediation.targets import Target


@mediator("iterate")
class IterateMediator(Mediator):
    """
    Send each part of the body, found by an expression, to the target as a message of its own.

    ::

        <iterate expression="//m:order" xmlns:m="urn:m">
            <target><sequence><send><endpoint key="orders"/></send></sequence></target>
        </iterate>
        <iterate expression="json-eval($.orders)" continueParent="true">
            <target sequence="order"/>
        </iterate>

    An element becomes the only child of the Body, a member of a JSON array the body. ``preservePayload`` puts it into a
    copy of the message without the parts, at ``attachPath``: the Body by default, or all of the JSON; an element is
    appended there, JSON takes the place of what is there. The flow ends here unless ``continueParent`` is true; its
    message stays whole.

    The parts run side by side, ``sequential`` ones one after the other. What fails in a part goes to its fault
    handlers; in a sequential one, the flow fails. Answers are response legs, which ``<aggregate>`` can collect; ``id``
    says which aggregate.
    """

    expression: Expression = grammar.expression(required=True)
    id: str | None = grammar.attribute(None, name="id")
    continue_parent: bool = grammar.attribute(False, name="continueParent", convert=grammar.boolean)
    preserve_payload: bool = grammar.attribute(False, name="preservePayload", convert=grammar.boolean)
    attach_path: Expression | None = grammar.expression("attachPath")
    sequential: bool = grammar.attribute(False, name="sequential", convert=grammar.boolean)
    target: Target = grammar.child("target", Target, required=True)

    def check(self) -> None:
        if self.attach_path is None:
            return
        if not self.preserve_payload:
            raise GrammarError(
                "Wrong configuration for the iterate mediator :: if the iterator should not preserve payload, "
                "then attachPath can not be present"
            )
        if isinstance(self.attach_path, JsonEval) is not isinstance(self.expression, JsonEval):
            raise GrammarError("<iterate> expression and attachPath have to be both XPath or both json-eval")

    def mediate(self, ctx: MessageContext) -> Outcome:
        total, parts = split(ctx, self.expression, self.attach_path, preserve=self.preserve_payload)
        branches = self._branches(ctx.copy(Payload()), ctx.message_id, total, parts)
        if not self.sequential:
            branching.start(ctx, ((self.target, branch) for branch in branches))
            return self.continue_parent
        outcome = branching.one_by_one(partial(branching.run_surfacing, self.target, each, ctx) for each in branches)
        return branching.regardless(outcome, lambda: self.continue_parent)

    def _branches(
        self, template: MessageContext, parent_id: str, total: int, parts: Iterator[Payload]
    ) -> Iterator[MessageContext]:
        for number, payload in enumerate(parts):
            branch = template.copy(payload)
            branching.mark(branch, parent_id, self.id, number, total)
            yield branch
