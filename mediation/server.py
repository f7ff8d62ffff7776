"""The life cycle of a serving process: what starts, what changes under way, and what stops in which order."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from mediation import stored_messages  # noqa: F401 - registers the durable message stores
from mediation.aggregation import ROOM
from mediation.authentication import Patrol
from mediation.branches import Branches
from mediation.broadcasts import Broadcasts
from mediation.database_thread import DATABASE_THREAD
from mediation.databases.data_source import close_data_sources
from mediation.defaults import default_sequence
from mediation.http_inbound import HttpInboundEndpoint, http_inbound_endpoints
from mediation.inbound_views import InboundHttpView
from mediation.jobs import Jobs
from mediation.json_options import use_switches
from mediation.listeners.certificates import Certificates, https_tls, renewing
from mediation.listeners.http import HttpListener, open_http_port
from mediation.listeners.ports import Listener, Ports, WantedPort
from mediation.listeners.websocket import open_websocket_port
from mediation.local_transport import LOCAL
from mediation.monitoring import endpoints
from mediation.monitoring.endpoints import SwitchReader
from mediation.monitoring.processes import Reporter
from mediation.monitoring.status import Status
from mediation.monitoring.watcher import Source, Watcher
from mediation.options import Options
from mediation.runtime import Runtime
from mediation.scripting.engine import ENGINE
from mediation.stores.queues import QUEUES
from mediation.transformation.processor import PROCESSOR
from mediation.transports.addresses import ADDRESSES
from mediation.transports.hops import HOPS
from mediation.transports.http import HTTP
from mediation.transports.websocket import sender  # noqa: F401 - registers ws and wss
from mediation.views import proxy_services

if TYPE_CHECKING:
    from mediation.broadcasts import ChannelLayer
    from mediation.environment import Authenticator, Environment
    from mediation.inbound_endpoint import InboundEndpoint
    from mediation.inbound_tls import InboundTls
    from mediation.mediators.sequence import SequenceMediator

logger = logging.getLogger(__name__)

_WATCHER_SECONDS = 2.0  # that a database has to let the watcher go when the process stops
_LAST_WORDS_SECONDS = 1.0

PROXY_SERVICES = ""
"""The artifact of their ports, which is no inbound endpoint."""


class Server:
    """
    The engine of one process: its configuration, its ports, its clients.

    Lives on one event loop, on which all methods are called but :meth:`reload`. Make it early (nothing happens yet),
    :meth:`start` it when the loop runs, :meth:`drain` it before the loop ends.

    Args:
        authenticator: knows users; without one nobody but bearers of JWTs gets past an endpoint that asks.
        layer: takes broadcasts to the clients of other processes; without one they stay in this process.
    """

    def __init__(
        self,
        options: Options | None = None,
        authenticator: Authenticator | None = None,
        layer: ChannelLayer | None = None,
    ) -> None:
        self.options = options or Options.from_settings()
        self.runtime = Runtime(_NothingDeployed(), self.options, authenticator)
        self._layer = layer
        self._patrol: asyncio.Task[None] | None = None
        self._started = timezone.now()
        self._ports = Ports(changed=self.reload)
        self._certificates = Certificates(Path(self.options.store_dir))
        self._jobs = Jobs(self.runtime)
        self._switches = SwitchReader()
        self._watcher: Watcher | None = None

    async def start(self, source: Source) -> None:
        """
        Follow a configuration: load it, open its ports, and from now on take over its changes.

        Returns when that was tried once. A source that fails now is tried until it works.
        """
        Branches.limit = self.options.max_branches
        HOPS.limit = self.options.max_hops
        ADDRESSES.allow(self.options.allowed_addresses)
        use_switches(self.options.json_switches)
        ROOM.limit, ROOM.patience = self.options.max_grouped_messages, self.options.group_seconds
        proxy_services.bind(self.runtime)
        LOCAL.bind(self.runtime)
        if self._layer is not None:
            self.runtime.broadcasts = Broadcasts(self._layer, self.runtime.subscribers)
            self.runtime.broadcasts.start()
        loop = asyncio.get_running_loop()
        looked = asyncio.Event()
        reporter = Reporter()
        self._watcher = Watcher(
            source,
            poll_seconds=self.options.poll_seconds,
            apply=lambda environment: asyncio.run_coroutine_threadsafe(self.apply(environment), loop).result(),
            report=lambda: self._report(reporter, loop),
            looked=lambda: loop.call_soon_threadsafe(looked.set),
            withdraw=reporter.withdraw,
        )
        self._watcher.start()
        self._patrol = loop.create_task(Patrol(self.runtime, self.options.auth_trust_seconds).run())
        await looked.wait()

    def _report(self, reporter: Reporter, loop: asyncio.AbstractEventLoop) -> None:
        """Runs in the watcher's thread."""
        self._follow_certificates()
        wishes = self._switches.read()
        if wishes:
            loop.call_soon_threadsafe(wishes.fulfil, self.runtime.environment)
        reporter.report(self.status())
        if self._watcher and reporter.take_reset():
            logger.info("run-time state reset")
            # What is compiled anew knows of no suspension, and has nothing cached.
            self._watcher.start_over()
            loop.call_soon_threadsafe(QUEUES.clear_memory)
            loop.call_soon_threadsafe(ROOM.clear, "run-time state reset")
            asyncio.run_coroutine_threadsafe(self._close_backends(), loop)

    async def _close_backends(self) -> None:
        """Messages that come later open connections of their own."""
        self.runtime.shared_backends.close()
        await HTTP.aclose()
        await ENGINE.aclose()
        await PROCESSOR.aclose()
        close_data_sources()

    def reload(self) -> None:
        """Look for a new configuration now, not at the next poll. May be called from any thread."""
        if self._watcher:
            self._watcher.wake()

    async def apply(self, environment: Environment) -> None:
        """
        Put a configuration into force.

        Messages that begin from now on see it; those under way finish on theirs. Returns when each port was tried.
        """
        self.runtime.environment = environment
        logger.info("configuration %d in force", environment.generation)
        self.runtime.shared_backends.reconcile()
        await self._ports.reconcile(self._wanted_ports(environment))
        self._jobs.reconcile(environment)
        await asyncio.to_thread(self._follow_certificates)

    def _follow_certificates(self) -> None:
        """Reads files."""
        inbound = self.runtime.environment.inbound_endpoints()
        secure = {name: each.tls for name, each in inbound.items() if each.protocol == "wss" and not each.suspended}
        http = http_inbound_endpoints(self.runtime.environment)
        secure |= {name: each.tls for name, each in http.items() if each.protocol == "https" and not each.suspended}
        self._certificates.follow(secure | {PROXY_SERVICES: https_tls(self.options)})

    def status(self) -> Status:
        """What this process does now. May be called from any thread."""
        return Status(
            host=socket.gethostname(),
            pid=os.getpid(),
            started=self._started,
            generation=self.runtime.environment.generation,
            draining=self.runtime.draining,
            ports=self._ports.states(),
            endpoints=endpoints.states(self.runtime.environment),
        )

    async def drain(self, limit: float | None = None) -> None:
        """
        Stop within ``limit`` seconds (``drain_seconds`` of the options).

        Ports are free at once. Clients get their Close (1001 unless their endpoint says another), requests in flight
        are answered, and what their messages set off is finished; then the back-end connections are closed.
        """
        limit = self.options.drain_seconds if limit is None else limit
        self.runtime.draining = True
        self.reload()
        self._ports.close_accepting()
        for session in list(self.runtime.sessions):
            inbound = self.runtime.environment.inbound_endpoint(session.inbound_name)
            session.close(*_goodbye(inbound))
        try:
            # What is cancelled at the limit still answers.
            async with asyncio.timeout(limit + _LAST_WORDS_SECONDS):
                await asyncio.gather(
                    self._ports.close(limit),
                    self._sessions_finished(),
                    proxy_services.exchanges.drain(limit),
                    self._jobs.close(limit),
                )
        except TimeoutError:
            left = len(self.runtime.sessions), len(proxy_services.exchanges)
            logger.warning("stopping with messages of %d clients and %d requests unfinished", *left)
        ROOM.clear("stopping")
        await self._close_backends()
        if self._patrol:
            self._patrol.cancel()
        if self.runtime.broadcasts is not None:
            await self.runtime.broadcasts.aclose()
        self.runtime.gate.close()
        await asyncio.to_thread(DATABASE_THREAD.close)
        if self._watcher:
            # In a thread, because the watcher may be waiting for this loop.
            await asyncio.to_thread(self._watcher.stop, _WATCHER_SECONDS)

    async def _sessions_finished(self) -> None:
        """Each client's last messages, the one that tells of its end included."""
        while self.runtime.sessions:
            await asyncio.gather(*(session.finished() for session in list(self.runtime.sessions)))
            await asyncio.sleep(0.01)  # a client that has not answered its Close yet

    def _wanted_ports(self, environment: Environment) -> Iterator[WantedPort]:
        options = self.options
        if options.http_port:
            port = options.http_port + options.port_offset
            yield WantedPort(PROXY_SERVICES, "http", port, open=partial(open_http_port, port, options))
        if options.https_port and options.https_certificate:
            port = options.https_port + options.port_offset
            trouble = partial(self._certificates.trouble, PROXY_SERVICES)
            yield WantedPort(PROXY_SERVICES, "https", port, open=partial(self._open_https_port, port), trouble=trouble)
        for name, inbound in environment.inbound_endpoints().items():
            if not inbound.suspended:
                yield self._wanted_port(name, inbound)
        for name, endpoint in http_inbound_endpoints(environment).items():
            if not endpoint.suspended:
                yield self._wanted_http_port(name, endpoint)

    def _wanted_port(self, name: str, inbound: InboundEndpoint) -> WantedPort:
        port = inbound.port_with_offset(self.options.port_offset)
        code, reason = _goodbye(inbound)
        open_port: Callable[[], Awaitable[Listener]] = partial(open_websocket_port, name, port, self.runtime)
        security: tuple[tuple[str, str], ...] = ()
        if inbound.protocol == "wss":
            open_port = partial(self._open_secure_port, name, port, inbound.tls)
            security = inbound.tls.terms
        return WantedPort(
            name,
            inbound.protocol,
            port,
            security,
            open=open_port,
            trouble=partial(self._certificates.trouble, name),
            close_code=code,
            close_reason=reason,
        )

    def _wanted_http_port(self, name: str, inbound: HttpInboundEndpoint) -> WantedPort:
        return WantedPort(
            name,
            inbound.protocol,
            inbound.port,
            inbound.tls.terms if inbound.protocol == "https" else (),
            open=partial(self._open_inbound_http_port, name, inbound),
            trouble=partial(self._certificates.trouble, name),
        )

    async def _open_inbound_http_port(self, name: str, inbound: HttpInboundEndpoint) -> HttpListener:
        view = InboundHttpView(name, self.runtime, proxy_services.exchanges)
        tls = None
        if inbound.protocol == "https":
            tls = renewing(await asyncio.to_thread(self._certificates.open, name, inbound.tls))
        return await open_http_port(inbound.port, self.options, tls, view)

    async def _open_https_port(self, port: int) -> HttpListener:
        context = await asyncio.to_thread(self._certificates.open, PROXY_SERVICES, https_tls(self.options))
        return await open_http_port(port, self.options, renewing(context))

    async def _open_secure_port(self, name: str, port: int, tls: InboundTls) -> Listener:
        context = await asyncio.to_thread(self._certificates.open, name, tls)
        return await open_websocket_port(name, port, self.runtime, context)


def _goodbye(inbound: InboundEndpoint | None) -> tuple[int, str]:
    """The Close for the clients of an endpoint that goes away."""
    return (inbound.shutdown_code, inbound.shutdown_reason) if inbound else (1001, "shutdown")


class _NothingDeployed:
    """The configuration before the first one is loaded: the built-in sequences and nothing else."""

    generation = 0

    def sequence(self, name: str) -> SequenceMediator | None:
        return default_sequence(name)

    def endpoint(self, name: str) -> None:
        return None

    def local_entry(self, key: str) -> None:
        return None

    def proxy_service(self, name: str) -> None:
        return None

    def inbound_endpoint(self, name: str) -> None:
        return None

    def inbound_endpoints(self) -> Mapping[str, InboundEndpoint]:
        return MappingProxyType({})

    def deployed(self, kind: str) -> Mapping[str, Any]:
        return {}

    def transport_parameters(self, scheme: str) -> Mapping[str, str]:
        return MappingProxyType({})
