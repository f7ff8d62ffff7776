"""From a message to the HTTP request that its back-end gets (``docs/compatibility.md``, endpoint formats)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from yarl import URL

from mediation.errors import InvalidAddress, MediationError
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.payloads.media_types import FORM, SOAP12, TEXT_XML, XML, media_type, parameter
from mediation.properties import (
    FORCE_HTTP10,
    FORCE_POST_PUT_NOBODY,
    GZIP_REQUEST,
    HTTP_METHOD,
    MESSAGE_TYPE,
    NO_KEEPALIVE,
    POST_TO_URI,
    REQUEST_HOST_HEADER,
    is_true,
)

from . import SendOptions, http_message
from .content_coding import ENCODED
from .hops import HOPS
from .http_message import NO_CONTENT, Content, Field

WITHOUT_BODY: Final = frozenset({"GET", "DELETE", "HEAD", "OPTIONS", "TRACE"})


class Format(NamedTuple):
    """What the ``format`` of an endpoint makes of a message (``docs/compatibility.md``, endpoint formats)."""

    message_type: str
    as_rest: bool
    method: str | None = None


FORMATS: Final = {
    "soap11": Format(TEXT_XML, as_rest=False, method="POST"),
    "soap12": Format(SOAP12, as_rest=False, method="POST"),
    "pox": Format(XML, as_rest=True),
    "get": Format(FORM, as_rest=True, method="GET"),
}
"""``rest`` is missing: a message is sent as it is unless its own properties or another format say otherwise."""


@dataclass(frozen=True, slots=True)
class Request:
    """
    One request to a back-end, ready to be written.

    Attributes:
        coding: what the body is still to be compressed in; one of :data:`mediation.transports.content_coding.ENCODED`.
        is_http10: whether it is one of HTTP/1.0.
        names_itself: whether the whole address is in the request line.
    """

    method: str
    url: URL
    fields: list[Field]
    body: bytes
    coding: str | None = None
    is_http10: bool = False
    names_itself: bool = False


def write_request(ctx: MessageContext, uri: str, options: SendOptions) -> Request:
    """
    Write a message as a request.

    Raises:
        InvalidAddress: the address is none.
        LoopDetected: the message has come back to this process too often.
        MediationError: the message has a method or header that cannot be sent, or a body that has no form in the
            wanted type.
    """
    url = _url(uri)
    wanted = FORMATS.get(options.format or "")
    method = (wanted and wanted.method) or options.method or _method(ctx)
    as_query = wanted is FORMATS["get"] or media_type(str(ctx.axis2.get(MESSAGE_TYPE))) == FORM
    if method not in WITHOUT_BODY:
        empty = method in ("POST", "PUT") and is_true(ctx.axis2.get(FORCE_POST_PUT_NOBODY))
        content = NO_CONTENT if empty else _content(ctx, wanted, options)
    elif as_query:
        form = http_message.content_as(ctx, FORM, as_rest=True)
        url, content = _with_query(url, form.body.decode("latin-1")), NO_CONTENT
    else:
        content = NO_CONTENT
    dropped = {"server"}  # of an earlier answer: the originals do not tell the next back-end, either
    # Credentials of the address are the endpoint's own; the library refuses to choose.
    if url.user is not None or options.authorization is not None:
        dropped.add("authorization")
    if options.format == "soap12":
        dropped.add("soapaction")
    fields = http_message.fields(ctx.headers, frozenset(dropped))
    hop = HOPS.field(url, ctx.hops)
    if hop is not None:
        fields.append(hop)
    if options.authorization is not None:
        url = url.with_user(None)
        fields.append(http_message.field("Authorization", options.authorization))
    if content.content_type is not None:
        fields.append(("Content-Type", content.content_type))
        if media_type(content.content_type) == TEXT_XML and "SOAPAction" not in ctx.headers:
            fields += _soap_action(ctx, options)
    if is_true(ctx.axis2.get(NO_KEEPALIVE)):
        fields.append(("Connection", "close"))
    host = ctx.axis2.get(REQUEST_HOST_HEADER)
    if host:
        fields.append(http_message.field("Host", str(host)))
    return Request(
        method,
        url,
        fields,
        content.body,
        coding=_coding(ctx, content, fields),
        is_http10=is_true(ctx.axis2.get(FORCE_HTTP10)),
        names_itself=is_true(ctx.axis2.get(POST_TO_URI)),
    )


def _coding(ctx: MessageContext, content: Content, fields: list[Field]) -> str | None:
    """
    What the body is to be compressed in: a sequence says so by the header, or by ``transport.http.gzipRequest``.

    A body that came compressed was inflated, and has lost the header, unless its coding is not known here: then it is
    still in that coding.
    """
    said = (ctx.headers.get("Content-Encoding") or "").strip().lower() if content.body else ""
    if not said and content.body and is_true(ctx.axis2.get(GZIP_REQUEST)):
        said = "gzip"
        fields.append(("Content-Encoding", said))
    return said if said in ENCODED else None


def _method(ctx: MessageContext) -> str:
    method = str(ctx.axis2.get(HTTP_METHOD) or "POST").upper()
    if not http_message.is_token(method):
        raise MediationError(f"{method!r} is no HTTP method")
    return method


# RFC 3986 2: what an address may consist of.
_ESCAPED: Final = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*")


def _url(uri: str) -> URL:
    try:
        # An address that is right is not rewritten: "%2F" and "/" are the same to a library, but not to every back-end.
        url = URL(uri, encoded=_ESCAPED.fullmatch(uri) is not None)
        if url.host and url.port:
            return url
    except ValueError as exc:
        raise InvalidAddress(uri, str(exc)) from exc
    raise InvalidAddress(uri, "it names no host")


def _with_query(url: URL, query: str) -> URL:
    if not query:
        return url
    both = f"{url.raw_query_string}&{query}" if url.raw_query_string else query
    return URL(f"{url.with_query(None)}?{both}", encoded=True)


def _content(ctx: MessageContext, wanted: Format | None, options: SendOptions) -> Content:
    if wanted is None:
        content = http_message.content(ctx)
    else:
        if wanted.message_type in (TEXT_XML, SOAP12) and not wanted.as_rest and _is_empty(ctx.payload):
            ctx.payload.changed()  # SOAP without content is an envelope
        content = http_message.content_as(ctx, wanted.message_type, as_rest=wanted.as_rest, charset=options.encoding)
    if content.content_type is None or media_type(content.content_type) != SOAP12:
        return content
    return Content(content.body, _with_action(content.content_type, ctx.action))


def _is_empty(payload: Payload) -> bool:
    return not payload.modified and not payload.raw


_ACTION: Final = re.compile(r"""\s*;\s*action\s*=\s*("(?:[^"\\]|\\.)*"|[^;"\s]*)""", re.IGNORECASE)


def _with_action(content_type: str, action: str | None) -> str:
    """RFC 3902: what SOAP 1.1 says in its SOAPAction is a parameter of the media type of SOAP 1.2."""
    if not action or parameter(content_type, "action") == action:
        return content_type
    escaped = http_message.field("action", action)[1].replace("\\", "\\\\").replace('"', '\\"')
    return f'{_ACTION.sub("", content_type)}; action="{escaped}"'


def _soap_action(ctx: MessageContext, options: SendOptions) -> list[Field]:
    if ctx.action:
        return [http_message.field("SOAPAction", f'"{ctx.action}"')]
    # SOAP 1.1 6.1.1: "An HTTP client MUST use this header field when issuing a SOAP HTTP Request."
    return [("SOAPAction", '""')] if options.format == "soap11" else []
