"""What expressions read of a message besides its body: ``$ctx:x``, ``get-property('x')`` and their like."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote

from mediation.errors import ExpressionError, NotRunnable
from mediation.payloads.xml import to_text
from mediation.process_values import environment_variable, file_property
from mediation.properties import HTTP_METHOD

from .dates import DEFAULT_PATTERN, format_date

if TYPE_CHECKING:
    from mediation.message import MessageContext

Read = Callable[["MessageContext"], Any]

PROPERTY_SCOPES: Final = frozenset(
    {"default", "axis2", "transport", "operation", "func", "system", "env", "file", "registry"}
)

_VARIABLE_SCOPES: Final = {
    "ctx": "default",
    "axis2": "axis2",
    "trp": "transport",
    "operation": "operation",
    "func": "func",
}


class Reading(NamedTuple):
    """How a value is read, and whether that needs the body."""

    read: Read
    reads_payload: bool = False


def variable(name: str) -> Reading:
    """
    How ``$name`` is read; ``name`` is without the dollar sign.

    The reader answers ``None`` for a missing property. It raises ExpressionError for a variable that there is not.
    """
    if name in BODY_PARTS:
        return Reading(BODY_PARTS[name], reads_payload=True)
    prefix, colon, local = name.partition(":")
    if not colon:
        return Reading(_unknown(name))
    if prefix in _VARIABLE_SCOPES:
        return Reading(_property(local, _VARIABLE_SCOPES[prefix]))
    if prefix == "sys":
        return Reading(lambda ctx: environment_variable(local) or "")
    if prefix == "var":
        return Reading(lambda ctx: ctx.variable(local))
    if prefix == "url":
        return Reading(lambda ctx: _query_parameter(ctx.to, local))
    return Reading(_member(prefix, local))


BODY_PARTS: Final[Mapping[str, Read]] = {
    "body": lambda ctx: ctx.payload.body,
    "header": lambda ctx: ctx.payload.header,
    "env": lambda ctx: ctx.payload.envelope,
}


def get_property(*arguments: str) -> Reading:
    """
    ``get-property(name)``, ``(scope, name)``, ``(name, date format)`` or ``(scope, name, date format)``.

    Raises:
        NotRunnable: a property of a registry resource.
        ValueError: no such form, or a date format that is none.
    """
    scope, name, pattern = _forms(arguments)
    if name == "SYSTEM_DATE":
        date_pattern = DEFAULT_PATTERN if pattern is None else pattern
        format_date(datetime.now(UTC), date_pattern)
        return Reading(lambda ctx: format_date(datetime.now().astimezone(), date_pattern))
    if name == "SYSTEM_TIME":
        return Reading(lambda ctx: str(time.time_ns() // 1_000_000))
    if not name or scope not in PROPERTY_SCOPES:
        return Reading(lambda ctx: "")
    if scope == "registry":
        if "@" in name:
            raise NotRunnable("get-property of a property of a registry resource", "such properties are not kept")
        return Reading(lambda ctx: _resource(ctx, name))
    if scope in ("system", "env"):
        return Reading(lambda ctx: environment_variable(name) or "")
    if scope == "file":
        found = file_property(name) or ""
        return Reading(lambda ctx: found)
    if scope != "default":
        return Reading(_property(name, scope))
    if name in _SPECIAL:
        return _SPECIAL[name]
    return Reading(lambda ctx: _property_or_local_entry(ctx, name))


def _forms(arguments: tuple[str, ...]) -> tuple[str, str, str | None]:
    if len(arguments) == 1:
        return "default", arguments[0], None
    if len(arguments) == 2:
        first, second = arguments
        if first in PROPERTY_SCOPES:
            return first, second, None
        return "default", first, second
    if len(arguments) == 3:
        return arguments
    raise ValueError(f"get-property takes one to three arguments, not {len(arguments)}")


def _property(name: str, scope: str) -> Read:
    return lambda ctx: ctx.get(name, scope)


def _property_or_local_entry(ctx: MessageContext, name: str) -> Any:
    value = ctx.get(name)
    if value is None:
        entry = ctx.environment.local_entry(name)
        return None if entry is None else entry.value
    return value


def _resource(ctx: MessageContext, key: str) -> str | None:
    entry = ctx.environment.local_entry(key)
    if entry is None:
        return None
    return entry.value if isinstance(entry.value, str) else to_text(entry.value)


def _is_fault(ctx: MessageContext) -> str:
    return "TRUE" if ctx.payload.is_fault or ctx.get("FAULT_MESSAGE", "axis2") == "TRUE" else ""


def _message_format(ctx: MessageContext) -> str:
    version = ctx.payload.soap_version
    return "get" if version != "pox" and ctx.get(HTTP_METHOD, "axis2") == "GET" else version


_SPECIAL: Final[Mapping[str, Reading]] = {
    "To": Reading(lambda ctx: ctx.to or ""),
    "From": Reading(lambda ctx: ctx.from_ or ""),
    "Action": Reading(lambda ctx: ctx.action or ""),
    "ReplyTo": Reading(lambda ctx: ctx.reply_to or ""),
    "FaultTo": Reading(lambda ctx: ctx.fault_to or ""),
    "RelatesTo": Reading(lambda ctx: ctx.relates_to or ""),
    "MessageID": Reading(lambda ctx: ctx.message_id),
    # A service without a description has this one operation, in no namespace.
    "OperationName": Reading(lambda ctx: "mediate"),
    "OperationNamespace": Reading(lambda ctx: ""),
    "FAULT": Reading(_is_fault, reads_payload=True),
    "MESSAGE_FORMAT": Reading(_message_format, reads_payload=True),
}


def _query_parameter(address: str | None, name: str) -> str:
    query = (address or "").partition("?")[2]
    for pair in query.split("&"):
        key, _, value = pair.partition("=")
        if key.lower() == name.lower():
            return unquote(value)
    return ""


def _unknown(name: str) -> Read:
    def read(ctx: MessageContext) -> Any:
        raise ExpressionError(f"${name}", "there is no such variable")

    return read


def _member(prefix: str, name: str) -> Read:
    """``$map:key``: a key of a property that is a map."""

    def read(ctx: MessageContext) -> Any:
        value = ctx.get(prefix)
        found = value.get(name) if isinstance(value, Mapping) else None
        if found is None:
            raise ExpressionError(f"${prefix}:{name}", "there is no such variable")
        return found

    return read
