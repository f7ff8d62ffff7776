"""JSON text and Python values, as strict as RFC 8259 and with numbers kept as they were written."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final, NoReturn

import orjson

from mediation.errors import PayloadError

_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_SURROGATE_ESCAPE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_FIRST_CHARACTERS: Final = frozenset('{["tfn-0123456789')


class JsonFloat(float):
    """A number with a fraction or an exponent, written back digit for digit: ``25.0000`` stays ``25.0000``."""

    __slots__ = ("text",)

    text: str

    def __new__(cls, text: str) -> JsonFloat:
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __reduce__(self) -> tuple[type[JsonFloat], tuple[str]]:
        return JsonFloat, (self.text,)


def loads(text: str) -> Any:
    """
    Parse a JSON text. Of members with the same name the last one wins.

    Raises:
        PayloadError: not JSON, nested too deeply, a number of more than 4300 digits, or half a surrogate pair.
    """
    if (first := text.lstrip(" \t\r\n")[:1]) not in _FIRST_CHARACTERS or not first:
        # The originals' sentence for a body that does not even start like JSON.
        raise PayloadError(
            "Could not save JSON payload. Invalid input stream found. Payload is not a JSON string.",
            detail=f"the text starts with {first!r}" if first else "the text is empty",
        )
    try:
        value = _DECODER.decode(text)
    except RecursionError as exc:
        raise PayloadError("the JSON is nested too deeply") from exc
    except json.JSONDecodeError as exc:
        raise PayloadError(f"not JSON: {exc.msg} at line {exc.lineno} column {exc.colno}") from exc
    except ValueError as exc:
        raise PayloadError(f"not JSON: {exc}") from exc
    if _SURROGATE_ESCAPE.search(text) and _LONE_SURROGATE.search(json.dumps(value, ensure_ascii=False)):
        raise PayloadError("not JSON: a string holds half a surrogate pair")
    return value


def glance(text: str | bytes) -> Any:
    """
    Parse a JSON text in a fraction of the time, for texts, truth values and the like: numbers are not kept as they were
    written.

    Raises:
        ValueError: not JSON, or something that :func:`loads` has to decide.
    """
    return orjson.loads(text)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON value")


_DECODER: Final = json.JSONDecoder(parse_float=JsonFloat, parse_constant=_refuse)


def dumps(value: Any) -> str:
    """
    The compact JSON text of a value. ``NaN`` and infinities, for which JSON has no form, become ``null``.

    Raises:
        PayloadError: the value holds something else that JSON has no form for, or is nested too deeply.
    """
    try:
        return orjson.dumps(value, default=_number, option=orjson.OPT_PASSTHROUGH_SUBCLASS).decode()
    except TypeError:  # whole numbers over 64 bits, more than 254 levels, keys that are no strings: slower, but right
        try:
            return _write(value)
        except (TypeError, ValueError, RecursionError) as exc:
            raise PayloadError(f"cannot be written as JSON: {exc}") from exc


def _number(value: Any) -> orjson.Fragment:
    if isinstance(value, JsonFloat):
        return orjson.Fragment(value.text)
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def _write(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(str(key))}:{_write(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_write, value)) + "]"
    if isinstance(value, JsonFloat):
        return value.text
    if isinstance(value, float) and not math.isfinite(value):
        return "null"
    return json.dumps(value)
