"""From a message to the HTTP response that its client gets (``docs/compatibility.md``, HTTP status)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from mediation.errors import MediationError
from mediation.message import MessageContext
from mediation.payloads.media_types import SOAP12, TEXT_XML, media_type
from mediation.properties import CONTENT_TYPE, FAULTS_AS_HTTP_200, HTTP_SC, HTTP_SC_DESC, MESSAGE_TYPE, is_true
from mediation.transports import http_message
from mediation.transports.http_message import NO_CONTENT, Content, Field

REQUEST_ONLY: Final = frozenset(
    {
        "accept",
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "authorization",
        "cookie",
        "from",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "max-forwards",
        "range",
        "referer",
        "soapaction",
        "user-agent",
    }
)
"""Fields that mean something in a request only. A request that is answered with itself does not hand them back."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What the client gets. ``reason`` is ``None`` for the usual phrase of the status."""

    status: int
    reason: str | None = None
    headers: tuple[Field, ...] = ()
    body: bytes = b""


ACCEPTED: Final = HttpAnswer(202)
UNAVAILABLE: Final = HttpAnswer(503)


def http_answer(ctx: MessageContext, soap: str | None = None, *, to_head: bool = False) -> HttpAnswer:
    """
    Write a message as an HTTP response.

    Args:
        soap: the media type of the client's SOAP version, if it speaks SOAP.
        to_head: the request was a HEAD.

    Raises:
        MediationError: the message has a header that cannot be sent, or a body that has no form in the wanted type.
    """
    fields = http_message.fields(ctx.headers, REQUEST_ONLY)
    status = _status_of(ctx)
    # RFC 9110 6.4.1: "1xx, 204, and 304 responses do not include content."
    content = NO_CONTENT if status in (204, 304) else _content(ctx, soap)
    if content.content_type is not None:
        fields.append(("Content-Type", content.content_type))
    elif to_head:
        # RFC 9110 9.3.2: the same header fields as if the request method had been GET.
        fields += [(name, value) for name in ("Content-Type", "Content-Length") if (value := ctx.headers.get(name))]
    return HttpAnswer(status, _reason(ctx, status), tuple(fields), content.body)


_PHRASES: Final = {each.phrase.lower(): each.value for each in HTTPStatus}


def _reason(ctx: MessageContext, status: int) -> str | None:
    reason = ctx.axis2.get(HTTP_SC_DESC)
    # The phrase of the back-end's status stays when a sequence sets another status: no "500 OK".
    if reason is None or _PHRASES.get(str(reason).lower(), status) != status:
        return None
    try:
        return http_message.field(HTTP_SC_DESC, str(reason))[1]
    except MediationError:
        return None  # RFC 9112 4: "A client SHOULD ignore the reason-phrase content"


def _status_of(ctx: MessageContext) -> int:
    status = 200
    # A body that nobody has looked at is not parsed just to find out.
    if ctx.payload.is_built and ctx.payload.is_fault and not is_true(ctx.axis2.get(FAULTS_AS_HTTP_200)):
        status = 500
    set_by_sequence = ctx.axis2.get(HTTP_SC)
    return status if set_by_sequence is None else status_code(set_by_sequence, status)


def status_code(value: object, default: int) -> int:
    try:
        status = int(float(str(value)))
    except (ValueError, OverflowError):
        status = 0
    if 200 <= status <= 599:
        return status
    logger.warning("Unable to set the HTTP status code from the property %s with value: %s", HTTP_SC, value)
    return default


def _content(ctx: MessageContext, soap: str | None) -> Content:
    """
    A client that speaks SOAP gets the version that it speaks, whatever version the back-end answered in.

    What is no SOAP gets an envelope for it, unless it leaves as it came.
    """
    wanted = ctx.axis2.get(MESSAGE_TYPE) or ctx.axis2.get(CONTENT_TYPE) or ctx.payload.content_type
    media = None if wanted is None else media_type(str(wanted))
    if soap is None or media not in (TEXT_XML, SOAP12):
        return http_message.content(ctx)
    payload = ctx.payload
    as_it_came = not payload.modified and (not payload.raw or payload.media_type == media)
    if as_it_came and media == soap:
        return http_message.content(ctx)  # and nothing has to be parsed
    fits = as_it_came if payload.soap_version == "pox" else media == soap
    return http_message.content(ctx) if fits else http_message.content_as(ctx, soap, as_rest=False)
