"""Text with expressions in it: ``Order ${payload.id} of ${headers.Host}`` (log messages, formats, inline sources)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from .synapse import SynapseExpression

if TYPE_CHECKING:
    from mediation.message import MessageContext


def expressions_in(text: str) -> Iterator[tuple[int, int]]:
    """
    Where each ``${...}`` begins and ends. A brace within a string of the expression does not end it; what has no end
    is text.
    """
    start = text.find("${")
    while start != -1:
        end = _end_of(text, start + 2)
        if end == -1:
            return
        yield start, end
        start = text.find("${", end)


def _end_of(text: str, position: int) -> int:
    quote = ""
    while position < len(text):
        char = text[position]
        if quote:
            if char == "\\":
                position += 1
            elif char == quote:
                quote = ""
        elif char in "'\"":
            quote = char
        elif char == "}":
            return position + 1
        position += 1
    return -1


class InlineTemplate:
    """
    A text, cut at its expressions once.

    Args:
        namespaces: for ``xpath()``, by prefix.

    Attributes:
        parts: texts and expressions, in order.
        reads_payload: whether it needs the message's body.

    Raises:
        ExpressionSyntaxError: what stands in ``${...}`` is no expression.
        NotRunnable: a function that this version does not have.
    """

    __slots__ = ("parts", "reads_payload", "source")

    def __init__(self, text: str, namespaces: Mapping[str, str]) -> None:
        self.source = text
        self.parts: list[str | SynapseExpression] = []
        position = 0
        for start, end in expressions_in(text):
            if start > position:
                self.parts.append(text[position:start])
            self.parts.append(SynapseExpression(text[start + 2 : end - 1], namespaces))
            position = end
        if position < len(text):
            self.parts.append(text[position:])
        self.reads_payload = any(part.reads_payload for part in self.parts if not isinstance(part, str))

    @property
    def is_literal(self) -> bool:
        """Whether there is no expression in it."""
        return all(isinstance(part, str) for part in self.parts)

    def render(self, ctx: MessageContext, escape: Callable[[str], str] = str) -> str:
        """
        The text for this message. An expression without a value leaves nothing, one that is ``null`` leaves ``null``.

        Args:
            escape: what is done to the values of expressions.

        Raises:
            PayloadError: the body cannot be parsed.
        """
        return "".join([part if isinstance(part, str) else escape(_text(part, ctx)) for part in self.parts])


def _text(expression: SynapseExpression, ctx: MessageContext) -> str:
    value = expression.string(ctx)
    return "null" if value is None else value
