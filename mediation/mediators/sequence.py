"""``<sequence>``: a named list of mediators, and the reference to one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal

from mediation import flow, grammar
from mediation.errors import GrammarError, SequenceNotFound
from mediation.expressions import Value
from mediation.flow import Outcome
from mediation.grammar import Mediator, artifact, mediator, node
from mediation.message import MessageContext

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler

PRE_MEDIATE: Final = "pre-mediate"
"""The sequence that HTTP requests and the answers of back-ends run through first."""

logger = logging.getLogger(__name__)


@node("sequence")
class SequenceMediator(Mediator):
    """
    A list of mediators, with the sequence that runs when one of them fails.

    Also what is inside ``<inSequence>``, ``<outSequence>`` and ``<faultSequence>``, without a name then.
    """

    name: str | None = grammar.attribute(None, name="name")
    on_error: str | None = grammar.sequence_name("onError")
    mediators: tuple[Mediator, ...] = grammar.mediators()

    def mediate(self, ctx: MessageContext) -> Outcome:
        if self.on_error is None:
            return flow.run(self.mediators, ctx)
        return guarded(self._run, ctx, self.on_error, f"sequence : {self.name}")

    def _run(self, ctx: MessageContext) -> Outcome:
        return flow.run(self.mediators, ctx)


@artifact("sequence")
def read_sequence(element: etree._Element, compiler: Compiler) -> SequenceMediator:
    """
    Raises:
        GrammarError: it has no name, or refers to another one.
    """
    if element.get("key") is not None:
        raise GrammarError('<sequence key="..."> refers to a sequence; a definition has the attribute "name"')
    if not element.get("name"):
        raise GrammarError.missing("sequence", 'the attribute "name"', element.sourceline)
    return SequenceMediator.from_xml(element, compiler)


class NamedSequence:
    """
    A sequence that an attribute names, looked up for each message.

    Args:
        name: ``None`` means the fallback.
        fallback: ``main`` or ``fault``, which always exist; runs when ``name`` is not deployed.
    """

    __slots__ = ("fallback", "name")

    def __init__(self, name: str | None, fallback: Literal["main", "fault"]) -> None:
        self.name = name or fallback
        self.fallback = fallback

    def mediate(self, ctx: MessageContext) -> Outcome:
        name = self.name
        sequence = ctx.environment.sequence(name)
        if sequence is None:
            name = self.fallback
            sequence = ctx.environment.sequence(name)
            assert sequence is not None, "every environment has the sequences main and fault"
        return flow.enter(sequence, name, ctx)


def guarded(
    body: Callable[[MessageContext], Outcome], ctx: MessageContext, on_error: str | None, owner: str
) -> Outcome:
    """
    Run ``body`` with the sequence that ``onError`` names as its fault handler.

    One that is not deployed is none: then failures are for the handlers further out.

    Args:
        owner: whose attribute it is, for the log.
    """
    if on_error is None:
        return body(ctx)
    if ctx.environment.sequence(on_error) is None:
        logger.warning("onError handler : %s for %s cannot be found", on_error, owner)
        return body(ctx)
    return flow.guard(body, ctx, NamedSequence(on_error, "fault"))


class PreMediate:
    """The step that runs the sequence ``pre-mediate``, if there is one; the flow ends where that ends it."""

    def mediate(self, ctx: MessageContext) -> Outcome:
        sequence = ctx.environment.sequence(PRE_MEDIATE)
        return True if sequence is None else flow.enter(sequence, PRE_MEDIATE, ctx)


@mediator("sequence")
class SequenceReference(Mediator):
    """
    Run a named sequence here; the flow goes on after it unless it ended the flow.

    ::

        <sequence key="audit"/>
        <sequence key="{get-property('route')}"/>

    The name is looked up for each message, so the sequence may be deployed later.
    """

    key: Value = grammar.value("key", required=True, refers="sequence")
    on_error: str | None = grammar.attribute(None, name="onError")

    def check(self) -> None:
        if self.on_error is not None:
            raise GrammarError('<sequence key="..."> cannot have the attribute "onError": the sequence itself names it')

    def mediate(self, ctx: MessageContext) -> Outcome:
        key = self.key.string(ctx) or ""
        sequence = ctx.environment.sequence(key)
        if sequence is None:
            raise SequenceNotFound(key)
        return flow.enter(sequence, key, ctx)
