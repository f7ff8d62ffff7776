"""Ends connections whose credential has ended."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from mediation.errors import AuthenticationUnavailable

if TYPE_CHECKING:
    from mediation.identity import Identity
    from mediation.runtime import Runtime
    from mediation.session import Session

logger = logging.getLogger(__name__)

LEAST_SECONDS: Final = 0.1

CLOSE: Final = (1008, "no longer allowed to be connected")


class Patrol:
    """
    Looks at the clients of a process from time to time.

    A client stays as long as its credential would still be taken, by the rules that its endpoint has now, or as long as
    nobody can say.

    Args:
        seconds: from one look to the next.
    """

    def __init__(self, runtime: Runtime, seconds: float) -> None:
        self._runtime = runtime
        self._seconds = max(seconds, LEAST_SECONDS)

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(self._seconds)
            try:
                await self.look()
            except Exception:
                logger.exception("clients could not be checked again")

    async def look(self) -> None:
        """Look at every client once."""
        sessions = [session for session in self._runtime.sessions if self._rechecked(session)]
        identities = {
            session.identity for session in sessions if session.identity is not None and session.identity.proof
        }
        renewed: dict[Identity, Identity | None] = {}
        if identities:
            try:
                renewed.update(await self._runtime.gate.lookups.renew(identities))
            except AuthenticationUnavailable as exc:
                logger.warning("clients cannot be checked again, and stay: %s", exc)
        for session in sessions:
            now = session.identity
            if now is not None:
                now = renewed.get(now, now)
            self._settle(session, now)

    def _rechecked(self, session: Session) -> bool:
        inbound = self._runtime.environment.inbound_endpoint(session.inbound_name)
        return inbound is not None and not inbound.access.open and inbound.access.recheck

    def _settle(self, session: Session, now: Identity | None) -> None:
        inbound = self._runtime.environment.inbound_endpoint(session.inbound_name)
        if inbound is None or not session.connected:
            return
        if now is None or now.expired() or not inbound.access.permits(now):
            logger.info("%s %s: %s", session.name, session.channel, CLOSE[1])
            session.close(*CLOSE)
        elif now != session.identity:
            session.identified(now)
