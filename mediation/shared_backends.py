"""The back-end connections that all HTTP callers share, and the messages that come over them."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Final

from mediation import flow
from mediation.errors import MediationError
from mediation.mediators.sequence import NamedSequence
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.properties import (
    OUTFLOW_FAULT_SEQUENCE,
    OUTFLOW_SEQUENCE,
    PROXY_NAME,
    SUBSCRIBER_PATH,
    mark_frame,
)
from mediation.transports.websocket.callers import caller_parameters
from mediation.transports.websocket.pool import Backend, BackendPool

if TYPE_CHECKING:
    from mediation.control_frames import ControlFrame
    from mediation.runtime import Runtime
    from mediation.transports.websocket import Frame

logger = logging.getLogger(__name__)

UNIVERSAL_SOURCE: Final = "universal.source.identifier"


class SharedBackends:
    """
    One connection for each address and offered sub-protocol, for all HTTP callers together, or for those of a proxy
    service that wants connections of its own.

    A back-end's message that is nobody's reply runs through the outflow sequence, and a ``<respond/>`` there has nobody
    to answer. Lives as long as the process; the server closes it.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.name = UNIVERSAL_SOURCE
        self._pools: dict[str | None, BackendPool] = {}

    def of_service(self, service: str, scheme: str = "ws") -> BackendPool:
        """The connections for callers of this proxy service."""
        own = caller_parameters(service, self._runtime.environment, scheme).connection == "proxy"
        return self._pool(service if own else None)

    @property
    def backends(self) -> BackendPool:
        """The connections that all share."""
        return self._pool(None)

    def _pool(self, service: str | None) -> BackendPool:
        pool = self._pools.get(service)
        if pool is None:
            pool = self._pools[service] = BackendPool(self, exact=True, limits=self._runtime.limits)
        return pool

    def reconcile(self) -> None:
        """Close the connections of proxy services that are no longer there, or share now."""
        for service in [service for service in self._pools if service is not None]:
            deployed = self._runtime.environment.proxy_service(service) is not None
            if not deployed or self.of_service(service) is not self._pools[service]:
                self._pools.pop(service).close(1001, "shutdown")

    def close(self, code: int | None = 1001, reason: str = "shutdown") -> None:
        """Close all connections and start anew: later messages open their own."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.close(code, reason)

    # -- BackendOwner

    passes_control_frames = False

    def backend_control(self, backend: Backend, frame: ControlFrame) -> None:
        """HTTP callers know nothing of pings."""

    def backend_opened(self, backend: Backend) -> None:
        """HTTP callers are not told of connections."""
        logger.info("connected to %s for HTTP callers", backend.uri)

    def backend_received(self, backend: Backend, frame: Frame) -> Awaitable[bool] | None:
        ctx = self._message(Payload(frame, backend.content_type, is_frame=True, guess=True), backend)
        if backend.replies and backend.replies.take(ctx):
            return None
        if backend.content_type is None:
            mark_frame(ctx.properties, frame)
        return _waiting(flow.run_leg(self._outflow(backend).mediate, ctx, self._fault_handler(backend)))

    def backend_lost(self, backend: Backend, code: int, reason: str) -> Awaitable[bool] | None:
        logger.info("connection to %s for HTTP callers ended with %d %s", backend.uri, code, reason)
        if code != 1006:
            return None
        ctx = self._message(None, backend)
        return _waiting(flow.run_leg(_terminated, ctx, self._fault_handler(backend)))

    def _message(self, payload: Payload | None, backend: Backend) -> MessageContext:
        ctx = MessageContext(self._runtime.environment, payload, default={SUBSCRIBER_PATH: backend.uri})
        ctx.from_backend = True
        return ctx

    # -- which sequence (docs/websocket.md, where a back-end's answer goes)

    def _outflow(self, backend: Backend) -> flow.Step:
        environment = self._runtime.environment
        wanted = backend.opening.properties.get(OUTFLOW_SEQUENCE)
        if wanted:
            return NamedSequence(str(wanted), "main")
        configured = self._transport_parameter(backend, OUTFLOW_SEQUENCE)
        if configured and environment.sequence(configured) is not None:
            return NamedSequence(configured, "main")
        proxy = environment.proxy_service(str(backend.opening.properties.get(PROXY_NAME)))
        if proxy is not None and proxy.out_sequence is not None:
            return proxy.out_sequence
        return NamedSequence(None, "main")

    def _fault_handler(self, backend: Backend) -> flow.FaultHandler:
        wanted = backend.opening.properties.get(OUTFLOW_FAULT_SEQUENCE)
        return NamedSequence(
            str(wanted) if wanted else self._transport_parameter(backend, OUTFLOW_FAULT_SEQUENCE), "fault"
        )

    def _transport_parameter(self, backend: Backend, name: str) -> str | None:
        scheme = backend.uri.partition(":")[0].lower()
        return self._runtime.environment.transport_parameters(scheme).get(name)


def _waiting(outcome: flow.Outcome) -> Awaitable[bool] | None:
    return None if isinstance(outcome, bool) else outcome


def _terminated(ctx: MessageContext) -> flow.Outcome:
    raise MediationError("Websocket server terminated", code=1001)
