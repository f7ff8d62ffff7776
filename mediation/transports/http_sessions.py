"""Kept-alive connections to HTTP back-ends."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
from typing import Any, Final

import aiohttp

from . import tls
from .addresses import LinkLocalRefused, refuse_link_local
from .http_parameters import HttpParameters

MAX_LINE: Final = 16 * 1024
"""Bytes of the status line of an answer, and of each of its header fields."""


class Sessions:
    """
    The connections of one process; they belong to the event loop that they are used on.

    Those that are opened under other parameters, or for HTTP/1.0, are kept apart.

    Args:
        context: for TLS where the parameters say nothing of it; :func:`mediation.transports.tls.client_context` by
            default.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self._sessions: dict[tuple[int, bool, float, bool], aiohttp.ClientSession] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def get(self, parameters: HttpParameters, *, is_http10: bool = False) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop = loop
            self._sessions = {}
        key = (
            parameters.max_connections_per_host,
            parameters.no_keepalive,
            parameters.idle_seconds,
            is_http10,
        )
        session = self._sessions.get(key)
        if session is None:
            session = self._sessions[key] = self._open(parameters, is_http10)
        return session

    def _open(self, parameters: HttpParameters, is_http10: bool) -> aiohttp.ClientSession:
        alive: dict[str, Any] = (
            {"force_close": True} if parameters.no_keepalive else {"keepalive_timeout": parameters.idle_seconds}
        )
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                # Requests are bounded where they come in. A limit here would let one slow back-end take the
                # connections of all others.
                limit=0,
                limit_per_host=parameters.max_connections_per_host,
                ssl=self._context or tls.client_context(),
                socket_factory=_socket,
                **alive,
            ),
            version=aiohttp.HttpVersion10 if is_http10 else aiohttp.HttpVersion11,
            # Cookies of one client must never reach another.
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            auto_decompress=False,
            max_line_size=MAX_LINE,
            max_field_size=MAX_LINE,
        )

    async def aclose(self) -> None:
        """Close all connections. A message that is sent afterwards opens new ones."""
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            await session.close()


def _socket(address: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
    family, kind, protocol, _, peer = address
    refuse_link_local(str(peer[0]))
    return socket.socket(family, kind, protocol)


_TRIED: Final = re.compile(r"\('([0-9a-fA-F.:]+)', \d+")


def why(exc: aiohttp.ClientConnectorError) -> str:
    """For people, such as ``Connection refused: localhost/127.0.0.1:8082``."""
    where = f"{exc.host}:{exc.port}"
    if isinstance(exc, aiohttp.ClientConnectorCertificateError):
        return f"TLS certificate refused: {where}: {exc.certificate_error}"
    if isinstance(exc, aiohttp.ClientConnectorDNSError):
        return f"Unknown host: {where}"
    if isinstance(exc, aiohttp.ClientSSLError):
        return f"TLS handshake failed: {where}: {exc.os_error}"
    error = exc.os_error
    if isinstance(error, LinkLocalRefused):
        return f"{error.strerror}: {where}"
    tried = _TRIED.search(str(error))
    if tried is not None and tried[1] != exc.host:
        where = f"{exc.host}/{tried[1]}:{exc.port}"
    return f"{os.strerror(error.errno) if error.errno else error}: {where}"
