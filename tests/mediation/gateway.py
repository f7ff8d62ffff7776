"""A gateway in this process: an inbound endpoint on a port of its own, a flow that passes frames on, a back-end."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from mediation.listeners.websocket import open_websocket_port
from mediation.options import Options
from mediation.runtime import Runtime
from mediation.transports.websocket import Connection, Limits, Listener
from tests.mediation.support import DictEnvironment, until
from tests.mediation.transports.websocket.support import Echo, Peer, Recorder, Server, dialing, serving

SEND = '<property name="OUT_ONLY" value="true"/><send><endpoint><address uri="{uri}"/></endpoint></send>'
ENDPOINT = """<inboundEndpoint xmlns="http://ws.apache.org/ns/synapse" name="test" protocol="ws" sequence="main">
    <parameters>
    <parameter name="inbound.ws.port">9091</parameter>
    <parameter name="ws.outflow.dispatch.sequence">out</parameter>{parameters}</parameters></inboundEndpoint>"""


@dataclass
class Gateway:
    runtime: Runtime
    environment: DictEnvironment
    listener: Listener
    backend: Server | None

    @property
    def uri(self) -> str:
        return f"ws://127.0.0.1:{self.listener.port}/"

    def client(self, request: bytes | None = None) -> Any:
        """A client of bare bytes; see :func:`dialing`."""
        return dialing(self.listener.port) if request is None else dialing(self.listener.port, request)

    def dial(self) -> Any:
        """A TCP connection that has said nothing yet."""
        return dialing(self.listener.port, None)

    def configure(self, parameters: Mapping[str, object]) -> None:
        given = "".join(f'<parameter name="{name}">{value}</parameter>' for name, value in parameters.items())
        self.environment.deploy(ENDPOINT.format(parameters=given))

    async def idle(self) -> None:
        """Return when every client has gone, and nothing is left to be done for it."""
        await until(lambda: not self.runtime.sessions and not self.listener.connections)


@asynccontextmanager
async def running(
    parameters: Mapping[str, object] | None = None,
    *,
    sender: Mapping[str, str] | None = None,
    backend: Callable[[Connection], Recorder] | str = Echo,
    backend_limits: Limits | None = None,
    options: Options | None = None,
    main: str = SEND,
    out: str = "<respond/>",
) -> AsyncIterator[Gateway]:
    """
    Args:
        parameters: of the inbound endpoint.
        sender: parameters of the transport.
        backend: what it does, or where it is.
        main, out: what the two sequences do; ``{uri}`` is the back-end's address.
    """
    async with AsyncExitStack() as stack:
        server = None
        if not isinstance(backend, str):
            server = await stack.enter_async_context(serving(backend, backend_limits))
            backend = server.uri
        environment = DictEnvironment(
            transports={"ws": sender or {}}, main=main.format(uri=backend), out=out, fault="<drop/>"
        )
        runtime = Runtime(environment, options or Options(host="127.0.0.1"))
        gateway = Gateway(runtime, environment, None, server)  # type: ignore[arg-type]
        gateway.configure(parameters or {})
        gateway.listener = await open_websocket_port("test", 0, runtime)
        try:
            yield gateway
        finally:
            await gateway.listener.close(timeout=1)


async def closed_with(peer: Peer) -> int | None:
    """The code of the Close that comes, after whatever comes before it."""
    while (received := await peer.receive())[0] != 8:
        pass
    return int.from_bytes(received[1][:2], "big") if received[1] else None


def memory() -> int:
    """Bytes of physical memory that this process has, without what it could give back."""
    gc.collect()
    with contextlib.suppress(AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def tasks() -> int:
    return len(asyncio.all_tasks())
