"""``<aggregate>``: one message of several."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Awaitable
from functools import partial

from mediation import flow, grammar, joining
from mediation.aggregation import Group, Groups
from mediation.branching import with_id
from mediation.errors import MediationError, SequenceNotFound
from mediation.expressions import Expression, Value
from mediation.flow import Outcome
from mediation.grammar import Mediator, Node, mediator, node
from mediation.message import MessageContext
from mediation.properties import AGGREGATE_CORRELATION, MESSAGE_SEQUENCE

logger = logging.getLogger(__name__)


@node("correlateOn")
class CorrelateOn(Node):
    """Which messages belong together, if not those that come from one message."""

    expression: Expression = grammar.expression(required=True)

    def takes(self, ctx: MessageContext) -> bool:
        """
        Whether the message is to be collected.

        Raises:
            MediationError: the expression finds nothing.
        """
        found = self.expression.value(ctx)
        if found is None or found == []:
            raise MediationError(f"Failed to evaluate correlate expression: {self.expression.source}")
        return found is not False


@node("messageCount")
class MessageCount(Node):
    """How many messages are enough; numbers, or expressions in braces. -1: it is not a matter of number."""

    min: Value = grammar.value("min", default="-1")
    max: Value = grammar.value("max", default="-1")

    def numbers(self, ctx: MessageContext) -> list[int]:
        """
        Raises:
            MediationError: one of the two is not a number.
        """
        return [_number(self.min, ctx), _number(self.max, ctx)]


def _number(value: Value, ctx: MessageContext) -> int:
    text = value.string(ctx) or ""
    try:
        return int(float(text))  # what XPath counts is 3.0
    except (ValueError, OverflowError):
        raise MediationError(f'aggregate: messageCount "{text}" is not a number') from None


@node("completeCondition")
class CompleteCondition(Node):
    """When a group is complete before all parts are there. ``timeout`` is in seconds from the first message on."""

    timeout: int = grammar.attribute(0, name="timeout", convert=grammar.integer)
    count: MessageCount | None = grammar.child("messageCount", MessageCount)


@node("onComplete")
class OnComplete(Node):
    """What is taken from each message, and what the result runs through."""

    expression: Expression | None = grammar.expression()
    sequence: str | None = grammar.sequence_name("sequence")
    enclosing: str | None = grammar.attribute(None, name="enclosingElementProperty")
    element_type: str = grammar.attribute("root", name="aggregateElementType", choices=("root", "child"))
    mediators: tuple[Mediator, ...] = grammar.mediators()

    def mediate(self, ctx: MessageContext) -> Outcome:
        """
        Raises:
            SequenceNotFound: the sequence that it names is not deployed.
        """
        if self.sequence is not None:
            sequence = ctx.environment.sequence(self.sequence)
            if sequence is None:
                raise SequenceNotFound(self.sequence)
            return flow.enter(sequence, self.sequence, ctx)
        if not self.mediators:
            ctx.to = None
            return False
        return flow.run(self.mediators, ctx)


@mediator("aggregate")
class AggregateMediator(Mediator):
    """
    Collect messages until a group is complete, and go on with what an expression takes from each of them.

    ::

        <aggregate id="quotes">
            <completeCondition timeout="5"><messageCount min="-1" max="-1"/></completeCondition>
            <onComplete expression="//m:quote" xmlns:m="urn:m"><respond/></onComplete>
        </aggregate>

    The answers to the parts of ``<iterate>``, ``<clone>`` or a recipient list with the same ``id`` are one group. With
    ``<correlateOn>`` the messages in which its expression finds something are; one group at a time. A message of
    neither kind passes by.

    A group is complete when all parts are there, when ``min`` or ``max`` messages are, or at the ``timeout``, with what
    there is then. Until then the flow of each message ends here. Messages that come after their group was complete go
    nowhere.

    The result is the first message with other content: all elements that the XPath ``expression`` finds, under the
    Body (by default the first one in each Body), or an array of what a ``json-eval`` finds. With
    ``aggregateElementType="child"`` JSON objects are merged into one. ``enclosingElementProperty`` names a property
    with an element around the elements; JSON gets an object around it, with the property's text as name. A message in
    which the XPath finds nothing is a failure. The result runs through ``<onComplete>``, and its failures go to the
    fault handlers of the first message. If it gets to the end, the flow of the message that came last goes on behind
    the mediator, with the body of the result.
    """

    id: str | None = grammar.attribute(None, name="id")
    correlate_on: CorrelateOn | None = grammar.child("correlateOn", CorrelateOn)
    condition: CompleteCondition | None = grammar.child("completeCondition", CompleteCondition)
    on_complete: OnComplete = grammar.child("onComplete", OnComplete, required=True)
    groups: Groups = dataclasses.field(init=False, default_factory=Groups)

    def mediate(self, ctx: MessageContext) -> Outcome:
        origin = self._origin(ctx)
        if self.correlate_on is None:
            if origin is None:
                return True
            key = origin
        elif self.correlate_on.takes(ctx):
            key = self.correlate_on.expression.source
        else:
            return True
        group = self.groups.get(key)
        if group is None and origin is not None and self.groups.was_completed(origin):
            logger.debug("aggregate: a message of a group that is complete goes nowhere")
            return False
        enough = self._enough(ctx if group is None else group.messages[0])
        if group is None:
            timeout = self.condition.timeout if self.condition is not None else 0
            group = self.groups.open(key, timeout if timeout > 0 else None, self._timed_out)
        group.add(ctx)
        return False if enough is None or len(group.messages) < enough else self._complete(group, ctx)

    def _origin(self, ctx: MessageContext) -> str | None:
        """The message that this one is a part of, or an answer to a part."""
        origin = ctx.properties.get(with_id(AGGREGATE_CORRELATION, self.id))
        return None if origin is None else str(origin)

    def _enough(self, first: MessageContext) -> int | None:
        """How many messages complete the group of this one; ``None`` if that is not a matter of number."""
        numbers = []
        sequence = first.properties.get(with_id(MESSAGE_SEQUENCE, self.id))
        if isinstance(sequence, str) and (total := sequence.partition("/")[2]).isdecimal():
            numbers.append(int(total))
        if self.condition is not None and self.condition.count is not None:
            numbers += self.condition.count.numbers(first)
        return min((number for number in numbers if number > 0), default=None)

    def _timed_out(self, group: Group) -> None:
        logger.warning("Aggregate mediator timeout occurred.")
        group.messages[0].branches.start([partial(self._complete, group)])

    def _complete(self, group: Group, last: MessageContext | None = None) -> Outcome:
        """
        Args:
            last: the message whose flow may go on behind the mediator, with the body of the result.
        """
        group.close({origin for ctx in group.messages if (origin := self._origin(ctx)) is not None})
        try:
            result = group.messages[0].copy()
            outcome = flow.run_branch(partial(self._mediate_result, group, last), result)
        except BaseException:
            group.disband()
            raise
        if isinstance(outcome, bool):
            group.disband()
            return outcome
        return _disbanding(outcome, group)

    def _mediate_result(self, group: Group, last: MessageContext | None, result: MessageContext) -> Outcome:
        messages = [result, *group.messages[1:]]
        if joining.is_json(messages, self.on_complete.expression):
            self._join_json(result, messages)
        else:
            self._join_elements(result, messages)
        if last is not None:
            last.payload = result.payload.copy()
        return self.on_complete.mediate(result)

    def _join_elements(self, result: MessageContext, messages: list[MessageContext]) -> None:
        found = joining.elements_of(messages, self.on_complete.expression)
        enclosing = None
        if self.on_complete.enclosing is not None:
            enclosing = joining.enclosing_element(result.get(self.on_complete.enclosing))
            if enclosing is None:
                raise MediationError(f"aggregate: the property {self.on_complete.enclosing} holds no element")
        joining.put_elements(result, found, enclosing)

    def _join_json(self, result: MessageContext, messages: list[MessageContext]) -> None:
        values = joining.values_of(messages, self.on_complete.expression)
        joined = values if self.on_complete.element_type == "root" else joining.merged(values)
        if self.on_complete.enclosing is not None:
            name = joining.enclosing_name(result.get(self.on_complete.enclosing), self.on_complete.enclosing)
            joined = {name: joined}
        result.payload.replace_json(joined)


async def _disbanding(waiting: Awaitable[bool], group: Group) -> bool:
    try:
        return await waiting
    finally:
        group.disband()
