"""Regular expressions of artifacts, run by RE2: in linear time, whatever the pattern and the text."""

from __future__ import annotations

import re
from typing import Final, Protocol

import re2

from mediation.errors import ExpressionSyntaxError


class Match(Protocol):
    def group(self, group: int | str = 0, /) -> str | None: ...


class Pattern(Protocol):
    """A compiled pattern. The language's regular expressions match whole strings: use :meth:`fullmatch`."""

    @property
    def pattern(self) -> str: ...

    @property
    def groups(self) -> int: ...

    def fullmatch(self, text: str, /) -> Match | None: ...

    def search(self, text: str, /) -> Match | None: ...

    def sub(self, replacement: str, text: str, /) -> str: ...

    def split(self, text: str, /) -> list[str]: ...


class _Literal:
    """A pattern without anything special: compared, because asking RE2 takes many times as long."""

    __slots__ = ("_match", "_re2", "pattern")

    groups = 0

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self._match = _LiteralMatch(pattern)
        self._re2 = re2.compile(pattern, _OPTIONS)

    def fullmatch(self, text: str, /) -> Match | None:
        return self._match if text == self.pattern else None

    def search(self, text: str, /) -> Match | None:
        return self._match if self.pattern in text else None

    def sub(self, replacement: str, text: str, /) -> str:
        return str(self._re2.sub(replacement, text))

    def split(self, text: str, /) -> list[str]:
        return list(self._re2.split(text))


class _LiteralMatch:
    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def group(self, group: int | str = 0, /) -> str | None:
        if group != 0:
            raise IndexError(f"no such group: {group!r}")
        return self._text


_PLAIN: Final = re.compile(r"[\w :/,;@#%&=<>\"'~-]+", re.ASCII)

_OPTIONS: Final = re2.Options()
_OPTIONS.log_errors = False

_POSIX: Final = re.compile(
    r"\\(?P<not>[pP])\{(?P<name>Lower|Upper|ASCII|Alpha|Digit|Alnum|Punct|Graph|Print|Blank|Cntrl|XDigit|Space)\}"
)
_CLASS_INTERSECTION: Final = re.compile(r"\[[^\]]*&&")  # RE2 would take the ampersands for themselves
_HINTS: Final = (
    ("(?=", "look-ahead is not supported; test with two filters, or capture a group"),
    ("(?!", "look-ahead is not supported; test with two filters"),
    ("(?<", "look-behind is not supported; test with two filters, or capture a group"),
    ("(?>", "atomic groups are not supported, and not needed"),
    ("repetition operator", "possessive quantifiers are not supported, and not needed: use *, + or ?"),
    ("escape sequence: \\k", "back-references are not supported"),
    *((f"escape sequence: \\{digit}", "back-references are not supported") for digit in "123456789"),
)


def compile_regex(pattern: str, *, ignore_case: bool = False) -> Pattern:
    """
    Compile a Java regular expression.

    Raises:
        ExpressionSyntaxError: not a regular expression, or one of Java's that cannot run in linear time.
    """
    if not ignore_case and _PLAIN.fullmatch(pattern):
        return _Literal(pattern)
    if _CLASS_INTERSECTION.search(pattern):
        raise ExpressionSyntaxError(pattern, "intersections of character classes (&&) are not supported")
    try:
        return re2.compile(("(?i)" if ignore_case else "") + _in_re2_syntax(pattern), _OPTIONS)
    except re2.error as exc:
        raise ExpressionSyntaxError(pattern, _reason(exc)) from exc


def _reason(exc: Exception) -> str:
    (text,) = exc.args
    reason = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return next((f"{reason} ({hint})" for part, hint in _HINTS if part in reason), reason)


def _in_re2_syntax(pattern: str) -> str:
    return _POSIX.sub(_posix, pattern).replace(r"\Z", r"\z")


def _posix(match: re.Match[str]) -> str:
    # RE2 spells Java's \p{Alpha} as [[:alpha:]], within a class as [:alpha:].
    name = f"[:{'^' if match['not'] == 'P' else ''}{match['name'].lower()}:]"
    before = match.string[: match.start()].replace(r"\[", "").replace(r"\]", "")
    return name if before.rfind("[") > before.rfind("]") else f"[{name}]"
