"""``<authentication>``: what an HTTP endpoint shows to its back-end."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from mediation.endpoints.oauth import Tokens, read_oauth
from mediation.errors import GrammarError
from mediation.expressions import Value
from mediation.grammar import elements, find, local_name
from mediation.message import MessageContext
from mediation.transports import Answer, SendOptions, Transport
from mediation.transports.http_message import basic

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler


class Authentication(Protocol):
    """Sends messages with credentials. They are not in the message, so no other endpoint and no sequence sees them."""

    def send(
        self, transport: Transport, ctx: MessageContext, uri: str, options: SendOptions
    ) -> Answer | Awaitable[Answer | None] | None:
        """
        Deliver the message; see :meth:`mediation.transports.Transport.send`.

        Raises:
            AuthenticationFailed: there are no credentials.
        """


class BasicAuthentication:
    """``<basicAuth>``: a user name and a password."""

    def __init__(self, username: Value, password: Value) -> None:
        self._username = username
        self._password = password

    def send(
        self, transport: Transport, ctx: MessageContext, uri: str, options: SendOptions
    ) -> Answer | Awaitable[Answer | None] | None:
        authorization = basic(self._username.string(ctx) or "", self._password.string(ctx) or "")
        return transport.send(ctx, uri, replace(options, authorization=authorization))


class OAuthAuthentication:
    """``<oauth>``: an access token. A back-end that refuses it with 401 is asked once more, with a new one."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def send(self, transport: Transport, ctx: MessageContext, uri: str, options: SendOptions) -> Answer | None:
        authorization = await self._tokens.authorization(ctx)
        answer = await _sent(transport, ctx, uri, replace(options, authorization=authorization))
        if answer is None or answer.status != 401:
            return answer
        self._tokens.refused(ctx, authorization)
        authorization = await self._tokens.authorization(ctx)
        return await _sent(transport, ctx, uri, replace(options, authorization=authorization))


async def _sent(transport: Transport, ctx: MessageContext, uri: str, options: SendOptions) -> Answer | None:
    outcome = transport.send(ctx, uri, options)
    return outcome if outcome is None or isinstance(outcome, Answer) else await outcome


def read_authentication(element: etree._Element, compiler: Compiler) -> Authentication | None:
    """
    Read the ``<authentication>`` of an endpoint, if it has one.

    Raises:
        ConfigurationError: it is neither basic nor OAuth, or something is missing.
    """
    found = find(element, "authentication")
    if found is None:
        return None
    for part in elements(found):
        if local_name(part) == "oauth":
            return OAuthAuthentication(read_oauth(part, compiler))
        if local_name(part) == "basicAuth":
            return BasicAuthentication(*(_credential(part, tag, compiler) for tag in ("username", "password")))
    raise GrammarError.missing("authentication", "a child <basicAuth> or <oauth>", found.sourceline)


def _credential(element: etree._Element, tag: str, compiler: Compiler) -> Value:
    found = find(element, tag)
    if found is None:
        raise GrammarError.missing("basicAuth", f"a child <{tag}>", element.sourceline)
    return compiler.value((found.text or "").strip(), found)
