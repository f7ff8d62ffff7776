"""Which ports should be open, and which are."""

from __future__ import annotations

import asyncio
import errno
import logging
import ssl
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from mediation.errors import KeyStoreError
from mediation.monitoring.status import PortState

from .holder import port_holder

logger = logging.getLogger(__name__)

FIRST_RETRY, LAST_RETRY = 1.0, 30.0  # seconds


class Listener(Protocol):
    """An open port."""

    @property
    def connections(self) -> Collection[Any]: ...

    def close_accepting(self) -> None:
        """Free the port at once; connections live on."""

    async def close(self, code: int, reason: str, timeout: float) -> None:
        """End all connections, WebSockets with this Close. Returns within ``timeout`` seconds, and a moment."""


@dataclass(frozen=True, slots=True)
class WantedPort:
    """
    A port that the configuration asks for.

    Two are equal when one listener can serve both: what else their artifact says may differ, and closes no connection.
    """

    artifact: str
    """The inbound endpoint's name; empty for the ports of proxy services."""
    protocol: str
    port: int
    security: tuple[tuple[str, str], ...] = ()
    """What TLS demands of clients. Our own certificate is no part of it: it changes while the port is open."""
    open: Callable[[], Awaitable[Listener]] = field(compare=False, kw_only=True)
    trouble: Callable[[], str] = field(compare=False, default=lambda: "", kw_only=True)
    """What is wrong with it although it is open; empty for nothing."""
    close_code: int = field(compare=False, default=1001, kw_only=True)
    close_reason: str = field(compare=False, default="shutdown", kw_only=True)

    def __str__(self) -> str:
        what = f"inbound endpoint {self.artifact}" if self.artifact else "proxy services"
        return f"{what}, {self.protocol} port {self.port}"


class _Port:
    """A wanted port and what became of it."""

    def __init__(self, wanted: WantedPort) -> None:
        self.wanted = wanted
        self.listener: Listener | None = None
        self.reason = ""
        self.retry: asyncio.Task[None] | None = None

    def state(self) -> PortState:
        connections = len(self.listener.connections) if self.listener else 0
        wanted = self.wanted
        trouble = wanted.trouble() if self.listener else ""
        return PortState(wanted.artifact, wanted.protocol, wanted.port, self.reason, connections, trouble)


class Ports:
    """
    Opens what is wanted, closes what no longer is, and leaves the rest alone.

    A port that cannot be opened is faulty, with its reason, and is tried again with growing pauses and at each
    :meth:`reconcile`; it does not disturb the others. Lives on one event loop.

    Args:
        changed: called when a port opened or became faulty outside of :meth:`reconcile`.
        close_seconds: what clients of a port that goes away have to answer the Close.
    """

    def __init__(self, changed: Callable[[], None] = lambda: None, close_seconds: float = 5.0) -> None:
        self._changed = changed
        self._close_seconds = close_seconds
        self._ports: dict[WantedPort, _Port] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._lock = asyncio.Lock()
        self._closed = False

    def states(self) -> tuple[PortState, ...]:
        return tuple(port.state() for port in list(self._ports.values()))

    async def reconcile(self, wanted: Iterable[WantedPort]) -> None:
        """Make the open ports those that are ``wanted``; returns when each was tried once."""
        async with self._lock:
            if self._closed:
                return
            keep = {port: port for port in wanted}
            for gone in [port for port in self._ports if port not in keep]:
                self._forget(self._ports.pop(gone))
            for port in keep:
                entry = self._ports.setdefault(port, _Port(port))
                entry.wanted = port  # equal, but perhaps with another Close to say
                if entry.listener is None:
                    await self._open(entry)

    def close_accepting(self) -> None:
        """Free all ports at once and open none any more; connections live on."""
        self._closed = True
        for port in self._ports.values():
            if port.retry:
                port.retry.cancel()
            if port.listener:
                port.listener.close_accepting()

    async def close(self, timeout: float) -> None:
        """Close all, each with the Close of its artifact."""
        self.close_accepting()
        async with self._lock:
            for entry in self._ports.values():
                self._forget(entry, timeout)
            self._ports.clear()
        if self._closing:
            await asyncio.wait(self._closing)

    def _forget(self, port: _Port, timeout: float | None = None) -> None:
        if port.retry:
            port.retry.cancel()
        if port.listener is None:
            return
        # The port is free for its next owner now; saying good-bye to the clients may take a while.
        port.listener.close_accepting()
        wanted = port.wanted
        seconds = self._close_seconds if timeout is None else timeout
        goodbye = port.listener.close(wanted.close_code, wanted.close_reason, seconds)
        task = asyncio.ensure_future(goodbye)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        logger.info("%s closed", wanted)

    async def _open(self, port: _Port) -> None:
        """Try to open; on failure see to it that it is tried again."""
        wanted = port.wanted
        try:
            port.listener = await wanted.open()
        except (OSError, OverflowError, ssl.SSLError, ValueError, KeyStoreError) as exc:
            reason = await _reason(wanted, exc)
            if reason != port.reason:
                logger.error("%s cannot be opened: %s", wanted, reason)
            port.reason = reason
            if port.retry is None:
                port.retry = asyncio.ensure_future(self._retry(port))
        else:
            port.reason = ""
            logger.info("%s open", wanted)

    async def _retry(self, port: _Port) -> None:
        pause = FIRST_RETRY
        while port.listener is None:
            await asyncio.sleep(pause)
            pause = min(2 * pause, LAST_RETRY)
            async with self._lock:
                if port.listener is None and not self._closed:
                    await self._open(port)
        port.retry = None
        self._changed()


async def _reason(wanted: WantedPort, exc: Exception) -> str:
    if isinstance(exc, OverflowError):  # asyncio passes on what the socket says to a number that is no port
        return f"port {wanted.port} does not exist: ports end at 65535, and the port offset counts"
    number = getattr(exc, "errno", None)
    if number == errno.EADDRINUSE:
        holder = await asyncio.to_thread(port_holder, wanted.port)
        return f"port {wanted.port} is in use by {holder or 'another process'}"
    if number == errno.EACCES:
        return f"port {wanted.port} needs a privileged user; ports from 1024 on do not"
    return str(exc) or type(exc).__name__
