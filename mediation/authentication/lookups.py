"""Questions to the authenticator."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Collection, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from mediation.errors import AuthenticationUnavailable
from mediation.identity import Credential, Identity, Password

if TYPE_CHECKING:
    from mediation.environment import Authenticator

_T = TypeVar("_T")

MOST_KNOWN: Final = 10_000
MOST_WAITING: Final = 1000
"""Questions that may wait for a thread; more are not asked."""

PASSWORD_THREADS: Final = 2
"""Hashing a password takes a processor for a third of a second."""
OTHER_THREADS: Final = 2


class Lookups:
    """
    Asks the authenticator in threads: one thread for a password must not make a token wait.

    A credential that was right is known for ``trust_seconds``, under a keyed hash of it. Several clients that show the
    same one at the same time are one question.

    Used on the event loop only. Whoever made it closes it.
    """

    def __init__(
        self,
        authenticator: Authenticator | None,
        trust_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._authenticator = authenticator
        self._trust_seconds = trust_seconds
        self._clock = clock
        self._key = os.urandom(32)
        self._known: OrderedDict[bytes, tuple[Identity, float]] = OrderedDict()
        self._asking: dict[tuple[bytes, Hashable], asyncio.Task[Identity | None]] = {}
        self._passwords = _Threads("password", PASSWORD_THREADS)
        self._others = _Threads("authentication", OTHER_THREADS)

    def known(self, credential: Credential) -> Identity | None:
        """Who this is, if it was asked a short while ago."""
        digest = self._digest(credential)
        found = self._known.get(digest)
        if found is None:
            return None
        identity, until = found
        if self._clock() < until and not identity.expired():
            return identity
        del self._known[digest]
        return None

    async def identify(
        self, credential: Credential, asker: Hashable, may_ask: Callable[[], None], failed: Callable[[], None]
    ) -> Identity | None:
        """
        Who this is; ``None`` if the credential is wrong.

        Args:
            asker: questions of others are not theirs to wait for.
            may_ask: called when a thread is free; raises if the question is no longer to be asked.
            failed: called once for an answer of ``None``, before the next question.

        Raises:
            AuthenticationUnavailable: nobody can say.
        """
        question = (self._digest(credential), asker)
        task = self._asking.get(question)
        if task is None:
            asking = self._ask(credential, may_ask, failed)
            task = self._asking[question] = asyncio.get_running_loop().create_task(asking)
            task.add_done_callback(lambda done: self._answered(question, done))
        # One client that goes away does not take the answer from the others.
        return await asyncio.shield(task)

    async def renew(self, identities: Collection[Identity]) -> Mapping[Identity, Identity | None]:
        """
        See :meth:`mediation.environment.Authenticator.renew`.

        Raises:
            AuthenticationUnavailable: nobody can say.
        """
        authenticator = self._require()
        async with self._others.turn():
            return await self._others.run(lambda: authenticator.renew(identities))

    def close(self) -> None:
        for threads in (self._passwords, self._others):
            threads.close()

    def _require(self) -> Authenticator:
        if self._authenticator is None:
            raise AuthenticationUnavailable("nobody here knows any users")
        return self._authenticator

    async def _ask(
        self, credential: Credential, may_ask: Callable[[], None], failed: Callable[[], None]
    ) -> Identity | None:
        authenticator = self._require()
        threads = self._passwords if isinstance(credential, Password) else self._others
        async with threads.turn():
            identity = self.known(credential)
            if identity is None:
                may_ask()
                since = self._clock()
                identity = await threads.run(lambda: authenticator.identify(credential))
                if identity is None:
                    failed()
                else:
                    self._remember(credential, identity, since + self._trust_seconds)
        return identity

    def _remember(self, credential: Credential, identity: Identity, until: float) -> None:
        digest = self._digest(credential)
        self._known[digest] = (identity, until)
        self._known.move_to_end(digest)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    def _answered(self, question: tuple[bytes, Hashable], done: asyncio.Task[Identity | None]) -> None:
        del self._asking[question]
        if not done.cancelled():
            done.exception()  # those who wait have it; if they have all gone, nobody needs it

    def _digest(self, credential: Credential) -> bytes:
        """Memory does not hold what would be of use to somebody who reads it."""
        hashed = hashlib.blake2b(key=self._key, digest_size=32)
        for part in (credential.scheme, *credential.parts()):
            data = part.encode(errors="surrogatepass")
            hashed.update(len(data).to_bytes(4, "big") + data)
        return hashed.digest()


class _Threads:
    """A few threads, and a queue of bounded length before them."""

    def __init__(self, name: str, number: int) -> None:
        self._executor = ThreadPoolExecutor(number, thread_name_prefix=name)
        self._free = asyncio.Semaphore(number)
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """
        Hold one of the threads, as soon as one is free.

        Raises:
            AuthenticationUnavailable: too many wait for one already.
        """
        if self._waiting >= MOST_WAITING:
            raise AuthenticationUnavailable("too many handshakes wait to be checked")
        self._waiting += 1
        try:
            async with self._free:
                yield
        finally:
            self._waiting -= 1

    async def run(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)
