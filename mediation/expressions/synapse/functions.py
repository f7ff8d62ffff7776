"""The functions of synapse expressions, those that need nothing but their arguments."""

from __future__ import annotations

import base64
import binascii
import math
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, NamedTuple
from urllib.parse import quote, unquote_plus

from mediation.errors import ConfigurationError, PayloadError
from mediation.expressions.dates import format_date, parse_date
from mediation.expressions.regex import compile_regex
from mediation.payloads.media_types import codec
from mediation.vault import vault

from .values import EvaluationError, is_integer, is_number, json_of, text

_KINDS: Final[dict[str, tuple[Callable[[Any], bool], str]]] = {
    "s": (lambda value: isinstance(value, str), "a text"),
    "n": (is_number, "a number"),
    "i": (is_integer, "a whole number"),
    "v": (lambda value: True, "a value"),
}


class Function(NamedTuple):
    """
    A function and what it takes.

    Attributes:
        takes: a letter of ``_KINDS`` for each argument, a bar before those that may be left out.
    """

    run: Callable[..., Any]
    takes: str

    @property
    def least(self) -> int:
        return len(self.takes.partition("|")[0])

    @property
    def most(self) -> int:
        return len(self.takes.replace("|", ""))

    def call(self, name: str, arguments: list[Any]) -> Any:
        """
        Raises:
            EvaluationError: an argument is ``null``, of another kind, or out of range.
        """
        for kind, argument in zip(self.takes.replace("|", ""), arguments, strict=False):
            is_right, wanted = _KINDS[kind]
            if argument is None or not is_right(argument):
                raise EvaluationError(f"{name}() needs {wanted}")
        try:
            return self.run(*arguments)
        except (ValueError, OverflowError, ConfigurationError, PayloadError) as exc:
            raise EvaluationError(f"Invalid argument provided for {name} function") from exc


# -- text


def _length(value: Any) -> int:
    if not isinstance(value, str | list):
        raise ValueError("neither a text nor an array")
    return len(value)


def _sub_string(source: str, start: int, end: int | None = None) -> str:
    end = len(source) if end is None else end
    if not 0 <= start <= end <= len(source):
        raise ValueError("out of range")
    return source[start:end]


def _char_at(source: str, index: int) -> str:
    if not 0 <= index < len(source):
        raise ValueError("out of range")
    return source[index]


def _split(source: str, pattern: str) -> list[str]:
    parts = compile_regex(pattern).split(source)
    while len(parts) > 1 and not parts[-1]:  # as Java's split
        parts.pop()
    return parts


def _index_of(source: str, part: str, start: int = 0) -> int:
    return source.find(part, max(start, 0))


def _encode(source: str, charset: str = "utf-8") -> str:
    return base64.b64encode(source.encode(codec(charset))).decode()


def _decode(source: str) -> str:
    try:
        return base64.b64decode(source, validate=True).decode()
    except binascii.Error as exc:
        raise ValueError("not Base64") from exc


def _url_encode(source: str, charset: str = "utf-8") -> str:
    return quote(source, safe="", encoding=codec(charset)).replace("~", "%7E")


# -- numbers


def _rounded(number: float, places: int = 0) -> int | float:
    """Halves upwards, as Java's ``Math.round``; whole numbers stay as they are."""
    if is_integer(number):
        return number
    factor = 10**places
    up = math.floor(number * factor + 0.5)
    return up / factor if places else up


def _square_root(number: float) -> float:
    return math.sqrt(number) if number >= 0 else math.nan


def _logarithm(number: float) -> float:
    return math.log(number) if number > 0 else -math.inf if number == 0 else math.nan


def _keeping_whole(run: Callable[[float], int]) -> Callable[[float], int | float]:
    return lambda number: number if is_integer(number) else float(run(number))


# -- conversions


def _integer(value: Any) -> int:
    return value if is_integer(value) else int(text(value), 10) if not isinstance(value, float) else _not_whole()


def _not_whole() -> int:
    raise ValueError("not a whole number")


def _boolean(value: Any) -> bool:
    return value if isinstance(value, bool) else text(value).lower() == "true"


def _of_type(value: Any, kind: type) -> Any:
    found = json_of(value) if isinstance(value, str) else value
    if not isinstance(found, kind):
        raise ValueError("of another type")
    return found


def _is_of_type(value: Any, kind: type) -> bool:
    try:
        return bool(_of_type(value, kind) is not None)
    except (ValueError, EvaluationError):
        return False


# -- dates


def _format_date_time(source: Any, pattern: str, new_pattern: str | None = None) -> str:
    if new_pattern is not None and isinstance(source, str):
        return format_date(parse_date(source, pattern), new_pattern)
    if new_pattern is None and is_number(source):
        return format_date(datetime.fromtimestamp(source / 1000).astimezone(), pattern)
    raise ValueError("neither milliseconds and a pattern, nor a text and two patterns")


FUNCTIONS: Final[dict[str, Function]] = {
    "wso2-vault": Function(vault.lookup, "s"),
    "length": Function(_length, "v"),
    "toUpper": Function(str.upper, "s"),
    "toLower": Function(str.lower, "s"),
    "subString": Function(_sub_string, "si|i"),
    "startsWith": Function(str.startswith, "ss"),
    "endsWith": Function(str.endswith, "ss"),
    "contains": Function(lambda source, part: part in source, "ss"),
    "trim": Function(str.strip, "s"),
    "replace": Function(str.replace, "sss"),
    "split": Function(_split, "ss"),
    "indexOf": Function(_index_of, "ss|i"),
    "charAt": Function(_char_at, "si"),
    "abs": Function(abs, "n"),
    "ceil": Function(_keeping_whole(math.ceil), "n"),
    "floor": Function(_keeping_whole(math.floor), "n"),
    "sqrt": Function(_square_root, "n"),
    "log": Function(_logarithm, "n"),
    "pow": Function(math.pow, "nn"),
    "round": Function(_rounded, "n|i"),
    "now": Function(lambda: time.time_ns() // 1_000_000, ""),
    "formatDateTime": Function(_format_date_time, "vs|s"),
    "base64encode": Function(_encode, "s|s"),
    "base64decode": Function(_decode, "s"),
    "urlEncode": Function(_url_encode, "s|s"),
    "urlDecode": Function(unquote_plus, "s"),
    "isString": Function(lambda value: isinstance(value, str), "v"),
    "isNumber": Function(is_number, "v"),
    "isArray": Function(lambda value: _is_of_type(value, list), "v"),
    "isObject": Function(lambda value: _is_of_type(value, dict), "v"),
    "string": Function(text, "v"),
    "integer": Function(_integer, "v"),
    "float": Function(lambda value: float(text(value)), "v"),
    "boolean": Function(_boolean, "v"),
    "object": Function(lambda value: _of_type(value, dict), "v"),
    "array": Function(lambda value: _of_type(value, list), "v"),
}
"""By name. ``not``, ``exists``, ``xpath`` and ``registry`` need more than values: the parser has them."""
