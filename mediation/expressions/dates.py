"""Dates in the patterns of Java's SimpleDateFormat and DateTimeFormatter, English names."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

DEFAULT_PATTERN: Final = "M/d/yy, h:mm a"
"""What the originals write without a pattern."""

_TOKENS: Final = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")

_MONTHS: Final = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS: Final = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def format_date(moment: datetime, pattern: str) -> str:
    """
    Args:
        moment: with its time zone.
        pattern: as in ``yyyy-MM-dd'T'HH:mm:ss.SSSXXX``.

    Raises:
        ValueError: a letter that means nothing, or a quote without its end.
    """
    written, position = [], 0
    for token in _TOKENS.finditer(pattern):
        if token.start() != position:
            break
        position = token.end()
        quoted, letter = token.groups()
        if quoted is not None:
            written.append(quoted.replace("''", "'") or "'")
        elif letter is None:
            written.append(token[0])
        elif letter in _FIELDS:
            written.append(_FIELDS[letter](moment, len(token[0])))
        else:
            raise ValueError(f"illegal pattern character '{letter}'")
    if position != len(pattern):
        raise ValueError("unterminated quote")
    return "".join(written)


def parse_date(text: str, pattern: str) -> datetime:
    """
    Read a date that was written in a pattern; what the pattern leaves out is that of 1970-01-01, 00:00.

    Args:
        pattern: of years, months, days, hours, minutes, seconds, milliseconds, AM/PM and the zone.

    Raises:
        ValueError: the text is not so written, or the pattern has something else.
    """
    expression, letters, position = "", [], 0
    for token in _TOKENS.finditer(pattern):
        if token.start() != position:
            break
        position = token.end()
        quoted, letter = token.groups()
        if quoted is not None:
            expression += re.escape(quoted.replace("''", "'") or "'")
        elif letter is None:
            expression += re.escape(token[0])
        else:
            expression += f"({_pattern_of(letter, len(token[0]))})"
            letters.append(letter)
    if position != len(pattern):
        raise ValueError("unterminated quote")
    match = re.fullmatch(expression, text, re.IGNORECASE)
    if match is None:
        raise ValueError(f"not a date of the form {pattern}")
    return _date_of(dict(zip(letters, match.groups(), strict=True)))


def _pattern_of(letter: str, width: int) -> str:
    if letter in "ML" and width > 2:
        return "|".join(name if width > 3 else name[:3] for name in _MONTHS)
    if letter == "E":
        return "|".join(name if width > 3 else name[:3] for name in _DAYS)
    if letter in "yu" and width == 2:
        return r"\d{2}"
    if letter in _PARSED:
        return _PARSED[letter]
    raise ValueError(f"the pattern letter '{letter}' cannot be read")


_PARSED: Final = {
    "y": r"\d{1,4}",
    "u": r"\d{1,4}",
    **dict.fromkeys("MLdHhkKms", r"\d{1,2}"),
    "S": r"\d{1,9}",
    "a": "AM|PM",
    **dict.fromkeys("XZx", r"Z|[+-]\d{2}(?::?\d{2})?"),
}


def _date_of(fields: dict[str, str]) -> datetime:
    year = fields.get("y", fields.get("u", "1970"))
    month = fields.get("M", fields.get("L", "1"))
    names = [name[:3].lower() for name in _MONTHS]
    hour = int(fields.get("H", fields.get("k", "0"))) % (24 if "k" in fields else 100)
    if "h" in fields or "K" in fields:
        hour = int(fields.get("h", fields.get("K", "0"))) % 12 + (12 if fields.get("a", "").upper() == "PM" else 0)
    return datetime(
        int(year) + (2000 if len(year) == 2 else 0),
        int(month) if month.isdigit() else names.index(month[:3].lower()) + 1,
        int(fields.get("d", "1")),
        hour,
        int(fields.get("m", "0")),
        int(fields.get("s", "0")),
        int(fields.get("S", "0").ljust(6, "0")[:6]),
        tzinfo=_zone_of(next((fields[letter] for letter in "XZx" if letter in fields), "")),
    )


def _zone_of(text: str) -> timezone | None:
    if not text or text.upper() == "Z":
        return UTC if text else None
    minutes = int(text[1:3]) * 60 + int(text[3:].removeprefix(":") or "0")
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _number(part: Callable[[datetime], int]) -> Callable[[datetime, int], str]:
    return lambda moment, width: str(part(moment)).zfill(width)


def _name(names: list[str], part: Callable[[datetime], int]) -> Callable[[datetime, int], str]:
    return lambda moment, width: names[part(moment)][: None if width > 3 else 3]


def _year(moment: datetime, width: int) -> str:
    return f"{moment.year % 100:02}" if width == 2 else str(moment.year).zfill(width)


def _month(moment: datetime, width: int) -> str:
    if width < 3:
        return str(moment.month).zfill(width)
    return _name(_MONTHS, lambda moment: moment.month - 1)(moment, width)


def _offset(moment: datetime, separator: str) -> str:
    offset = moment.utcoffset()
    minutes = 0 if offset is None else round(offset.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{separator}{abs(minutes) % 60:02}"


def _iso_zone(moment: datetime, width: int) -> str:
    if not moment.utcoffset():
        return "Z"
    text = _offset(moment, ":" if width == 3 else "")
    return text[:3] if width == 1 else text


_FIELDS: Final[dict[str, Callable[[datetime, int], str]]] = {
    "G": lambda moment, width: "AD",
    "y": _year,
    "Y": lambda moment, width: _year(moment.replace(year=moment.isocalendar().year, day=1), width),
    "M": _month,
    "L": _month,
    "w": _number(lambda moment: moment.isocalendar().week),
    "W": _number(lambda moment: (moment.day + moment.replace(day=1).weekday() - 1) // 7 + 1),
    "D": _number(lambda moment: moment.timetuple().tm_yday),
    "d": _number(lambda moment: moment.day),
    "F": _number(lambda moment: (moment.day - 1) // 7 + 1),
    "E": _name(_DAYS, lambda moment: moment.weekday()),
    "u": _number(lambda moment: moment.isoweekday()),
    "a": lambda moment, width: "AM" if moment.hour < 12 else "PM",
    "H": _number(lambda moment: moment.hour),
    "k": _number(lambda moment: moment.hour or 24),
    "K": _number(lambda moment: moment.hour % 12),
    "h": _number(lambda moment: moment.hour % 12 or 12),
    "m": _number(lambda moment: moment.minute),
    "s": _number(lambda moment: moment.second),
    "S": _number(lambda moment: moment.microsecond // 1000),
    "z": lambda moment, width: moment.tzname() or "",
    "Z": lambda moment, width: _offset(moment, ""),
    "X": _iso_zone,
}
