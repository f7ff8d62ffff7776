"""The operators of FreeMarker expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from .values import MISSING, MissingValue, Nodes, TemplateFailure, decimal, is_number, kind, text

MAX_RANGE: Final = 100_000
"""Numbers in a range."""


def there(value: Any) -> Any:
    """
    Raises:
        MissingValue: it is not.
    """
    if value is MISSING:
        raise MissingValue("a value is missing; use !, ?? or ?has_content where it may be")
    return value


def truth_value(value: Any) -> bool:
    """
    Raises:
        TemplateFailure: it is neither true nor false.
    """
    if not isinstance(there(value), bool):
        raise TemplateFailure(f"a {kind(value)} where true or false is needed")
    return bool(value)


def _comparable(value: Any) -> Any:
    if isinstance(value, Nodes):
        return value.text()
    return decimal(value) if is_number(value) else value


def equal(left: Any, right: Any) -> bool:
    """
    Raises:
        TemplateFailure: they are of different kinds.
    """
    one, other = _comparable(left), _comparable(right)
    if type(one) is not type(other) or isinstance(one, Mapping | list):
        raise TemplateFailure(f"a {kind(left)} cannot be compared with a {kind(right)}")
    return bool(one == other)


def relation(operator: str) -> Callable[[Any, Any], bool]:
    """``<`` and its like, of two numbers or two dates."""

    def compare(left: Any, right: Any) -> bool:
        one, other = _comparable(left), _comparable(right)
        if type(one) is not type(other) or isinstance(one, str | bool | Mapping | list):
            raise TemplateFailure(f"{operator} needs two numbers or two dates")
        if operator == "<":
            return bool(one < other)
        if operator == "<=":
            return bool(one <= other)
        return bool(one > other) if operator == ">" else bool(one >= other)

    return compare


def add(left: Any, right: Any) -> Any:
    """The sum of numbers, hashes together, sequences or texts one after the other."""
    if is_number(left) and is_number(right):
        return decimal(left) + decimal(right)
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return {**left, **right}
    if isinstance(left, list) and isinstance(right, Sequence) and not isinstance(right, str):
        return [*left, *right]
    return text(left) + text(right)


def arithmetic(operator: str) -> Callable[[Any, Any], Any]:
    def calculate(left: Any, right: Any) -> Decimal:
        if not (is_number(left) and is_number(right)):
            raise TemplateFailure(f"{operator} needs two numbers")
        one, other = decimal(left), decimal(right)
        if operator in "/%" and not other:
            raise TemplateFailure("a division by zero")
        if operator == "-":
            return one - other
        if operator == "*":
            return one * other
        return one / other if operator == "/" else one % other

    return calculate


def whole(value: Any) -> int:
    if not is_number(value):
        raise TemplateFailure("a range needs numbers")
    return int(value)


def numbers(start: Any, end: Any, extra: int) -> list[int]:
    """The range; ``extra`` is 1 if the end belongs to it."""
    first, last = whole(start), whole(end)
    if abs(last - first) > MAX_RANGE:
        raise TemplateFailure(f"a range of more than {MAX_RANGE} numbers")
    return list(range(first, last + extra) if first <= last else range(first, last - extra, -1))
