"""HTTP messages as they leave: header fields and body, for requests to back-ends and for answers to clients."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Final

from mediation.errors import MediationError
from mediation.headers import Headers
from mediation.message import MessageContext
from mediation.payloads.media_types import media_type
from mediation.payloads.related import RELATED, Packaging
from mediation.properties import (
    CHARACTER_SET_ENCODING,
    CONTENT_TYPE,
    ENABLE_MTOM,
    ENABLE_SWA,
    MESSAGE_TYPE,
    NO_ENTITY_BODY,
    SET_CHARACTER_ENCODING,
    is_true,
)

Field = tuple[str, str]

HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""RFC 9110 7.6.1: about one connection, not about the message."""

WRITTEN_HERE: Final = frozenset({"content-length", "content-type", "host", "expect"})
"""Written from the body and the address. Taking them from a message would let it forge the framing of the next one."""

MAX_VALUE: Final = 16 * 1024
"""Characters of a field's value. Servers refuse a head of this size with 431 anyway, and close the connection."""

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# No control characters, C1 included: U+0085 ends a line for some.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")


def fields(headers: Headers, dropped: frozenset[str] = frozenset()) -> list[Field]:
    """
    The fields that travel on: all but those of the connection, those that are written here, and ``dropped``.

    Args:
        dropped: in lower case.

    Raises:
        MediationError: a name or value that no header field can have, such as one with a line feed in it.
    """
    named = named_by_connection(headers)
    kept = []
    for name, value in headers.items():
        key = name.lower()
        if key in HOP_BY_HOP or key in WRITTEN_HERE or key in dropped or key in named:
            continue
        kept.append(field(name, value))
    return kept


def named_by_connection(headers: Headers) -> frozenset[str]:
    """The fields, in lower case, that the peer says are about the connection, too (RFC 9110 7.6.1)."""
    connection = headers.get("Connection")
    return frozenset() if connection is None else frozenset(token.strip().lower() for token in connection.split(","))


def as_utf8(value: str) -> str:
    """
    A value for a library that writes UTF-8. Here it has one character for each byte that it came as.

    Bytes that are no UTF-8 become that, one by one.
    """
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def basic(user: str, password: str) -> str:
    """Credentials as ``Authorization`` and ``Proxy-Authorization`` have them (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


def is_token(text: str) -> bool:
    """Whether it may be the name of a method or field (RFC 9110 5.6.2)."""
    return _TOKEN.fullmatch(text) is not None


def field(name: str, value: str) -> Field:
    """
    A header field that is safe to write.

    Raises:
        MediationError: it is none.
    """
    value = value.strip(" \t")
    if not is_token(name):
        raise MediationError(f"header {name[:100]!r} has no valid name")
    if not _is_text(value):
        raise MediationError(f"header {name!r} has a value with control characters or beyond ISO 8859-1")
    if len(value) > MAX_VALUE:
        raise MediationError(f"header {name!r} has {len(value)} characters, {MAX_VALUE} is the limit")
    return name, value


def _is_text(value: str) -> bool:
    """Whether it is text without control characters. Bytes beyond ASCII, here one character each, are often UTF-8."""
    if value.isascii():
        return _CONTROL.search(value) is None
    try:
        value = value.encode("latin-1").decode()
    except UnicodeEncodeError:
        return False
    except UnicodeDecodeError:
        pass
    return _CONTROL.search(value) is None


@dataclass(frozen=True, slots=True)
class Content:
    """A body as bytes, and the Content-Type that it goes with (``None``: nothing to say)."""

    body: bytes = b""
    content_type: str | None = None


NO_CONTENT: Final = Content()


def content(ctx: MessageContext) -> Content:
    """
    The body as the message's own properties want it (``docs/compatibility.md``, content types).

    ``messageType`` chooses the format, else ``ContentType``, else the type that the body came with. A body that nobody
    changed leaves byte for byte. ``ContentType`` alone, or the header ``Content-Type``, renames what was formatted.

    Raises:
        PayloadError: the body has no form in that type.
    """
    payload = ctx.payload
    if is_true(ctx.axis2.get(NO_ENTITY_BODY)) or (not payload.modified and not payload.raw):
        return NO_CONTENT
    packaging = _packaging(ctx)
    if packaging is not None:
        return _package(ctx, packaging)
    declared = ctx.axis2.get(CONTENT_TYPE)
    wanted = ctx.axis2.get(MESSAGE_TYPE) or declared
    body, content_type = payload.format(None if wanted is None else str(wanted), charset=_charset(ctx))
    for name in (declared, ctx.get("Content-Type", "transport")):
        # Of a body with attachments that left them behind, the old type is wrong.
        if name and media_type(str(name)) not in (media_type(content_type), RELATED):
            content_type = str(name)
            break
    return Content(body, field("Content-Type", content_type)[1])


def content_as(ctx: MessageContext, message_type: str, *, as_rest: bool, charset: str | None = None) -> Content:
    """
    The body in a format that somebody else chose: the endpoint, or the SOAP version that the client speaks.

    Raises:
        PayloadError: the body has no form in that type.
    """
    if is_true(ctx.axis2.get(NO_ENTITY_BODY)):
        return NO_CONTENT
    packaging = _packaging(ctx)
    if packaging is not None and not as_rest:
        return _package(ctx, packaging)
    body, content_type = ctx.payload.format(message_type, as_rest=as_rest, charset=charset or _charset(ctx))
    return Content(body, field("Content-Type", content_type)[1])


def _packaging(ctx: MessageContext) -> Packaging | None:
    """How attachments leave, if they do."""
    if is_true(ctx.axis2.get(ENABLE_MTOM)):
        return "mtom"
    return "swa" if is_true(ctx.axis2.get(ENABLE_SWA)) else None


def _package(ctx: MessageContext, packaging: Packaging) -> Content:
    body, content_type = ctx.payload.format_package(packaging)
    return Content(body, field("Content-Type", content_type)[1])


def _charset(ctx: MessageContext) -> str | None:
    """What textual bodies are written in; ``None`` leaves it out of the Content-Type."""
    if str(ctx.axis2.get(SET_CHARACTER_ENCODING, "")).lower() == "false":
        return None
    return str(ctx.axis2.get(CHARACTER_SET_ENCODING) or "UTF-8")
