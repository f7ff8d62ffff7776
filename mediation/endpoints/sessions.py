"""Clients' sessions at a load-balanced endpoint: whoever began with one back-end stays with it."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Protocol

from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.payloads.xml import SYNAPSE_NS
from mediation.transports import Answer

DEFAULT_SECONDS: Final = 120.0
MAX_SESSIONS: Final = 10_000
"""Of one endpoint; beyond that the one that was used longest ago is forgotten."""

_SERVICE_GROUP: Final = "{http://ws.apache.org/namespaces/axis2}ServiceGroupId"
_CLIENT: Final = f"{{{SYNAPSE_NS}}}ClientID"

_COOKIES: Final = ("jsessionid", "phpsessid", "phpmyadmin", "wordpress_test_cookie")


class SessionKind(Protocol):
    """How the session of a message is told."""

    def of_request(self, ctx: MessageContext) -> str | None:
        """The session that a request belongs to."""

    def of_answer(self, answer: Answer) -> str | None:
        """The session that an answer begins, where the back-end begins sessions."""


class HttpSessions:
    """``http``: the back-end sets a cookie."""

    def of_request(self, ctx: MessageContext) -> str | None:
        header = ctx.headers.get("Cookie")
        return None if header is None else _session_cookie(header.split(";"))

    def of_answer(self, answer: Answer) -> str | None:
        cookies = [value.partition(";")[0] for name, value in answer.headers.items() if name.lower() == "set-cookie"]
        return _session_cookie(cookies)


def _session_cookie(cookies: list[str]) -> str | None:
    """The cookie that has the name of a session, else the first."""
    stripped = [cookie for each in cookies if (cookie := each.strip())]
    for cookie in stripped:
        if cookie.partition("=")[0].lower() in _COOKIES:
            return cookie
    return stripped[0] if stripped else None


class SoapSessions:
    """``soap``: the back-end gives a ``ServiceGroupId``, which the client puts into its SOAP header."""

    def of_request(self, ctx: MessageContext) -> str | None:
        return _in_header(ctx.payload, _SERVICE_GROUP)

    def of_answer(self, answer: Answer) -> str | None:
        return _in_header(answer.payload, _SERVICE_GROUP)


class SimpleClientSessions:
    """``simpleClientSession``: the client puts a ``ClientID`` of its own choice into its SOAP header."""

    def of_request(self, ctx: MessageContext) -> str | None:
        return _in_header(ctx.payload, _CLIENT)

    def of_answer(self, answer: Answer) -> str | None:
        return None


def _in_header(payload: Payload, tag: str) -> str | None:
    if payload.is_json or payload.header is None:
        return None
    found = next(payload.header.iter(tag), None)
    return None if found is None else (found.text or "").strip() or None


SESSIONS: Final[dict[str, Callable[[], SessionKind]]] = {
    "http": HttpSessions,
    "soap": SoapSessions,
    "simpleClientSession": SimpleClientSessions,
}


class Sessions:
    """
    Which session is bound to which child; of one endpoint in one process. Used on the event loop only.

    Args:
        seconds: that an unused session lasts.
        clock: monotonic seconds.
    """

    def __init__(
        self, kind: SessionKind, seconds: float = DEFAULT_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._kind = kind
        self._seconds = seconds
        self._clock = clock
        self._bound: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._bound)

    def child_for(self, ctx: MessageContext) -> int | None:
        """The place of the child that this message's session is bound to."""
        session = self._kind.of_request(ctx)
        bound = None if session is None else self._bound.get(session)
        if session is None or bound is None:
            return None
        index, until = bound
        if until < self._clock():
            del self._bound[session]
            return None
        return index

    def delivered(self, index: int, ctx: MessageContext, answer: Answer | None) -> None:
        """Bind the session of the message, or the one that its answer has begun."""
        session = None if answer is None else self._kind.of_answer(answer)
        if session is None and (session := self._kind.of_request(ctx)) is None:
            return
        self._bound[session] = (index, self._clock() + self._seconds)
        self._bound.move_to_end(session)
        if len(self._bound) > MAX_SESSIONS:
            self._bound.popitem(last=False)
