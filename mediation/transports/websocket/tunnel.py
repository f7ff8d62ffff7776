"""TCP connections through an HTTP proxy: a tunnel that the proxy opens for a CONNECT request (RFC 9110 9.3.6)."""

from __future__ import annotations

import asyncio
from ssl import SSLContext
from typing import TYPE_CHECKING, cast

from mediation.errors import ConnectionFailed
from mediation.secret_reference import SecretUnavailable

from . import tcp
from .handshake import Rejection, split_head

if TYPE_CHECKING:
    from .proxies import HttpProxy

MAX_HEAD = 16 * 1024


async def connect(
    uri: str,
    protocol_factory: tcp.ProtocolFactory,
    host: str,
    port: int,
    *,
    proxy: HttpProxy,
    ssl: SSLContext | None,
    timeout: float,
    shutdown_timeout: float,
) -> None:
    """
    Connect to `host` through `proxy`, which looks up its name; see :func:`.tcp.connect`.

    Raises:
        ConnectionFailed: the proxy cannot be reached or does not open the tunnel, or TLS fails behind it.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    try:
        tunnel = _Tunnel(await asyncio.to_thread(proxy.connect_request, host, port))
    except SecretUnavailable as exc:
        raise ConnectionFailed(uri, str(exc)) from exc
    await tcp.connect(
        uri,
        lambda: tunnel,
        proxy.host,
        proxy.port,
        ssl=None,
        timeout=timeout,
        shutdown_timeout=shutdown_timeout,
        fast=ssl is None,
    )
    try:
        async with asyncio.timeout_at(deadline):
            transport = await tunnel.opened
            if ssl is not None:
                transport = cast(
                    asyncio.Transport,
                    await loop.start_tls(
                        transport, tunnel, ssl, server_hostname=host, ssl_shutdown_timeout=shutdown_timeout
                    ),
                )
    except (OSError, TimeoutError, _Refused) as exc:
        tunnel.abort()
        where = f"{host}:{port} through the proxy {proxy.host}:{proxy.port}"
        raise ConnectionFailed(uri, f"{tcp.explain(exc)}: {where}") from exc
    except BaseException:
        tunnel.abort()
        raise
    protocol = protocol_factory()
    transport.set_protocol(protocol)
    protocol.connection_made(transport)


class _Refused(Exception):
    """The proxy does not open the tunnel."""


class _Tunnel(asyncio.Protocol):
    """The connection to the proxy until it has answered. Nothing follows its answer before we have said something."""

    def __init__(self, request: bytes) -> None:
        self.opened: asyncio.Future[asyncio.Transport] = asyncio.get_running_loop().create_future()
        self._request = request
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._transport is None:  # start_tls makes a second one
            self._transport = cast(asyncio.Transport, transport)
            self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        if self.opened.done():
            return
        self._received += data
        try:
            if (split := split_head(self._received, MAX_HEAD)) is None:
                return
        except Rejection:
            self.opened.set_exception(_Refused("The proxy does not speak HTTP"))
            return
        version, _, answer = split[0].partition(b"\r\n")[0].decode("latin-1").partition(" ")
        if version in ("HTTP/1.0", "HTTP/1.1") and answer.startswith("2"):
            self.opened.set_result(self._transport)
        else:
            self.opened.set_exception(_Refused(f"The proxy answered {answer[:80]!a}"))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(_Refused("The proxy closed the connection"))

    def abort(self) -> None:
        # Nobody waits for it any more, nor for its failure.
        if not self.opened.cancel() and not self.opened.cancelled():
            self.opened.exception()
        if self._transport is not None:
            self._transport.abort()
