"""``<enqueue>``: run a sequence beside this flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mediation import branching, grammar
from mediation.errors import SequenceNotFound
from mediation.grammar import Mediator, mediator
from mediation.mediators.sequence import NamedSequence

if TYPE_CHECKING:
    from mediation.message import MessageContext


@mediator("enqueue")
class EnqueueMediator(Mediator):
    """
    Run a sequence on a copy of the message, beside this flow, which goes on.

    ::

        <enqueue executor="orders" sequence="place" priority="5"/>

    The copy starts at once, whatever its ``priority``: there are no threads of an executor to wait for.
    """

    executor: str = grammar.attribute(name="executor")
    sequence: str | None = grammar.sequence_name("sequence")
    priority: int = grammar.attribute(0, name="priority", convert=grammar.integer)

    def mediate(self, ctx: MessageContext) -> Literal[True]:
        """
        Raises:
            SequenceNotFound: the sequence is not deployed.
        """
        if self.sequence is None or ctx.environment.sequence(self.sequence) is None:
            raise SequenceNotFound(self.sequence or "")
        branching.start(ctx, iter([(NamedSequence(self.sequence, "main"), ctx.copy())]))
        return True
