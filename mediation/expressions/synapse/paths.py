"""
The JSONPath behind a value of a synapse expression: ``.a``, ``["a"]``, ``[0]``, ``[1,2]``, ``[a:b:c]``, ``[*]``,
``..a``, ``[?(@.x > 1)]``.

A step makes a list of values from a list of values. What stands in brackets is evaluated for each message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mediation.expressions.jsonpath import FUNCTIONS, MISSING

from .values import EvaluationError, equal, is_integer, json_of

if TYPE_CHECKING:
    from mediation.message import MessageContext

Evaluate = Callable[["MessageContext", Any], Any]
"""Evaluates a part of an expression: of a message, and of ``@`` within a filter."""
Step = Callable[[list[Any], "MessageContext", Any], list[Any]]


@dataclass(slots=True)
class PathBuilder:
    """
    A path while it is read.

    Attributes:
        keys: the names and indexes that it is made of; ``None`` if there is anything else in it.
        is_definite: whether it leads to one place.
        function: what is done to what it finds.
    """

    steps: list[Step] = field(default_factory=list)
    keys: list[str | int] | None = field(default_factory=list)
    is_definite: bool = True
    function: Callable[[Any], Any] | None = None

    def add_key(self, key: str | int) -> None:
        """``.name``, ``["name"]`` or ``[0]``."""
        self.steps.append(member(key) if isinstance(key, str) else selected([lambda ctx, item: key]))
        if self.keys is not None:
            self.keys.append(key)

    def add(self, step: Step, *, many: bool = False) -> None:
        self.steps.append(step)
        self.keys = None
        self.is_definite = self.is_definite and not many

    def behind(self, base: Evaluate, source: str, *, quiet: bool) -> Evaluate:
        """
        The value that this path leads to from ``base``; the list of values, if it is not definite.

        Args:
            source: for the error when it leads nowhere.
            quiet: answer ``MISSING`` instead.
        """
        follow, function = self._follow(), self.function

        def evaluate(ctx: MessageContext, item: Any) -> Any:
            found: Any = base(ctx, item)
            if found is not MISSING:
                found = follow(found, ctx, item)
            if found is not MISSING and function is not None:
                found = function(found)
            if found is MISSING and not quiet:
                raise EvaluationError(f"No results for path: {source}")
            return found

        return evaluate

    def _follow(self) -> Callable[[Any, MessageContext, Any], Any]:
        steps, keys, is_definite = tuple(self.steps), self.keys, self.is_definite

        def by_keys(value: Any, ctx: MessageContext, item: Any) -> Any:
            value = _navigable(value) if keys else value
            for key in keys or ():
                value = _selected(value, key)
                if value is MISSING:
                    break
            return value

        def by_steps(value: Any, ctx: MessageContext, item: Any) -> Any:
            values = [_navigable(value)]
            for step in steps:
                values = step(values, ctx, item)
            if is_definite:
                return values[0] if values else MISSING
            return values

        return by_steps if keys is None else by_keys


def _navigable(value: Any) -> Any:
    """A text may be JSON: a variable or a property that was filled with some."""
    return json_of(value) if isinstance(value, str) else value


def function(name: str) -> Callable[[Any], Any] | None:
    """The function that ends a path as ``.name()``."""
    return FUNCTIONS.get(name)


def member(name: str) -> Step:
    def step(values: list[Any], ctx: MessageContext, item: Any) -> list[Any]:
        found = (value.get(name, MISSING) for value in values if isinstance(value, dict))
        return [value for value in found if value is not MISSING]

    return step


def selected(keys: list[Evaluate]) -> Step:
    """``[key]`` or ``[key, key]``: members by name, elements by index; negative ones count from the end."""

    def step(values: list[Any], ctx: MessageContext, item: Any) -> list[Any]:
        wanted = [key(ctx, item) for key in keys]
        found = (_selected(value, key) for value in values for key in wanted)
        return [value for value in found if value is not MISSING]

    return step


def _selected(value: Any, key: Any) -> Any:
    if isinstance(key, str):
        return value.get(key, MISSING) if isinstance(value, dict) else MISSING
    if not is_integer(key):
        raise EvaluationError("what stands in brackets is neither a name nor an index")
    return value[key] if isinstance(value, list) and -len(value) <= key < len(value) else MISSING


def sliced(bounds: list[Evaluate | None]) -> Step:
    """``[start:stop:step]``."""

    def step(values: list[Any], ctx: MessageContext, item: Any) -> list[Any]:
        numbers = [None if bound is None else bound(ctx, item) for bound in bounds]
        if not all(number is None or is_integer(number) for number in numbers) or numbers[2] == 0:
            raise EvaluationError("the bounds of a slice are not whole numbers")
        return [part for value in values if isinstance(value, list) for part in value[slice(*numbers)]]

    return step


def children(values: list[Any], ctx: MessageContext, item: Any) -> list[Any]:
    """``[*]`` and ``.*``."""
    return [child for value in values for child in _children(value)]


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def descendants(values: list[Any], ctx: MessageContext, item: Any) -> list[Any]:
    """``..``: each value and all that is in it, from the top down, in the order of the text."""
    return [part for value in values for part in _descendants(value)]


def _descendants(value: Any) -> Iterator[Any]:
    waiting = [value]
    while waiting:
        part = waiting.pop()
        yield part
        waiting.extend(child for child in reversed(_children(part)) if isinstance(child, dict | list))


def filtered(condition: Evaluate) -> Step:
    """``[?(condition)]``: the elements of an array for which it holds."""

    def step(values: list[Any], ctx: MessageContext, item: Any) -> list[Any]:
        candidates = (part for value in values for part in (value if isinstance(value, list) else [value]))
        return [part for part in candidates if condition(ctx, part) is True]

    return step


# -- operators that only filters have


def _is_in(left: Any, right: Any) -> bool:
    return isinstance(right, list) and any(equal(left, each) for each in right)


def _all_in(left: Any, right: Any) -> bool:
    return isinstance(left, list) and all(_is_in(each, right) for each in left)


def _any_in(left: Any, right: Any) -> bool:
    return isinstance(left, list) and any(_is_in(each, right) for each in left)


def _size(value: Any) -> int | None:
    return len(value) if isinstance(value, list | str) else None


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "in": _is_in,
    "nin": lambda left, right: not _is_in(left, right),
    "subsetof": _all_in,
    "anyof": _any_in,
    "noneof": lambda left, right: not _any_in(left, right),
    "size": lambda left, right: (
        _size(left) is not None and _size(left) == (right if is_integer(right) else _size(right))
    ),
    "empty": lambda left, right: _size(left) is not None and (_size(left) == 0) is right,
}
"""By their names in Jayway's json-path."""
