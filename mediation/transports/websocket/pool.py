"""The back-end connections that one client's messages use."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mediation.errors import ConnectionFailed, InvalidHandshakeResponse
from mediation.transports.backend_tls import context_for

from .backend import Backend, BackendOwner
from .client import connect
from .limits import Limits
from .proxies import proxy_for

if TYPE_CHECKING:
    from .opening import Offer, Opening
    from .parameters import SenderParameters

__all__ = ["Backend", "BackendOwner", "BackendPool", "Retry"]

logger = logging.getLogger(__name__)


def _nobody(persisting: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class Retry:
    """
    How a back-end that cannot be reached is tried again.

    Attributes:
        attempts: how often.
        delay: seconds before the first of them, doubled for each one more.
        max_delay: seconds at most.
    """

    attempts: int = 0
    delay: float = 0.5
    max_delay: float = 30.0


class BackendPool:
    """
    Connections by address, opened when the first message needs them.

    Used on the event loop only. Whoever owns the pool closes it.

    Args:
        exact: whether a message that offers no sub-protocol must not use a connection that was opened with one.
            Messages of one WebSocket client share the connection that its handshake message opened; HTTP callers have
            nothing in common.
        limits: of the connections.

    Attributes:
        retry: for connections that are opened from now on.
        idle_timeout: seconds, of those connections; ``None`` leaves it to the transport sender.
        persisting: told when there begins to be a back-end that is tried again if it cannot be reached, and when there
            is none any more.
    """

    def __init__(self, owner: BackendOwner, *, exact: bool, limits: Limits | None = None) -> None:
        self._owner = owner
        self._limits = limits or Limits()
        self._exact = exact
        self._backends: dict[str, dict[tuple[str, ...], Backend]] = {}
        self._opening: dict[tuple[str, Offer], asyncio.Task[Backend]] = {}
        self._seen: set[str] = set()
        self._gave_up = asyncio.Event()
        self._closed = False
        self.retry = Retry()
        self.idle_timeout: float | None = None
        self.persisting: Callable[[bool], None] = _nobody
        self._persisting = 0

    def __iter__(self) -> Iterator[Backend]:
        return iter([backend for by_offer in self._backends.values() for backend in by_offer.values()])

    def get(self, uri: str, offer: Offer) -> Backend | None:
        """The open connection that such a message uses."""
        by_offer = self._backends.get(uri)
        if by_offer is None:
            return None
        backend = by_offer.get(offer.subprotocols)
        if backend is None and not self._exact:
            backend = next((each for each in by_offer.values() if each.serves(offer)), None)
        return backend if backend is not None and backend.usable else None

    async def open(self, uri: str, opening: Opening) -> Backend:
        """
        The connection for such a message, opened if need be. Messages that ask at the same time get the same one.

        Raises:
            ConnectionFailed: the back-end cannot be reached, or refuses.
        """
        existing = self.get(uri, opening.offer)
        if existing is not None:
            return existing
        key = (uri, opening.offer)
        task = self._opening.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._open(uri, opening))
            self._opening[key] = task
            task.add_done_callback(lambda done: self._opened(key, done))
        # One caller that gives up does not take the connection from the others.
        done, _ = await asyncio.wait([task])
        if task.cancelled():
            raise ConnectionFailed(uri, "the connection is not needed any more")
        return done.pop().result()

    async def _open(self, uri: str, opening: Opening) -> Backend:
        backend = Backend(self, self._owner, uri, opening, again=uri in self._seen)
        await self._connect(backend)
        self._seen.add(uri)
        if self._closed:
            backend.close(1001)
        elif backend.usable:
            self._backends.setdefault(uri, {})[opening.offer.subprotocols] = backend
        return backend

    async def _connect(self, backend: Backend) -> None:
        """Connect, trying again as :attr:`retry` says."""
        if not self.retry.attempts:
            await self._try_to_connect(backend)
            return
        self._persisting += 1
        self.persisting(True)
        try:
            await self._persist(backend, self.retry)
        finally:
            self._persisting -= 1
            self.persisting(self._persisting > 0)

    async def _persist(self, backend: Backend, retry: Retry) -> None:
        attempts, pause = retry.attempts, retry.delay
        while True:
            try:
                await self._try_to_connect(backend)
                return
            except ConnectionFailed as exc:
                refused = isinstance(exc, InvalidHandshakeResponse) and exc.status < 500
                if not attempts or refused or self._gave_up.is_set():
                    raise
                logger.info("%s; trying again in %.3g s", exc, pause)
                attempts -= 1
                try:
                    # Clients who lost the same back-end do not come back at the same moment.
                    async with asyncio.timeout(pause * random.uniform(0.5, 1)):
                        await self._gave_up.wait()
                    raise
                except TimeoutError:
                    pause = min(2 * pause, retry.max_delay)

    async def _try_to_connect(self, backend: Backend) -> None:
        opening, parameters = backend.opening, backend.opening.parameters
        await connect(
            backend.uri,
            backend.connected,
            subprotocols=opening.offer.subprotocols,
            subprotocol_required=opening.offer.required,
            headers=opening.headers,
            ssl=await context_for(backend.uri, parameters.tls),
            limits=self._limits_of(parameters),
            proxy=proxy_for(urlsplit(backend.uri).hostname or "", parameters.proxy_profiles)
            if parameters.proxy_profiles
            else None,
            connect_timeout=parameters.connect_timeout,
            handshake_timeout=parameters.handshake_timeout,
        )

    def _limits_of(self, parameters: SenderParameters) -> Limits:
        limits = parameters.limits.applied(self._limits)
        return limits if self.idle_timeout is None else replace(limits, idle_timeout=self.idle_timeout)

    def _opened(self, key: tuple[str, Offer], task: asyncio.Task[Backend]) -> None:
        self._opening.pop(key, None)
        if not task.cancelled():
            task.exception()  # every caller may have gone; then nobody else looks at it

    def forget(self, backend: Backend) -> None:
        """The connection has ended."""
        by_offer = self._backends.get(backend.uri)
        offered = backend.opening.offer.subprotocols
        if by_offer is not None and by_offer.get(offered) is backend:
            del by_offer[offered]
            if not by_offer:
                del self._backends[backend.uri]

    def give_up(self) -> None:
        """Nobody needs the connections that are being tried again: the next failure is final."""
        self._gave_up.set()

    def close(self, code: int | None = 1000, reason: str = "") -> None:
        """Close every connection, those that are being opened too. The pool is of no use afterwards."""
        self._closed = True
        for task in list(self._opening.values()):
            task.cancel()
        for backend in self:
            backend.close(code, reason)
        self._backends.clear()
