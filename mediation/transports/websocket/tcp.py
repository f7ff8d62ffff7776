"""
TCP and TLS connections: opening ports, accepting, connecting.

When file descriptors become few, new clients are refused, so that there are some left for what has to go on: files,
back-ends, the admin. Plain transports are aiofastnet's, for which picows is made. Its server is not used, because it
spins when file descriptors run out, nor its TLS, which logs a broken traceback for every client that does not speak
TLS.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import math
import resource
import socket
import struct
import sys
from collections.abc import Callable
from ssl import SSLCertVerificationError, SSLContext, SSLError
from typing import cast

import aiofastnet

from mediation.errors import ConnectionFailed
from mediation.transports.addresses import refuse_link_local

logger = logging.getLogger(__name__)

ProtocolFactory = Callable[[], asyncio.Protocol]

ServerTls = SSLContext | Callable[[], SSLContext]
"""The context of a port's connections, or what gives it to each new one."""

_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_RETRY = 1.0
"""Seconds before accepting again after file descriptors or memory have run out."""
_ACCEPTS_PER_TURN = 64
"""Connections accepted before others get their turn."""
_RESERVE = 512
"""File descriptors that are not for accepted connections; a tenth of all, where that is less."""


class Port:
    """
    A port on which TCP connections are accepted; each gets a protocol.

    Args:
        handshake_timeout: seconds for the TLS handshake.
        shutdown_timeout: seconds for the end of TLS, before the TCP connection is closed anyway.
        refusal: what a client is told when file descriptors are few; with TLS it is told nothing.
    """

    def __init__(
        self,
        protocol_factory: ProtocolFactory,
        ssl: ServerTls | None,
        handshake_timeout: float,
        shutdown_timeout: float,
        refusal: bytes = b"",
    ) -> None:
        self.number = 0
        self._refusal = refusal
        self._may_warn_at = 0.0
        self._protocol_factory = protocol_factory
        self._ssl = ssl
        self._handshake_timeout = handshake_timeout
        self._shutdown_timeout = shutdown_timeout
        self._loop = asyncio.get_running_loop()
        self._sockets: list[socket.socket] = []
        self._accepting: set[asyncio.Task[object]] = set()

    async def open(self, host: str | None, port: int, *, backlog: int, reuse_port: bool) -> None:
        """
        Args:
            host: ``None`` for all interfaces; a name is bound on all its addresses.

        Raises:
            OSError: an address cannot be bound; none is, then.
        """
        found = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        try:
            for family, _, _, _, address in dict.fromkeys(found):
                self._bind(family, (address[0], self.number or port, *address[2:]), backlog, reuse_port)
            if not self._sockets:
                raise OSError(errno.EADDRNOTAVAIL, f"{host} is not an address of this machine")
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Free the port now. What has been accepted lives on."""
        sockets, self._sockets = self._sockets, []
        for listening in sockets:
            self._loop.remove_reader(listening)
            listening.close()

    def _bind(self, family: int, address: tuple[object, ...], backlog: int, reuse_port: bool) -> None:
        try:
            listening = socket.socket(family, socket.SOCK_STREAM)
        except OSError:
            return  # a family that this machine does not have, such as IPv6 in a container
        self._sockets.append(listening)
        listening.setblocking(False)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            listening.bind(address)
        except OSError as exc:
            if exc.errno == errno.EADDRNOTAVAIL:
                self._sockets.pop().close()
                return
            raise
        listening.listen(backlog)
        self.number = listening.getsockname()[1]
        self._loop.add_reader(listening, self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_ACCEPTS_PER_TURN):
            try:
                accepted, _ = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as exc:
                if exc.errno not in _EXHAUSTED:
                    raise
                # The waiting connection stays readable: without a pause this would spin.
                logger.warning("Port %d accepts no connections for %g s: %s", self.number, _RETRY, exc.strerror)
                self._loop.remove_reader(listening)
                self._loop.call_later(_RETRY, self._accept_again, listening)
                return
            # The kernel gives out the lowest number that is free.
            if accepted.fileno() >= _most_descriptors():
                self._refuse(accepted)
                continue
            task = self._loop.create_task(self._connect(accepted))
            self._accepting.add(task)
            task.add_done_callback(self._accepting.discard)

    def _refuse(self, accepted: socket.socket) -> None:
        now = self._loop.time()
        if now >= self._may_warn_at:
            self._may_warn_at = now + _RETRY
            logger.warning("Port %d refuses connections: file descriptors are few", self.number)
        with accepted, contextlib.suppress(OSError):
            accepted.setblocking(False)
            if self._ssl is None:
                accepted.send(self._refusal)
            accepted.shutdown(socket.SHUT_WR)
            # A socket that is closed with unread data in it resets the connection, and the refusal may be lost.
            accepted.recv(16 * 1024)

    def _accept_again(self, listening: socket.socket) -> None:
        if listening in self._sockets:
            self._loop.add_reader(listening, self._accept, listening)

    async def _connect(self, accepted: socket.socket) -> None:
        try:
            if self._ssl is None:
                await aiofastnet.connect_accepted_socket(self._loop, self._protocol_factory, accepted)
            else:
                await self._loop.connect_accepted_socket(
                    self._protocol_factory,
                    accepted,
                    ssl=self._ssl if isinstance(self._ssl, SSLContext) else self._ssl(),
                    ssl_handshake_timeout=self._handshake_timeout,
                    ssl_shutdown_timeout=self._shutdown_timeout,
                )
        except OSError as exc:  # of TLS, too
            logger.debug("A client of port %d did not get through: %s", self.number, exc)


def _most_descriptors() -> int:
    """The first number that no accepted connection may have."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft - min(_RESERVE, soft // 10)


async def connect(
    uri: str,
    protocol_factory: ProtocolFactory,
    host: str,
    port: int,
    *,
    ssl: SSLContext | None,
    timeout: float,
    shutdown_timeout: float,
    fast: bool = True,
) -> None:
    """
    Connect to the first address of `host` that takes it; `timeout` seconds for all of them, each with an equal share.

    Args:
        fast: use the transport that picows is made for; TLS cannot be started on it later.

    Raises:
        ConnectionFailed: with the failure of the first address, and `uri`.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    failure: tuple[str, Exception] | None = None
    targets = await _resolve(uri, host, port, timeout)
    for count, target in enumerate(targets):
        try:
            refuse_link_local(target)
            async with asyncio.timeout((deadline - loop.time()) / (len(targets) - count)):
                if ssl is None and fast:
                    await aiofastnet.create_connection(loop, protocol_factory, target, port)
                else:
                    await loop.create_connection(
                        protocol_factory,
                        target,
                        port,
                        ssl=ssl,
                        server_hostname=None if ssl is None else host,
                        ssl_shutdown_timeout=None if ssl is None else shutdown_timeout,
                    )
            return
        except (OSError, TimeoutError) as exc:
            failure = failure or (target, exc)
    target, cause = cast(tuple[str, Exception], failure)
    raise ConnectionFailed(uri, f"{explain(cause)}: {host}/{target}:{port}") from cause


async def _resolve(uri: str, host: str, port: int, timeout: float) -> list[str]:
    try:
        async with asyncio.timeout(timeout):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError) as exc:
        raise ConnectionFailed(uri, f"Unknown host: {host}") from exc
    # IPv4 first: "localhost" is ::1 as well, where back-ends in containers often do not listen.
    found.sort(key=lambda info: info[0] != socket.AF_INET)
    return list(dict.fromkeys(cast(str, info[4][0]) for info in found))


def explain(exc: Exception) -> str:
    """What happened, in the words of the originals where they have some."""
    match exc:
        case ConnectionRefusedError():
            return "Connection refused"
        case TimeoutError():
            return "Connection timed out"
        case SSLCertVerificationError():
            return f"TLS certificate not accepted, {exc.verify_message}"
        case SSLError():
            return f"TLS handshake failed, {exc.reason or exc}"
        case OSError():
            return exc.strerror or str(exc) or "Connection closed"
    return str(exc)


def last_heard(transport: asyncio.Transport) -> float:
    """Seconds since the peer's last byte or acknowledgement arrived; infinite where that is not known."""
    connected = transport.get_extra_info("socket")
    if connected is None or sys.platform != "linux":
        return math.inf
    try:
        info = connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 60)
    except OSError:
        return math.inf
    # struct tcp_info of linux/tcp.h: tcpi_last_data_recv and tcpi_last_ack_recv, in milliseconds
    return min(struct.unpack_from("=II", info, 52)) / 1000


def linger(transport: asyncio.Transport, timeout: float, lost: Callable[[], None], *, half_close: bool = True) -> None:
    """
    End a TCP connection in a way that lets the peer read what was written.

    A socket that is closed with unread data in it resets the connection, and the peer may lose what it has not read
    yet. So: say that we are done, read and drop what comes until the peer is done too, or `timeout` seconds are over.

    Args:
        lost: called when the connection has gone.
        half_close: ``False`` to let the peer close first.
    """
    transport.set_protocol(_Lingering(asyncio.get_running_loop().call_later(timeout, transport.abort), lost))
    transport.resume_reading()
    if not half_close:
        return
    if not transport.can_write_eof():  # TLS
        transport.close()
        return
    try:
        transport.write_eof()
    except OSError:  # the peer has reset the connection
        transport.abort()


class _Lingering(asyncio.Protocol):
    def __init__(self, timer: asyncio.TimerHandle, lost: Callable[[], None]) -> None:
        self._timer = timer
        self._lost = lost

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        self._lost()
