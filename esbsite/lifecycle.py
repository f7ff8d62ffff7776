"""
When the engine starts and stops, under the servers that can run the site.

Daphne knows no lifespan, cuts requests in flight when it is told to stop, and says nothing to its WebSocket clients. So
under it the engine follows the reactor, and the drain of the main port is here too.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable

from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.server import Server as DaphneServer
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet import reactor, tcp
from twisted.internet.defer import Deferred

logger = logging.getLogger(__name__)

Action = Callable[[], Awaitable[None]]


class Lifespan:
    """The ASGI lifespan application: starts and drains the engine with a server that tells of its own start and end."""

    def __init__(self, start: Action, drain: Action) -> None:
        self._start = start
        self._drain = drain

    async def __call__(self, scope, receive, send) -> None:
        while True:
            event = (await receive())["type"]
            await (self._start if event == "lifespan.startup" else self._drain)()
            await send({"type": f"{event}.complete"})
            if event == "lifespan.shutdown":
                return


def follow_reactor(start: Action, drain: Action, limit: float) -> None:
    """
    Start the engine when Twisted's reactor runs, which it does in a process that daphne serves and in no other.

    When the reactor is told to stop, it first waits for the drain, at most ``limit`` seconds and a moment.
    """
    reactor.callWhenRunning(lambda: _Follower(start, drain, limit).begin())


class _Follower:
    def __init__(self, start: Action, drain: Action, limit: float) -> None:
        self._start = start
        self._drain_engine = drain
        self._limit = limit
        # No loop is "running" yet in the sense of asyncio, but this is the one that the reactor turns.
        self._loop: asyncio.AbstractEventLoop = reactor._asyncioEventloop

    def begin(self) -> None:
        for server in _main_servers():
            # Daphne would cancel the requests in flight at the same moment as we begin to wait for them.
            reactor.removeSystemEventTrigger(("shutdown", ("before", server.kill_all_applications, (), {})))
        reactor.addSystemEventTrigger("before", "shutdown", self._stop)
        self._task = self._loop.create_task(self._start())
        self._task.add_done_callback(_report)

    def _stop(self) -> Deferred:
        _next_signal_exits()
        return Deferred.fromFuture(self._loop.create_task(self._drain()))

    async def _drain(self) -> None:
        """First the ports, then what is in flight, then what is left."""
        logger.info("stopping: requests in flight have %g s", self._limit)
        servers = _main_servers()
        for port in _main_ports():
            port.stopListening()
        for server in servers:
            _close_websockets(server)
        requests = [_finished(server, self._limit) for server in servers]
        outcomes = await asyncio.gather(self._drain_engine(), *requests, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                logger.error("while stopping", exc_info=outcome)
        await _cancel(servers)
        logger.info("stopped")


def _main_ports() -> list[tcp.Port]:
    ports = (reader for reader in reactor.getReaders() if isinstance(reader, tcp.Port))
    return [port for port in ports if isinstance(port.factory, HTTPFactory)]


def _main_servers() -> list[DaphneServer]:
    # The command line keeps its server to itself; its listening sockets are known to the reactor.
    return list({id(port.factory.server): port.factory.server for port in _main_ports()}.values())


def _applications(server: DaphneServer, kind: type) -> list[asyncio.Task]:
    """Applications that still run. Entries of finished requests have none."""
    running = []
    for protocol, details in list(server.connections.items()):
        task = details.get("application_instance")
        if isinstance(protocol, kind) and task is not None and not task.done():
            running.append(task)
    return running


async def _finished(server: DaphneServer, limit: float) -> None:
    """Wait for the requests in flight, and for their answers to be on the wire."""
    tasks = _applications(server, WebRequest)
    if not tasks:
        return
    await asyncio.wait(tasks, timeout=limit)
    try:
        async with asyncio.timeout(1):
            while reactor.getWriters():  # noqa: ASYNC110 - Twisted has no event for it
                await asyncio.sleep(0.01)
    except TimeoutError:
        pass


def _close_websockets(server: DaphneServer) -> None:
    """Close 1001 for every client; through ``sendClose`` autobahn has no codes but 1000 and those of applications."""
    for protocol in list(server.connections):
        if isinstance(protocol, WebSocketProtocol) and protocol.state == protocol.STATE_OPEN:
            protocol.sendCloseFrame(code=1001, reasonUtf8=b"shutdown", isReply=False)


async def _cancel(servers: Iterable[DaphneServer]) -> None:
    left = [task for server in servers for task in _applications(server, object)]
    if not left:
        return
    logger.warning("stopping: %d requests did not finish", len(left))
    for task in left:
        task.cancel()
    await asyncio.wait(left, timeout=1)
    # A thread cannot be cancelled, and Python would wait for it before it exits.
    reactor.addSystemEventTrigger("after", "shutdown", _exit, 0)


def _next_signal_exits() -> None:
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda received, frame: _exit(128 + received))


def _exit(code: int) -> None:
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)


def _report(task: asyncio.Task) -> None:
    if not task.cancelled() and task.exception() is not None:
        logger.critical("the engine did not start", exc_info=task.exception())
