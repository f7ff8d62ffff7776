"""
``${...}``: synapse expressions (``docs/compatibility.md``, synapse expressions).

``tokens`` cuts the text, ``parser`` makes functions of it, once; ``roots`` reads the message, ``paths`` follows the
JSONPath behind a value, ``functions`` and ``values`` are the functions and operators.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mediation.errors import ExpressionSyntaxError

from . import values
from .parser import Parser
from .values import EvaluationError

if TYPE_CHECKING:
    from mediation.message import MessageContext

logger = logging.getLogger(__name__)


class SynapseExpression:
    """
    A compiled ``${...}``.

    What has no value for a message (a path that leads nowhere, a property that is not set, operands that do not go
    together) is a warning in the log and an empty text, as in the originals. A body that cannot be parsed is a fault.

    Args:
        text: without the ``${`` and ``}`` around it.

    Raises:
        ExpressionSyntaxError: not an expression.
        NotRunnable: a function that this version does not have.
    """

    __slots__ = ("_evaluate", "_inner", "reads_payload", "source")

    def __init__(self, text: str, namespaces: Mapping[str, str]) -> None:
        if not text.strip():
            raise ExpressionSyntaxError("${}", "it is empty")
        parser = Parser(text, namespaces)
        node = parser.parse()
        self.source = f"${{{text}}}"
        self.reads_payload = parser.reads_payload
        self._evaluate = node.evaluate
        self._inner = node.inner

    def string(self, ctx: MessageContext) -> str | None:
        """The value as text; ``None`` for ``null``."""
        value = self._value(ctx)
        return None if value is None else values.text(value)

    def boolean(self, ctx: MessageContext) -> bool:
        """Java's ``Boolean.parseBoolean``: only ``true``, in any case, is true."""
        return (self.string(ctx) or "").lower() == "true"

    def value(self, ctx: MessageContext) -> Any:
        """A JSON value, or nodes if the expression is nothing but ``xpath()`` or the payload of an XML message."""
        return self._inner.value(ctx) if self._inner is not None else self._value(ctx)

    def value_and_text(self, ctx: MessageContext) -> tuple[Any, str]:
        """The value and how it reads, evaluated once; ``null`` reads ``null``."""
        value = self._value(ctx)
        return value, values.text(value)

    def _value(self, ctx: MessageContext) -> Any:
        try:
            return self._evaluate(ctx, None)
        except EvaluationError as exc:
            logger.warning("Error evaluating expression: %s cause : %s", self.source[2:-1], exc)
            return ""
