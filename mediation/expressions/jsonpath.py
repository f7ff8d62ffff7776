"""
JSONPath with the behaviour of Jayway's json-path (``docs/compatibility.md``, JSONPath).

A path is cut into steps here. Names and indexes, which is nearly all that is written, are followed directly; what comes
after the first wildcard, filter, slice or ``..`` is left to python-jsonpath, with RE2 for its regular expressions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from statistics import pstdev
from typing import TYPE_CHECKING, Any, Final

import jsonpath
from jsonpath.filter import RegexLiteral
from jsonpath.parse import Parser

from mediation.errors import ExpressionError, ExpressionSyntaxError
from mediation.payloads.json_text import dumps

from .regex import compile_regex

if TYPE_CHECKING:
    from jsonpath.filter import BaseExpression
    from jsonpath.match import JSONPathMatch
    from jsonpath.stream import TokenStream

MISSING: Final[Any] = object()
"""A path that matches nothing, as opposed to one that finds ``null``."""

Step = str | int
Location = tuple[Step, ...]
"""Names and indexes from the root on; an index is never negative."""
Query = Callable[[Any], "Iterable[JSONPathMatch]"]

# -- the library, for all that is not a plain name or index


class _Parser(Parser):
    def parse_regex(self, stream: TokenStream) -> BaseExpression:
        """``=~ /pattern/i``, with RE2: python-jsonpath's own could take exponential time."""
        literal = super().parse_regex(stream)
        assert isinstance(literal, RegexLiteral)
        ignore_case = bool(literal.value.flags & re.IGNORECASE)
        return RegexLiteral(value=compile_regex(literal.value.pattern, ignore_case=ignore_case))  # type: ignore[arg-type]


class _Environment(jsonpath.JSONPathEnvironment):
    parser_class = _Parser

    def setup_function_extensions(self) -> None:
        """Without ``match()`` and ``search()``, which take regular expressions from the message."""
        super().setup_function_extensions()
        for name in ("match", "search"):
            self.function_extensions.pop(name, None)


_LIBRARY: Final = _Environment()


def _reason(exc: Exception) -> str:
    # Not str(exc): the library draws the place of the mistake, and fails at the end of the path.
    return str(exc.args[0]) if exc.args else type(exc).__name__


def _query(path: str, expression: str) -> Query:
    try:
        compiled = _LIBRARY.compile(path)
    except (jsonpath.JSONPathError, RecursionError, re.error) as exc:
        raise ExpressionSyntaxError(expression, _reason(exc)) from exc

    def run(value: Any) -> list[JSONPathMatch]:
        try:
            return list(compiled.finditer(value))
        except (jsonpath.JSONPathError, RecursionError) as exc:
            raise ExpressionError(expression, _reason(exc)) from exc

    return run


# -- steps

_STEP: Final = re.compile(
    r"""
    (?P<descend>\.\.)
  | \.?\[\s*(?P<index>-?\d+)\s*\]
  | \.?\[\s*'(?P<single>(?:[^'\\]|\\.)*)'\s*\]
  | \.?\[\s*"(?P<double>(?:[^"\\]|\\.)*)"\s*\]
  | (?P<wild>\.\*)
  | \.(?P<function>[a-z]+)\(\)$
  | \.(?P<name>[^.\[\]()*?\s'"][^.\[\]()*?'"]*)
    """,
    re.VERBOSE,
)
FUNCTIONS: Final[dict[str, Callable[[Any], Any]]] = {
    "length": lambda value: len(value) if isinstance(value, list | dict | str) else MISSING,
    "size": lambda value: len(value) if isinstance(value, list | dict | str) else MISSING,
    "min": lambda value: min(_numbers(value), default=MISSING),
    "max": lambda value: max(_numbers(value), default=MISSING),
    "sum": lambda value: float(sum(_numbers(value))),
    "avg": lambda value: sum(numbers) / len(numbers) if (numbers := _numbers(value)) else MISSING,
    "stddev": lambda value: pstdev(numbers) if (numbers := _numbers(value)) else MISSING,
    "keys": lambda value: list(value) if isinstance(value, dict) else MISSING,
    "first": lambda value: value[0] if isinstance(value, list) and value else MISSING,
    "last": lambda value: value[-1] if isinstance(value, list) and value else MISSING,
}


def _numbers(value: Any) -> list[float]:
    return [float(item) for item in value if isinstance(item, int | float)] if isinstance(value, list) else []


class Path:
    """
    A compiled path.

    Args:
        text: from the root on: ``$`` and what follows it.

    Raises:
        ExpressionSyntaxError: not a path.
    """

    __slots__ = ("_function", "_query", "_steps")

    def __init__(self, text: str) -> None:
        steps: list[Step] = []
        self._query: Query | None = None
        self._function: Callable[[Any], Any] | None = None
        position = 1
        if text[1:2] not in ("", ".", "["):
            raise ExpressionSyntaxError(text, f"unexpected {text[1]!r} after $")
        while position < len(text):
            match = _STEP.match(text, position)
            if match is None or match["descend"] or match["wild"]:
                rest, self._function = _without_function(text[position:], text)
                self._query = _query("$" + _bracketed(rest), text)
                break
            position = match.end()
            if match["function"] is not None:
                self._function = _function(match["function"], text)
            else:
                steps.append(_step(match))
        self._steps = tuple(steps)

    def find(self, value: Any) -> Any:
        """
        Returns:
            What a definite path leads to, or :data:`MISSING`; the list of what any other path finds.
        """
        for step in self._steps:
            value = _member(value, step)
            if value is MISSING:
                return MISSING
        if self._query is not None:
            value = [match.obj for match in self._query(value)]
        return value if self._function is None else self._function(value)

    @property
    def is_root(self) -> bool:
        """Whether it is ``$`` alone."""
        return not self._steps and self._query is None and self._function is None

    def locations(self, value: Any) -> list[Location]:
        """Where the path leads, in the order of the document; nothing for the result of a function."""
        if self._function is not None:
            return []
        start: list[Step] = []
        for step in self._steps:
            start.append(step + len(value) if isinstance(step, int) and step < 0 and isinstance(value, list) else step)
            value = _member(value, step)
            if value is MISSING:
                return []
        if self._query is None:
            return [tuple(start)]
        return [(*start, *match.parts) for match in self._query(value)]


def _member(value: Any, step: Step) -> Any:
    if isinstance(step, str):
        return value.get(step, MISSING) if isinstance(value, dict) else MISSING
    return value[step] if isinstance(value, list) and -len(value) <= step < len(value) else MISSING


def _step(match: re.Match[str]) -> Step:
    if match["index"] is not None:
        return int(match["index"])
    quoted = match["single"] if match["single"] is not None else match["double"]
    return match["name"].rstrip() if quoted is None else re.sub(r"\\(.)", r"\1", quoted)


def _function(name: str, text: str) -> Callable[[Any], Any]:
    try:
        return FUNCTIONS[name]
    except KeyError:
        raise ExpressionSyntaxError(text, f"there is no function {name}()") from None


def _without_function(rest: str, text: str) -> tuple[str, Callable[[Any], Any] | None]:
    match = re.search(r"\.([a-z]+)\(\)$", rest)
    return (rest, None) if match is None else (rest[: match.start()], _function(match[1], text))


def _bracketed(rest: str) -> str:
    """Names in brackets, because Jayway takes more characters after a dot than RFC 9535 does."""
    written, position = [], 0
    while position < len(rest):
        match = _STEP.match(rest, position)
        if match is None or match["function"] is not None:
            end = _end_of_bracket(rest, position)
            written.append(rest[position:end].removeprefix("."))
            position = end
            continue
        position = match.end()
        if match["descend"]:
            written.append("..")
            name = re.compile(r"[^.\[\]()*?\s'\"][^.\[\]()*?'\"]*").match(rest, position)
            if name is not None:
                position = name.end()
                written.append(f"[{dumps(name[0].rstrip())}]")
            elif rest[position : position + 1] == "*":
                position += 1
                written.append("*")
        elif match["wild"]:
            written.append("[*]")
        else:
            written.append(f"[{dumps(_step(match))}]")
    return "".join(written)


def _end_of_bracket(rest: str, start: int) -> int:
    """Where the bracket that begins at ``start`` ends; brackets in strings and regular expressions do not count."""
    depth, position, quote = 0, start, ""
    while position < len(rest):
        char = rest[position]
        if quote:
            if char == "\\":
                position += 1
            elif char == quote:
                quote = ""
        elif char in "'\"" or (char == "/" and rest[start:position].rstrip().endswith("=~")):
            quote = char
        elif char in "[(":
            depth += 1
        elif char in "])":
            depth -= 1
            if depth == 0:
                return position + 1
        position += 1
    return len(rest)
