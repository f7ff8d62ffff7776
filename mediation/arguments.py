"""``<inputs>``: arguments for the functions and methods of configurations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mediation import grammar
from mediation.errors import GrammarError
from mediation.expressions import Expression
from mediation.grammar import Node, node
from mediation.payloads.json_text import loads

if TYPE_CHECKING:
    from mediation.message import MessageContext

_JSON_TYPES: Final = frozenset({"INTEGER", "LONG", "DOUBLE", "BOOLEAN", "JSON"})


@node("argument")
class Argument(Node):
    """One argument, after those before it; its ``name`` is for people."""

    name: str | None = grammar.attribute(None, name="name")
    value: str | None = grammar.attribute(None, name="value")
    expression: Expression | None = grammar.expression()
    type: str | None = grammar.attribute(None, name="type")

    def check(self) -> None:
        if self.value is None and self.expression is None:
            raise GrammarError('<argument> needs the attribute "value" or "expression"')

    def evaluate(self, ctx: MessageContext) -> Any:
        """
        Text, or with a ``type`` that is none the number, truth value or JSON value that the text is.

        Raises:
            PayloadError: the text is no such value.
        """
        text = self.value if self.expression is None else self.expression.string(ctx)
        return text if text is None or (self.type or "").upper() not in _JSON_TYPES else loads(text)


@node("inputs")
class Inputs(Node):
    """The arguments of one call."""

    arguments: tuple[Argument, ...] = grammar.children("argument", Argument)

    def evaluate(self, ctx: MessageContext) -> list[Any]:
        return [argument.evaluate(ctx) for argument in self.arguments]
