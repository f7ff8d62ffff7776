"""Lets a handshake or request in, or refuses it."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING, Final

from mediation.access import AccessRules
from mediation.errors import AuthenticationUnavailable
from mediation.identity import BASIC, BEARER, BY_BROWSERS, Credential, Identity, Token
from mediation.transports.websocket import Rejection

from .credentials import Attempt, Malformed, shown
from .json_web_tokens import Fetch, JsonWebTokens, looks_like_jwt
from .lookups import Lookups
from .throttle import Throttle, network

if TYPE_CHECKING:
    from mediation.environment import Authenticator

logger = logging.getLogger(__name__)

ANSWER_SECONDS: Final = 9.0
"""What a handshake waits for an answer; less than what the port gives it."""

_UNQUOTED: Final = re.compile(r"[^A-Za-z0-9 ._~-]")


class Gate:
    """
    One for a process. Used on the event loop only; whoever made it closes it.

    Args:
        authenticator: without one, only JWTs let anybody in.
        trust_seconds: how long an answer about a credential counts before it is asked for again.
        failures_per_minute: wrong answers that an address may give for each kind of credential; 0 for any number.
        fetch: gets key sets that are on the web.
    """

    def __init__(
        self, authenticator: Authenticator | None, *, trust_seconds: float, failures_per_minute: int, fetch: Fetch
    ) -> None:
        self.lookups = Lookups(authenticator, trust_seconds)
        self._throttle = Throttle(failures_per_minute)
        self._tokens = JsonWebTokens(fetch)

    async def admit(self, attempt: Attempt, rules: AccessRules, same_origin: bool | None) -> Identity:
        """
        Who the client is, if it may connect.

        Args:
            same_origin: whether the page that opens the connection is one that was named or one of this host; ``None``
                if no page was told of. A page that only ``*`` allows is a foreign one here.

        Raises:
            Rejection: 401 or 403 if it may not, 429 if its address was wrong too often, 503 if nobody can say.
        """
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._admit(attempt, rules, same_origin)
        except Rejection as refused:
            if refused.status != 429:  # who is refused for being wrong too often shall not fill the log as well
                logger.info(
                    "%s refused a client from %s with %d %s",
                    attempt.label,
                    attempt.address,
                    refused.status,
                    refused.text,
                )
            raise
        except (AuthenticationUnavailable, TimeoutError) as exc:
            logger.error("%s cannot tell who a client is: %s", attempt.label, exc or "it takes too long")
            raise Rejection(503, "Try again later", [("Retry-After", "5")]) from exc

    def close(self) -> None:
        self.lookups.close()

    async def _admit(self, attempt: Attempt, rules: AccessRules, same_origin: bool | None) -> Identity:
        try:
            credentials = shown(attempt, rules)
        except Malformed as exc:
            raise _unauthorized(attempt, rules, "The credentials cannot be read", shown_token=True) from exc
        for credential in credentials:
            _refuse_foreign_page(credential, same_origin)
            identity = await self._identify(credential, attempt, rules)
            if identity is None:
                continue
            if not rules.permits(identity):
                raise Rejection(403, "This user may not connect here")
            return identity
        if not credentials:
            raise _unauthorized(attempt, rules, "Say who you are")
        raise _unauthorized(attempt, rules, "The credentials are wrong", shown_token=isinstance(credentials[0], Token))

    async def _identify(self, credential: Credential, attempt: Attempt, rules: AccessRules) -> Identity | None:
        if isinstance(credential, Token) and looks_like_jwt(credential.token):
            return await self._tokens.identify(credential.token, rules.jwt) if rules.jwt.given else None
        known = self.lookups.known(credential)
        if known is not None:
            return known
        asker = (network(attempt.address), credential.scheme)

        def may_ask() -> None:
            if seconds := self._throttle.seconds(asker):
                raise Rejection(429, "Too many wrong credentials", [("Retry-After", str(seconds))])

        may_ask()
        return await self.lookups.identify(credential, asker, may_ask, lambda: self._throttle.failed(asker))


def _refuse_foreign_page(credential: Credential, same_origin: bool | None) -> None:
    """
    Refuse what a browser may have sent on behalf of somebody else's page (cross-site WebSocket hijacking).

    Raises:
        Rejection: 403.
    """
    if credential.scheme not in BY_BROWSERS:
        return
    # A login is something that only browsers have, and browsers always tell of the page.
    if same_origin is False or (same_origin is None and credential.scheme == "session"):
        raise Rejection(403, "This origin may not use its visitors' credentials here")


def _unauthorized(attempt: Attempt, rules: AccessRules, text: str, *, shown_token: bool = False) -> Rejection:
    """401 with the challenges (RFC 9110 15.5.2: there MUST be one), or 403 if there are none for these schemes."""
    realm = _UNQUOTED.sub("_", attempt.endpoint)
    challenges = []
    if BASIC in rules.schemes:
        challenges.append(("WWW-Authenticate", f'Basic realm="{realm}", charset="UTF-8"'))
    if BEARER in rules.schemes:
        error = ', error="invalid_token"' if shown_token else ""
        challenges.append(("WWW-Authenticate", f'Bearer realm="{realm}"{error}'))
    return Rejection(401, text, challenges) if challenges else Rejection(403, text)
