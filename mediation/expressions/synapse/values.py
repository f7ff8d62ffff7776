"""The values that synapse expressions compute with: what kind they are, how they read, what operators make of them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from lxml import etree

from mediation.errors import PayloadError
from mediation.expressions.results import string_value
from mediation.payloads.json_text import JsonFloat, loads
from mediation.payloads.xml import to_text

_WHOLE: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_FRACTION: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+)")


class EvaluationError(Exception):
    """An expression has no value for this message; the text names parts of the expression, never of the message."""


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def text(value: Any) -> str:
    """The value as text: numbers as Java writes them, objects and arrays as compact JSON, elements as XML."""
    if isinstance(value, etree._Element):
        return to_text(value)
    if value == [] and isinstance(value, list):
        return "[]"  # as a property it could be an empty node-set
    written = string_value(value)
    return "null" if written is None else written


def parsed(value: Any) -> Any:
    """A header, parameter or property as expressions see it: text that is a number is one."""
    if not isinstance(value, str):
        return value
    if _WHOLE.fullmatch(value):
        return int(value)
    return JsonFloat(value) if _FRACTION.fullmatch(value) else value


def json_of(value: str) -> Any:
    """
    The JSON value that a text is.

    Raises:
        EvaluationError: it is none.
    """
    try:
        return loads(value)
    except PayloadError as exc:
        raise EvaluationError("a text that is not JSON") from exc


def _kind(value: Any) -> type | None:
    if isinstance(value, bool) or value is None:
        return bool if value is not None else None
    if isinstance(value, int | float):
        return float
    return next((kind for kind in (str, dict, list) if isinstance(value, kind)), object)


def equal(left: Any, right: Any) -> bool:
    """Whether both are of one kind and read the same."""
    return _kind(left) is _kind(right) and text(left) == text(right)


def add(left: Any, right: Any) -> Any:
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    return _calculated("+", left, right)


def calculate(operator: str) -> Callable[[Any, Any], Any]:
    return lambda left, right: _calculated(operator, left, right)


def _calculated(operator: str, left: Any, right: Any) -> Any:
    if not (is_number(left) and is_number(right)):
        raise EvaluationError(f"{operator} needs two numbers" + (" or two texts" if operator == "+" else ""))
    if operator in ("/", "%") and right == 0:
        raise EvaluationError("Division by zero" if operator == "/" else "Modulo by zero")
    if is_integer(left) and is_integer(right):
        return _whole(operator, left, right)
    if operator == "/" or not (math.isfinite(left) and math.isfinite(right)):
        return _CALCULATIONS[operator](float(left), float(right))
    # In decimal, so that 0.1 + 0.2 is 0.3.
    return float(_CALCULATIONS[operator](Decimal(str(left)), Decimal(str(right))))


def _whole(operator: str, left: int, right: int) -> int | float:
    if operator == "/":
        quotient, rest = divmod(left, right)
        return quotient if rest == 0 else left / right
    if operator == "%":
        # Java's remainder has the sign of the dividend.
        return int(math.copysign(abs(left) % abs(right), left))
    return int(_CALCULATIONS[operator](left, right))


_CALCULATIONS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "%": lambda left, right: math.fmod(left, right) if isinstance(left, float) else left % right,
}

_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def compare(operator: str) -> Callable[[Any, Any], bool]:
    """``==``, ``!=`` of anything, ``<`` and its like of numbers."""
    if operator == "==":
        return equal
    if operator == "!=":
        return lambda left, right: not equal(left, right)
    order = _COMPARISONS[operator]

    def compared(left: Any, right: Any) -> bool:
        if not (is_number(left) and is_number(right)):
            raise EvaluationError(f"{operator} needs two numbers")
        return order(left, right)

    return compared


def compare_quietly(operator: str) -> Callable[[Any, Any], bool]:
    """As within filters of paths: what cannot be compared does not match; texts have an order, too."""
    if operator in ("==", "!="):
        return compare(operator)
    order = _COMPARISONS[operator]

    def compared(left: Any, right: Any) -> bool:
        comparable = (is_number(left) and is_number(right)) or (isinstance(left, str) and isinstance(right, str))
        return comparable and order(left, right)

    return compared


def both(left: Any, right: Any) -> bool:
    _need_truth_values(left, right)
    return bool(left and right)


def either(left: Any, right: Any) -> bool:
    _need_truth_values(left, right)
    return bool(left or right)


def negated(value: Any) -> bool:
    _need_truth_values(value)
    return not value


def _need_truth_values(*values: Any) -> None:
    if not all(isinstance(value, bool) for value in values):
        raise EvaluationError("and, or and not need true or false")
