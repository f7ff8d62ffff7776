"""The built-ins of FreeMarker templates: what follows a question mark."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import quote

from mediation.expressions.dates import format_date, parse_date

from .values import MISSING, Nodes, TemplateFailure, decimal, is_number, plain, text

Builtin = Callable[..., Any]


def _of_text(run: Callable[..., Any]) -> Builtin:
    return lambda value, *arguments: run(text(value), *arguments)


def _of_number(run: Callable[[Decimal], Any]) -> Builtin:
    def builtin(value: Any) -> Any:
        if not is_number(value):
            raise TemplateFailure("a number is needed")
        return run(decimal(value))

    return builtin


def _sequence(value: Any) -> Sequence[Any]:
    if isinstance(value, str | Mapping) or not isinstance(value, Sequence):
        raise TemplateFailure("a sequence is needed")
    return value


def _of_sequence(run: Callable[..., Any]) -> Builtin:
    return lambda value, *arguments: run(_sequence(value), *arguments)


# -- text


def _number(source: str) -> Decimal:
    try:
        return Decimal(source.strip())
    except InvalidOperation as exc:
        raise TemplateFailure("?number needs a text that is a number") from exc


def _boolean(source: str) -> bool:
    if source not in ("true", "false"):
        raise TemplateFailure("?boolean needs true or false")
    return source == "true"


def _xml(source: str) -> str:
    return html.escape(source, quote=True).replace("&#x27;", "&apos;")


def _json_string(source: str) -> str:
    return json.dumps(source, ensure_ascii=False)[1:-1].replace("</", "<\\/")


def _js_string(source: str) -> str:
    return _json_string(source).replace("'", "\\'").replace(">", "\\>")


def _capitalize(source: str) -> str:
    return re.sub(r"\S+", lambda match: match[0][:1].upper() + match[0][1:].lower(), source)


def _substring(source: str, start: int, end: int | None = None) -> str:
    end = len(source) if end is None else int(end)
    if not 0 <= int(start) <= end <= len(source):
        raise TemplateFailure("?substring is out of range")
    return source[int(start) : end]


def _padded(source: str, width: int, filling: str = " ", *, left: bool) -> str:
    missing = max(0, min(int(width), 10_000) - len(source))
    padding = (filling * missing)[:missing]
    return padding + source if left else source + padding


def _keep(source: str, separator: str, *, before: bool) -> str:
    head, found, tail = source.partition(separator)
    return head if before else tail if found else ""


# -- numbers and truth values


def _string(value: Any, *arguments: Any) -> str:
    if isinstance(value, bool):
        return str(arguments[0 if value else 1]) if len(arguments) == 2 else plain(value)
    if isinstance(value, datetime | date | time):
        return format_date(_moment(value), str(arguments[0])) if arguments else text(value)
    if is_number(value) and arguments:
        return _formatted(decimal(value), str(arguments[0]))
    return text(value)


_FORMAT: Final = re.compile(r"(#*,)?(#*)(0*)(?:\.(0*)(#*))?")


def _formatted(number: Decimal, pattern: str) -> str:
    """Java's DecimalFormat, as far as digits, commas and decimals go."""
    if pattern in ("number", "computer"):
        return text(number) if pattern == "number" else plain(number)
    match = _FORMAT.fullmatch(pattern.replace("#,##", "#,"))
    if match is None:
        raise TemplateFailure("?string knows number formats of #, 0, comma and point only")
    least, most = len(match[4] or ""), len(match[4] or "") + len(match[5] or "")
    rounded = round(number, most)
    written = f"{rounded:{',' if match[1] else ''}.{most}f}"
    whole, point, fraction = written.partition(".")
    while len(fraction) > least and fraction.endswith("0"):
        fraction = fraction[:-1]
    return whole.zfill(len(match[3] or "")) + (point + fraction if fraction else "")


def _whole(rounding: str) -> Builtin:
    return _of_number(lambda number: int(number.to_integral_value(rounding)))


def _then(value: Any, yes: Any, no: Any) -> Any:
    if not isinstance(value, bool):
        raise TemplateFailure("?then needs a boolean")
    return yes if value else no


def _switch(value: Any, *cases: Any) -> Any:
    for case, result in zip(cases[::2], cases[1::2], strict=False):
        if case == value:
            return result
    if len(cases) % 2:
        return cases[-1]
    raise TemplateFailure("?switch has no case for the value")


# -- dates


def _moment(value: datetime | date | time) -> datetime:
    if isinstance(value, datetime):
        return value
    return datetime.combine(date(1970, 1, 1), value) if isinstance(value, time) else datetime(*value.timetuple()[:3])


def _date_of(part: Callable[[datetime], Any]) -> Builtin:
    def builtin(value: Any, pattern: str | None = None) -> Any:
        if isinstance(value, datetime | date | time):
            return part(_moment(value))
        source = text(value)
        try:
            return part(datetime.fromisoformat(source) if pattern is None else parse_date(source, pattern))
        except ValueError as exc:
            raise TemplateFailure("the text is not a date of that form") from exc

    return builtin


def _from_milliseconds(value: Any) -> datetime:
    return datetime.fromtimestamp(float(decimal(value)) / 1000, UTC)


# -- collections


def _size(value: Any) -> int:
    if isinstance(value, str) or not isinstance(value, Mapping | Sequence):
        raise TemplateFailure("?size needs a sequence or a hash")
    return len(value)


def _sorted(values: Sequence[Any], key: str | None = None) -> list[Any]:
    def rank(value: Any) -> Any:
        found = value if key is None else value.get(key)
        return (0, decimal(found), "") if is_number(found) else (1, Decimal(0), text(found).lower())

    return sorted(values, key=rank)


def _contains(values: Sequence[Any], wanted: Any) -> bool:
    return any(_same(value, wanted) for value in values)


def _same(value: Any, wanted: Any) -> bool:
    return (text(value) if isinstance(value, Nodes) else value) == wanted


def _index_in(values: Sequence[Any], wanted: Any) -> int:
    return next((index for index, value in enumerate(values) if _same(value, wanted)), -1)


def _join(values: Sequence[Any], separator: str, empty: str = "") -> str:
    return separator.join(map(text, values)) if len(values) else empty


def has_content(value: Any) -> bool:
    if value is MISSING or value is None:
        return False
    return len(value) > 0 if isinstance(value, str | Mapping | Sequence) else True


def _is(*types: type) -> Builtin:
    return lambda value: isinstance(value, types) and not (bool not in types and isinstance(value, bool))


OF_MISSING: Final[dict[str, Builtin]] = {
    "has_content": has_content,
    "exists": lambda value: value is not MISSING,
    "default": lambda value, *others: next((each for each in (value, *others) if each is not MISSING), MISSING),
    "if_exists": lambda value: "" if value is MISSING else value,
}
"""Those that may be asked of what is not there."""

BUILTINS: Final[dict[str, Builtin]] = OF_MISSING | {
    "upper_case": _of_text(str.upper),
    "lower_case": _of_text(str.lower),
    "cap_first": _of_text(lambda source: source[:1].upper() + source[1:]),
    "uncap_first": _of_text(lambda source: source[:1].lower() + source[1:]),
    "capitalize": _of_text(_capitalize),
    "trim": _of_text(str.strip),
    "length": _of_text(len),
    "html": _of_text(lambda source: html.escape(source, quote=True).replace("&#x27;", "&#39;")),
    "xml": _of_text(_xml),
    "xhtml": _of_text(lambda source: html.escape(source, quote=True).replace("&#x27;", "&#39;")),
    "json_string": _of_text(_json_string),
    "js_string": _of_text(_js_string),
    "url": _of_text(lambda source, charset="utf-8": quote(source, safe="", encoding=charset)),
    "replace": _of_text(lambda source, part, other: source.replace(part, text(other))),
    "contains": _of_text(lambda source, part: part in source),
    "starts_with": _of_text(str.startswith),
    "ends_with": _of_text(str.endswith),
    "index_of": _of_text(lambda source, part, start=0: source.find(part, int(start))),
    "last_index_of": _of_text(str.rfind),
    "substring": _of_text(_substring),
    "split": _of_text(lambda source, separator: source.split(separator)),
    "word_list": _of_text(str.split),
    "left_pad": _of_text(lambda source, *arguments: _padded(source, *arguments, left=True)),
    "right_pad": _of_text(lambda source, *arguments: _padded(source, *arguments, left=False)),
    "keep_before": _of_text(lambda source, separator: _keep(source, separator, before=True)),
    "keep_after": _of_text(lambda source, separator: _keep(source, separator, before=False)),
    "remove_beginning": _of_text(str.removeprefix),
    "remove_ending": _of_text(str.removesuffix),
    "ensure_starts_with": _of_text(lambda source, start: source if source.startswith(start) else start + source),
    "ensure_ends_with": _of_text(lambda source, end: source if source.endswith(end) else source + end),
    "number": lambda value: value if is_number(value) else _number(text(value)),
    "boolean": _of_text(_boolean),
    "string": _string,
    "c": plain,
    "cn": lambda value: "null" if value is MISSING else plain(value),
    "int": _of_number(int),
    "long": lambda value: int(value.timestamp() * 1000) if isinstance(value, datetime) else int(decimal(value)),
    "abs": _of_number(abs),
    "round": _of_number(lambda number: int((number + Decimal("0.5")).to_integral_value(ROUND_FLOOR))),
    "floor": _whole(ROUND_FLOOR),
    "ceiling": _whole(ROUND_CEILING),
    "then": _then,
    "switch": _switch,
    "date": _date_of(lambda moment: moment.date()),
    "time": _date_of(lambda moment: moment.time()),
    "datetime": _date_of(lambda moment: moment),
    "number_to_datetime": _from_milliseconds,
    "number_to_date": lambda value: _from_milliseconds(value).date(),
    "iso_utc": lambda value: _moment(value).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "size": _size,
    "first": _of_sequence(lambda values: values[0] if len(values) else MISSING),
    "last": _of_sequence(lambda values: values[-1] if len(values) else MISSING),
    "reverse": _of_sequence(lambda values: list(reversed(values))),
    "join": _of_sequence(_join),
    "sort": _of_sequence(_sorted),
    "sort_by": _of_sequence(_sorted),
    "seq_contains": _of_sequence(_contains),
    "seq_index_of": _of_sequence(_index_in),
    "min": _of_sequence(lambda values: min(values, default=MISSING)),
    "max": _of_sequence(lambda values: max(values, default=MISSING)),
    "keys": lambda value: list(value),
    "values": lambda value: list(value.values()),
    "is_string": _is(str, Nodes),
    "is_number": is_number,
    "is_boolean": _is(bool),
    "is_sequence": lambda value: isinstance(value, list | Nodes),
    "is_enumerable": lambda value: isinstance(value, list | Nodes),
    "is_hash": _is(Mapping, Nodes),
    "is_node": _is(Nodes),
    "is_date": _is(datetime, date, time),
}
"""By name; the value comes first, then what stands in parentheses."""

OF_LOOPS: Final[dict[str, Callable[[int, int], Any]]] = {
    "index": lambda index, size: index,
    "counter": lambda index, size: index + 1,
    "has_next": lambda index, size: index + 1 < size,
    "is_first": lambda index, size: index == 0,
    "is_last": lambda index, size: index + 1 == size,
    "is_even_item": lambda index, size: index % 2 == 1,
    "is_odd_item": lambda index, size: index % 2 == 0,
    "item_parity": lambda index, size: "even" if index % 2 else "odd",
}
"""Those of the variable of a ``<#list>``."""


def call(name: str, value: Any, arguments: Sequence[Any]) -> Any:
    """
    Raises:
        TemplateFailure: the value or the arguments are not what it needs.
    """
    if value is MISSING and name not in OF_MISSING and name != "cn":
        raise TemplateFailure(f"?{name} of a value that is missing")
    if any(argument is MISSING for argument in arguments) and name != "default":
        raise TemplateFailure(f"?{name} with a value that is missing")
    try:
        return BUILTINS[name](value, *arguments)
    except TemplateFailure as exc:
        raise TemplateFailure(f"?{name}: {exc}") from exc
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as exc:
        raise TemplateFailure(f"?{name} cannot be used on this value") from exc
