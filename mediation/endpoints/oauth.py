"""Access tokens for back-ends (OAuth 2.0, RFC 6749): fetched when they are needed, kept until they end."""

from __future__ import annotations

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_plus, urlencode

from yarl import URL

from mediation.errors import AuthenticationFailed, EndpointError, GrammarError, NotRunnable
from mediation.expressions import Value
from mediation.grammar import elements, find, local_name
from mediation.message import MessageContext
from mediation.transports.http import HTTP
from mediation.transports.http_message import basic
from mediation.transports.http_request import Request

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler

MAX_ANSWER: Final = 64 * 1024
ANSWER_SECONDS: Final = 30.0
MARGIN_SECONDS: Final = 30.0
"""A token is not used any more when it is that close to its end."""
UNKNOWN_SECONDS: Final = 3600.0
"""That a token lasts whose end is not told; a 401 ends it earlier."""
MAX_TOKENS: Final = 100
"""Of one endpoint, whose credentials may depend on the message."""

GRANTS: Final = {
    "clientCredentials": ("client_credentials", ("clientId", "clientSecret", "tokenUrl")),
    "passwordCredentials": ("password", ("clientId", "clientSecret", "tokenUrl", "username", "password")),
    "authorizationCode": ("refresh_token", ("clientId", "clientSecret", "tokenUrl", "refreshToken")),
}
"""Elements of ``<oauth>``: the grant type of RFC 6749, and the children that each needs."""

NOT_RUNNING: Final = frozenset({"proxyConfigs", "trustStoreConfigs", "customHeaders"})
IGNORED: Final = frozenset({"connectionTimeout", "connectionRequestTimeout", "socketTimeout"})


@dataclass(frozen=True, slots=True)
class Grant:
    """
    How a token is asked for.

    Attributes:
        values: what the children of the grant's element say, by name.
        in_body: the client's credentials are in the body of the request instead of its ``Authorization``.
        parameters: further fields of the request.
    """

    type: str
    values: Mapping[str, Value]
    in_body: bool = False
    parameters: Mapping[str, Value] = field(default_factory=dict)

    @property
    def is_constant(self) -> bool:
        """Whether it is the same for all messages."""
        return all(value.is_literal for value in (*self.values.values(), *self.parameters.values()))

    def request(self, ctx: MessageContext, refresh_token: str | None) -> Request:
        """
        The request for a token.

        Args:
            refresh_token: one that came with the last token.
        """
        said = {name: value.string(ctx) or "" for name, value in self.values.items()}
        fields = {"grant_type": self.type}
        if self.type == "refresh_token":
            fields["refresh_token"] = refresh_token or said["refreshToken"]
        elif self.type == "password":
            fields |= {"username": said["username"], "password": said["password"]}
        headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")]
        if self.in_body:
            fields |= {"client_id": said["clientId"], "client_secret": said["clientSecret"]}
        else:
            headers.append(("Authorization", basic(quote_plus(said["clientId"]), quote_plus(said["clientSecret"]))))
        fields |= {name: value.string(ctx) or "" for name, value in self.parameters.items()}
        try:
            url = URL(said["tokenUrl"])
        except ValueError as exc:
            raise AuthenticationFailed(f"{said['tokenUrl']!r} is not the address of a token server: {exc}") from exc
        return Request("POST", url, headers, urlencode(fields).encode("ascii"))


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    until: float
    refresh_token: str | None


class Tokens:
    """
    The access tokens of one endpoint in one process. Used on the event loop only.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, grant: Grant, clock: Callable[[], float] = time.monotonic) -> None:
        self._grant = grant
        self._clock = clock
        self._known: OrderedDict[bytes, _Token] = OrderedDict()
        self._asking: dict[bytes, asyncio.Task[_Token]] = {}

    async def authorization(self, ctx: MessageContext) -> str:
        """
        The ``Authorization`` for a message.

        Raises:
            AuthenticationFailed: no token can be had.
        """
        key = self._key(ctx)
        token = self._known.get(key)
        if token is None or token.until <= self._clock():
            token = await self._ask(key, self._grant.request(ctx, None if token is None else token.refresh_token))
        self._known[key] = token
        self._known.move_to_end(key)
        if len(self._known) > MAX_TOKENS:
            self._known.popitem(last=False)
        return f"Bearer {token.value}"

    def refused(self, ctx: MessageContext, authorization: str) -> None:
        """The back-end does not take this token: the next message gets another one."""
        key = self._key(ctx)
        token = self._known.get(key)
        if token is not None and f"Bearer {token.value}" == authorization:
            self._known[key] = _Token(token.value, 0.0, token.refresh_token)

    def _key(self, ctx: MessageContext) -> bytes:
        """Messages with the same credentials share a token."""
        if self._grant.is_constant:
            return b""
        request = self._grant.request(ctx, None)
        return b"\0".join((str(request.url).encode(), repr(request.fields).encode(), request.body))

    async def _ask(self, key: bytes, request: Request) -> _Token:
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.get_running_loop().create_task(self._fetch(request))
            asking.add_done_callback(lambda _: self._asking.pop(key, None))
        # One message that gives up does not end it for the others that wait for the same token.
        return await asyncio.shield(asking)

    async def _fetch(self, request: Request) -> _Token:
        try:
            answer = await HTTP.ask(request, MAX_ANSWER, ANSWER_SECONDS)
            said = json.loads(answer.payload.raw or b"") if answer.status == 200 else None
        except EndpointError as exc:
            raise AuthenticationFailed(f"no access token from {request.url}: {exc.message}") from exc
        except ValueError as exc:
            raise AuthenticationFailed(f"no access token from {request.url}: the answer is not JSON") from exc
        if said is None:
            raise AuthenticationFailed(f"no access token from {request.url}: it answered with {answer.status}")
        if not isinstance(said, dict) or not isinstance(said.get("access_token"), str):
            raise AuthenticationFailed(f"no access token from {request.url}: there is none in the answer")
        refresh_token = said.get("refresh_token")
        return _Token(
            said["access_token"],
            self._clock() + _seconds(said.get("expires_in")),
            refresh_token if isinstance(refresh_token, str) else None,
        )


def _seconds(expires_in: object) -> float:
    """That a token may be used; RFC 6749 5.1 has a number, others write text."""
    try:
        seconds = float(expires_in)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return UNKNOWN_SECONDS
    return seconds - MARGIN_SECONDS if seconds > 2 * MARGIN_SECONDS else seconds / 2


def read_oauth(element: etree._Element, compiler: Compiler) -> Tokens:
    """
    Read ``<oauth>``.

    Raises:
        ConfigurationError: no grant that is known, or something that it needs is missing.
    """
    found = next((part for part in elements(element) if local_name(part) in GRANTS), None)
    if found is None:
        raise GrammarError.missing("oauth", f"one of {', '.join(GRANTS)}", element.sourceline)
    name = local_name(found)
    type_, needed = GRANTS[name]
    values = {}
    for tag in needed:
        part = find(found, tag)
        text = "" if part is None else (part.text or "").strip()
        if part is None or not text:
            raise GrammarError.missing(name, f"a child <{tag}> with text", found.sourceline)
        values[tag] = compiler.value(text, part)
    for part in elements(found):
        if local_name(part) in NOT_RUNNING:
            raise NotRunnable(f"<{local_name(part)}> of <{name}>", line=part.sourceline)
        if local_name(part) in IGNORED:
            compiler.warning(
                f"<{local_name(part)}> has no effect: a token has {ANSWER_SECONDS:g} seconds to come", part
            )
    mode = find(found, "authMode")
    text = "header" if mode is None else (mode.text or "header").strip().lower()
    if text not in ("header", "payload"):
        raise GrammarError(f'<authMode> "{text}" is not one of header, payload', found.sourceline)
    return Tokens(Grant(type_, values, text == "payload", _parameters(found, compiler)))


def _parameters(element: etree._Element, compiler: Compiler) -> dict[str, Value]:
    parent = find(element, "requestParameters")
    parts = () if parent is None else [part for part in elements(parent) if local_name(part) == "parameter"]
    found = {}
    for part in parts:
        name = part.get("name")
        if not name:
            raise GrammarError.missing("parameter", 'the attribute "name"', part.sourceline)
        found[name] = compiler.value((part.text or "").strip(), part)
    return found
