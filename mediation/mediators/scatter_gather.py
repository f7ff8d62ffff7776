"""``<scatter-gather>``: several sequences at a time, and one result of them."""

from __future__ import annotations

import logging

from lxml import etree

from mediation import grammar, joining
from mediation.branching import regardless
from mediation.errors import GrammarError, MediationError
from mediation.expressions import Expression, Value
from mediation.flow import Outcome
from mediation.gathering import Gathering
from mediation.grammar import Mediator, Node, mediator, node
from mediation.mediators.sequence import SequenceMediator
from mediation.message import MessageContext
from mediation.payloads import Payload, media_types
from mediation.properties import MESSAGE_TYPE, NO_ENTITY_BODY

logger = logging.getLogger(__name__)


def _milliseconds(text: str) -> float:
    return grammar.integer(text) / 1000


@node("aggregation")
class Aggregation(Node):
    """What is taken from each message that comes back, and how many are enough. ``timeout`` is in milliseconds."""

    expression: Expression = grammar.expression(required=True)
    condition: Expression | None = grammar.expression("condition")
    timeout: float = grammar.attribute(0.0, name="timeout", convert=_milliseconds)
    min_messages: Value | None = grammar.value("min-messages")
    max_messages: Value | None = grammar.value("max-messages")

    def takes(self, ctx: MessageContext) -> bool:
        return self.condition is None or self.condition.boolean(ctx)

    def enough(self, ctx: MessageContext) -> int | None:
        """How many messages are; ``None`` if all are needed."""
        numbers = [_number(value, ctx) for value in (self.min_messages, self.max_messages) if value is not None]
        return min((number for number in numbers if number > 0), default=None)


def _number(value: Value, ctx: MessageContext) -> int:
    text = value.string(ctx) or ""
    try:
        return int(float(text))  # what XPath counts is 3.0
    except (ValueError, OverflowError):
        raise MediationError(f'scatter-gather: "{text}" is not a number of messages') from None


@mediator("scatter-gather")
class ScatterGatherMediator(Mediator):
    """
    Run a copy of the message through each sequence, and go on with one result of them.

    ::

        <scatter-gather parallel-execution="true" target="body" result-content-type="JSON">
            <aggregation expression="${payload}"/>
            <sequence><call><endpoint key="prices"/></call></sequence>
            <sequence><call><endpoint key="stock"/></call></sequence>
        </scatter-gather>

    The result is an array of what the ``<aggregation>`` expression finds, or the elements that it finds, in an element
    named by ``result-enclosing-element``; in the order of the sequences. It becomes the body, or the variable that
    ``target-variable`` names. Copies for which the ``condition`` is not true are left out.

    The flow goes on when all sequences have ended, or ``min-messages`` or ``max-messages`` have, or after ``timeout``
    milliseconds with what there is. It ends here if nothing has come back by then, and, where no number or time is
    said, if the flow of one sequence has not gone to its end: its failure went to the fault handlers of the message.
    """

    parallel: bool = grammar.attribute(True, name="parallel-execution", convert=grammar.boolean)
    target: str = grammar.attribute("body", name="target", choices=("body", "variable"))
    variable: str | None = grammar.attribute(None, name="target-variable")
    content_type: str = grammar.attribute(name="result-content-type", choices=("JSON", "XML"))
    enclosing: str | None = grammar.attribute(None, name="result-enclosing-element")
    aggregation: Aggregation = grammar.child("aggregation", Aggregation, required=True)
    sequences: tuple[SequenceMediator, ...] = grammar.children("sequence", SequenceMediator, required=True)

    def check(self) -> None:
        if self.target == "variable" and not self.variable:
            raise GrammarError.missing(self.tag, 'the attribute "target-variable"', self.line)
        if self.content_type == "XML" and not self.enclosing:
            raise GrammarError.missing(self.tag, 'the attribute "result-enclosing-element"', self.line)
        joining.check_name(self.enclosing)

    def mediate(self, ctx: MessageContext) -> Outcome:
        total = len(self.sequences)
        enough = self.aggregation.enough(ctx)
        gathering = Gathering(None if enough is None else lambda gathering: self._collected(gathering) >= enough)
        template = ctx.copy()
        branches = ((sequence, template.copy()) for sequence in self.sequences)
        if self.parallel:
            outcome = gathering.all(branches, self.aggregation.timeout or None)
        else:
            outcome = gathering.one_by_one(branches)
        return regardless(outcome, lambda: self._go_on(ctx, gathering, total, needs_all=enough is None))

    def _collected(self, gathering: Gathering) -> int:
        return sum(self.aggregation.takes(branch) for branch in gathering.results.values())

    def _go_on(self, ctx: MessageContext, gathering: Gathering, total: int, *, needs_all: bool) -> bool:
        gathering.leave(ctx)
        if needs_all and not self.aggregation.timeout and len(gathering.results) < total:
            return False
        messages = [branch for branch in gathering.in_order() if self.aggregation.takes(branch)]
        if not messages:
            logger.warning("scatter-gather: no message has come back")
            return False
        result = self._json(messages) if self.content_type == "JSON" else self._xml(messages)
        if self.variable is not None and self.target == "variable":
            ctx.variables[self.variable] = result
            return True
        if isinstance(result, etree._Element):
            ctx.payload = Payload(None, media_types.XML)
            ctx.payload.replace_body(result)
        else:
            ctx.payload.replace_json(result)
        ctx.set(MESSAGE_TYPE, media_types.XML if self.content_type == "XML" else media_types.JSON, "axis2")
        ctx.remove(NO_ENTITY_BODY, "axis2")
        return True

    def _json(self, messages: list[MessageContext]) -> list[object]:
        return joining.json_values_of(messages, self.aggregation.expression)

    def _xml(self, messages: list[MessageContext]) -> etree._Element:
        assert self.enclosing is not None, "checked"
        element = etree.Element(self.enclosing)
        element.extend(joining.elements_of(messages, self.aggregation.expression))
        return element
