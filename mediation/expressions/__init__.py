"""
Expressions: what an attribute computes from a message.

Three dialects (``docs/compatibility.md``, dynamic values): :func:`compile_expression` for attributes that hold an
expression, :func:`compile_value` for those that hold text or an expression in braces, :func:`compile_template` for text
with expressions in it. Expressions are compiled once, shared by all messages, and build a message's body only if they
read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from .inline import InlineTemplate
from .json_eval import JsonEval
from .regex import Match, Pattern, compile_regex
from .synapse import SynapseExpression
from .xpath import compile_xpath

if TYPE_CHECKING:
    from mediation.message import MessageContext

__all__ = [
    "Expression",
    "InlineTemplate",
    "JsonEval",
    "Match",
    "Pattern",
    "Value",
    "compile_expression",
    "compile_regex",
    "compile_template",
    "compile_value",
]


class Expression(Protocol):
    """A compiled expression. Its methods raise ExpressionError, or PayloadError if the body cannot be read."""

    @property
    def source(self) -> str:
        """As it stands in the configuration."""

    @property
    def reads_payload(self) -> bool:
        """Whether it needs the message's body."""

    def string(self, ctx: MessageContext) -> str | None:
        """The string value; ``None`` for a property that is not there."""

    def boolean(self, ctx: MessageContext) -> bool:
        """The truth value: XPath's for XPath (a string ``false`` is true), whether it reads ``true`` for JSONPath."""

    def value(self, ctx: MessageContext) -> Any:
        """The result as it is: a list of nodes, a string, a number, a truth value, a JSON value, a property."""


class Value:
    """
    Text, or an expression that makes it.

    Attributes:
        is_escaped: it was written ``{{expression}}``; a template that gets it as a parameter computes it itself.
    """

    __slots__ = ("expression", "is_escaped", "source")

    def __init__(self, source: str, expression: Expression | None = None, *, is_escaped: bool = False) -> None:
        self.source = source
        self.expression = expression
        self.is_escaped = is_escaped

    @property
    def is_literal(self) -> bool:
        return self.expression is None

    def string(self, ctx: MessageContext) -> str | None:
        """The text; ``None`` if the expression reads a property that is not there."""
        return self.source if self.expression is None else self.expression.string(ctx)

    def __repr__(self) -> str:
        return f"Value({self.source!r})"


def compile_expression(text: str, namespaces: Mapping[str, str]) -> Expression:
    """
    Compile ``json-eval(path)``, ``${...}``, or XPath 1.0.

    Args:
        namespaces: by prefix, those in scope where the expression stands.

    Raises:
        ExpressionSyntaxError: none of them.
        NotRunnable: a function, scope or dialect that this version does not have.
    """
    stripped = text.strip()
    if stripped.startswith("${") and stripped.endswith("}"):
        return SynapseExpression(stripped[2:-1], namespaces)
    if stripped.startswith("json-eval(") and stripped.endswith(")"):
        return JsonEval(stripped[len("json-eval(") : -1], lambda inner: compile_expression(inner, namespaces))
    return compile_xpath(stripped, namespaces)


def compile_value(text: str, namespaces: Mapping[str, str]) -> Value:
    """
    Compile text, or an expression if the first and last characters are braces.

    Raises:
        ExpressionSyntaxError, NotRunnable: as for :func:`compile_expression`.
    """
    stripped = text.strip()
    if not (stripped.startswith("{") and stripped.endswith("}")):
        return Value(text)
    if stripped.startswith("{{") and stripped.endswith("}}"):
        return Value(text, compile_expression(stripped[2:-2], namespaces), is_escaped=True)
    return Value(text, compile_expression(stripped[1:-1], namespaces))


def compile_template(text: str, namespaces: Mapping[str, str] | None = None) -> InlineTemplate:
    """
    Compile text with ``${...}`` in it; see :meth:`InlineTemplate.render`.

    Raises:
        ExpressionSyntaxError, NotRunnable: as for :func:`compile_expression`.
    """
    return InlineTemplate(text, namespaces or {})
