"""The types that ``<property>`` and ``<variable>`` give their values: how text becomes one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from mediation.errors import PayloadError
from mediation.payloads.json_text import dumps, loads
from mediation.payloads.xml import parse_xml

_WHOLE: Final = re.compile(r"[+-]?[0-9]+")
_DECIMAL: Final = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")


def _boolean(text: str) -> bool:
    return text.strip().lower() in ("true", "yes", "1")


def _decimal(text: str) -> float:
    if not _DECIMAL.fullmatch(text):
        raise ValueError("not a number")
    return float(text)


def _whole(bits: int) -> Callable[[str], int]:
    limit = 1 << (bits - 1)

    def convert(text: str) -> int:
        if not _WHOLE.fullmatch(text) or not -limit <= int(text) < limit:
            raise ValueError("not a whole number in that range")
        return int(text)

    return convert


def _truncated(bits: int) -> Callable[[str], int]:
    whole = _whole(bits)

    def convert(text: str) -> int:
        # XPath knows only numbers with a fraction: count(//x) prints 2.0.
        return whole(text if _WHOLE.fullmatch(text) else str(int(_decimal(text))))

    return convert


def json_value(text: str) -> Any:
    """A JSON value; bare words are a JSON string."""
    try:
        return loads(text)
    except PayloadError:
        if text.lstrip()[:1] in ("{", "[", '"'):
            raise
        return text


def _json(text: str) -> str:
    """Compact JSON text."""
    return dumps(json_value(text))


LITERAL: Final[dict[str, Callable[[str], Any]]] = {
    "STRING": str,
    "BOOLEAN": _boolean,
    "INTEGER": _whole(32),
    "LONG": _whole(64),
    "SHORT": _whole(16),
    "FLOAT": _decimal,
    "DOUBLE": _decimal,
    "OM": parse_xml,
    "JSON": _json,
}
"""For text of the configuration. What does not convert raises ValueError, XmlError or PayloadError."""
EVALUATED: Final = LITERAL | {"INTEGER": _truncated(32), "SHORT": _truncated(16)}
"""For what an expression gave; likewise, or OverflowError."""
