"""A message as plain data, so that it outlives the process, and the message that is made of it again."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from mediation.headers import Headers
from mediation.message import MessageContext
from mediation.payloads import Payload, media_types
from mediation.payloads.xml import parse_xml, serialise, to_text

if TYPE_CHECKING:
    from mediation.environment import Client, Environment

ADDRESSES: Final = ("to", "from_", "reply_to", "fault_to", "relates_to", "action")


@dataclass(frozen=True, slots=True)
class Record:
    """
    A message, put away.

    Attributes:
        head: all but the body, as JSON text.
        body: as it came, or as it was written.
    """

    message_id: str
    head: str
    body: bytes


def freeze(ctx: MessageContext) -> Record:
    """
    Put all of a message into plain data: body, addresses, headers, variables and the properties of all scopes.

    A body that nobody changed stays byte for byte. Properties that are no data, such as the exception that a fault
    sequence sees, are left out.

    Raises:
        PayloadError: the body was changed into something that has no form.
    """
    kind, body = _freeze_body(ctx.payload)
    head = {
        "id": ctx.message_id,
        "addresses": {name: value for name in ADDRESSES if (value := getattr(ctx, name)) is not None},
        "response": ctx.is_response,
        "payload": {"kind": kind, "type": ctx.payload.content_type, "frame": ctx.payload.is_frame},
        "headers": list(ctx.headers.items()),
        "scopes": {scope: _properties(values) for scope, values in ctx.scopes() if values},
        "variables": _properties(ctx.variables),
    }
    return Record(ctx.message_id, json.dumps(head, ensure_ascii=False), body)


def thaw(record: Record, environment: Environment, client: Client | None) -> MessageContext:
    """
    Make the message again, for a flow of ``client``.

    Raises:
        ValueError: the record is not whole.
        PayloadError: its body cannot be read any more.
    """
    head = json.loads(record.head)
    scopes = {scope: {name: _thawed(value) for name, value in held.items()} for scope, held in head["scopes"].items()}
    ctx = MessageContext(
        environment,
        _thaw_body(head["payload"], record.body),
        client=client,
        default=scopes.pop("default", {}),
        headers=Headers((name, value) for name, value in head["headers"]),
        axis2=scopes.pop("axis2", {}),
        is_response=head["response"],
    )
    for scope, values in scopes.items():
        for name, value in values.items():
            ctx.set(name, value, scope)
    ctx.variables.update({name: _thawed(value) for name, value in head["variables"].items()})
    for name, value in head["addresses"].items():
        setattr(ctx, name, value)
    ctx.message_id = head["id"]
    return ctx


# -- the body

_TEXT, _BYTES, _JSON, _XML, _ENVELOPE, _NOTHING = "text", "bytes", "json", "xml", "envelope", "nothing"


def _freeze_body(payload: Payload) -> tuple[str, bytes]:
    raw = payload.raw
    if isinstance(raw, str):
        # A frame may hold half a surrogate pair only if nobody checked it; it is kept all the same.
        return _TEXT, raw.encode("utf-8", "surrogatepass")
    if raw is not None:
        return _BYTES, raw
    if payload.is_json:
        return _JSON, payload.json_text().encode("utf-8", "surrogatepass")
    if not payload.is_built:
        return _NOTHING, b""
    if payload.soap_version == "pox" and payload.header is None and len(payload.body) == 1:
        return _XML, serialise(payload.body[0])
    return _ENVELOPE, serialise(payload.envelope)


def _thaw_body(state: Mapping[str, Any], body: bytes) -> Payload:
    kind, content_type, is_frame = state["kind"], state["type"], state["frame"]
    if kind == _TEXT:
        return Payload(body.decode("utf-8", "surrogatepass"), content_type, is_frame=is_frame, guess=is_frame)
    if kind == _BYTES:
        return Payload(body, content_type, is_frame=is_frame)
    if kind == _NOTHING:
        return Payload(None, content_type)
    payload = Payload(None, content_type, is_frame=is_frame)
    if kind == _JSON:
        payload.replace_json(body.decode("utf-8", "surrogatepass"))
    else:
        payload = Payload(body, media_types.XML, is_frame=is_frame)
        # The tree is what counts from now on, under whatever type it is to leave.
        payload.changed()
    payload.content_type = content_type
    return payload


# -- properties

_XML_ELEMENT, _BINARY, _LIST, _OBJECT = "$xml", "$bytes", "$list", "$object"


def _properties(values: Mapping[str, Any]) -> dict[str, Any]:
    frozen = {}
    for name, value in values.items():
        try:
            frozen[name] = _frozen(value)
        except TypeError:
            continue
    return frozen


def _frozen(value: Any) -> Any:
    """
    Raises:
        TypeError: it is no data.
    """
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, (bytes, bytearray)):
        return {_BINARY: base64.b64encode(value).decode()}
    if isinstance(value, etree._Element):
        return {_XML_ELEMENT: to_text(value)}
    if isinstance(value, (list, tuple)):
        return {_LIST: [_frozen(each) for each in value]}
    if isinstance(value, Mapping):
        return {_OBJECT: [[str(name), _frozen(each)] for name, each in value.items()]}
    raise TypeError(type(value).__name__)


def _thawed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    [(tag, held)] = value.items()
    if tag == _BINARY:
        return base64.b64decode(held)
    if tag == _XML_ELEMENT:
        return parse_xml(held)
    if tag == _LIST:
        return [_thawed(each) for each in held]
    return {name: _thawed(each) for name, each in held}
