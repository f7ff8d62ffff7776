"""``<builder>``: parse the body now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mediation import grammar
from mediation.grammar import Mediator, Node, mediator, node

if TYPE_CHECKING:
    from mediation.message import MessageContext


@node("messageBuilder")
class MessageBuilder(Node):
    """Accepted; bodies are built by their content type."""

    content_type: str | None = grammar.attribute(None, name="contentType")
    builder_class: str | None = grammar.attribute(None, name="class")
    formatter_class: str | None = grammar.attribute(None, name="formatterClass")


@mediator("builder")
class BuilderMediator(Mediator):
    """
    Parse the body, which otherwise happens when somebody looks at it; a body that cannot be parsed is a fault here.

    ::

        <builder/>

    Bodies are built by their content type: classes that are named inside have no effect.
    """

    builders: tuple[MessageBuilder, ...] = grammar.children("messageBuilder", MessageBuilder)

    def mediate(self, ctx: MessageContext) -> Literal[True]:
        if ctx.payload.is_json:
            ctx.payload.json()
        else:
            _ = ctx.payload.envelope
        return True
