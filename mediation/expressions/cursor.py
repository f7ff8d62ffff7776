"""A place in a list of tokens: what parsers of expressions share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, NoReturn, TypeVar

from mediation.errors import ExpressionSyntaxError

MAX_DEPTH: Final = 40
"""How deep parentheses, brackets, calls and signs may lie in each other."""

_T = TypeVar("_T")


class Token(NamedTuple):
    """
    A token.

    Attributes:
        kind: ``symbol``, ``name``, ``string``, ``number`` and what else the language has; ``end`` behind the last.
        start: where it begins in the text.
        end: where it ends.
    """

    kind: str
    text: str
    start: int
    end: int


class Cursor:
    """
    Goes through the tokens of one expression.

    Args:
        source: the expression, for errors.
        tokens: the last of them of the kind ``end``.
    """

    def __init__(self, source: str, tokens: Sequence[Token]) -> None:
        self.source = source
        self.tokens = tokens
        self.index = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def fail(self, reason: str | None = None) -> NoReturn:
        """
        Raises:
            ExpressionSyntaxError: always.
        """
        found = repr(self.token.text) if self.token.text else "the end"
        raise ExpressionSyntaxError(self.source, reason or f"unexpected {found} at {self.token.start + 1}")

    def next(self) -> Token:
        token = self.token
        if token.kind == "end":
            self.fail()
        self.index += 1
        return token

    def at(self, *texts: str) -> bool:
        """Whether the token is one of these symbols or names."""
        return self.token.kind in ("symbol", "name") and self.token.text in texts

    def take(self, *texts: str) -> str | None:
        """The symbol or name here, if it is one of these."""
        return self.next().text if self.at(*texts) else None

    def need(self, text: str) -> None:
        if self.take(text) is None:
            self.fail()

    def need_end(self) -> None:
        if self.token.kind != "end":
            self.fail()

    def name(self) -> str:
        if self.token.kind != "name":
            self.fail()
        return self.next().text

    def deeper(self, rule: Callable[[], _T]) -> _T:
        """Apply a rule that may lead back to itself."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail("it is nested too deeply")
        found = rule()
        self.depth -= 1
        return found
