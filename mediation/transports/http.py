"""``http`` and ``https`` back-ends. The only room that knows the HTTP client library."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import socket
import ssl
from collections.abc import Awaitable
from ipaddress import IPv6Address, ip_address
from typing import Final

import aiohttp
from yarl import URL

from mediation.errors import (
    ConnectionFailed,
    ConnectionLost,
    EndpointError,
    InvalidAddress,
    SendTimeout,
)
from mediation.headers import Headers
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.payloads.media_types import BINARY

from . import TRANSPORTS, Answer, SendOptions, content_coding, http_message, tls
from .http_message import HOP_BY_HOP
from .http_request import Request, write_request

MAX_ANSWER: Final = 16 * 1024 * 1024
"""Bytes of a back-end's body, after it has been inflated."""

CONNECT_TIMEOUT: Final = 10.0
"""Seconds for the TCP connection, and for TLS."""


class HttpTransport:
    """
    Requests over kept-alive connections.

    One for a process; its connections belong to the event loop that it sends on. Redirects are answers like any other,
    cookies are the client's own affair, and neither proxies nor credentials are taken from the process's environment.

    Args:
        context: TLS context for ``https``; :func:`mediation.transports.tls.client_context` by default.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def send(self, ctx: MessageContext, uri: str, options: SendOptions) -> Awaitable[Answer]:
        """
        Send a message; see :meth:`mediation.transports.Transport.send`.

        The request is made of the message at once, so what happens to the message afterwards does not change it.
        """
        written = write_request(ctx, uri, options)
        if ctx.client is not None:
            # A client that was promised nothing but a 202 does not wait for the back-end.
            ctx.client.handed_over(ctx)
        return self._send(written, options.timeout, MAX_ANSWER)

    async def fetch(self, url: str, limit: int, timeout: float) -> bytes:
        """
        Get a document that the configuration names. A redirect is no document.

        Args:
            limit: bytes, after it has been inflated.

        Raises:
            MediationError: it cannot be had.
        """
        answer = await self.ask(Request("GET", URL(url), [("Accept", "application/json")], b""), limit, timeout)
        if answer.status != 200:
            raise EndpointError(f"{url} answered with the status {answer.status}")
        body = answer.payload.raw
        return body if isinstance(body, bytes) else b""

    async def ask(self, request: Request, limit: int, timeout: float) -> Answer:
        """
        Send a request that belongs to no message.

        Args:
            limit: bytes of the answer's body, after it has been inflated.

        Raises:
            EndpointError: there is no answer that can be used.
        """
        return await self._send(request, timeout, limit)

    async def _send(self, request: Request, timeout: float, limit: int) -> Answer:
        uri = str(request.url.with_user(None)) if request.url.user else str(request.url)
        try:
            async with self._open_session().request(
                request.method,
                request.url,
                headers=[(name, http_message.as_utf8(value)) for name, value in request.fields],
                data=request.body or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout, sock_connect=CONNECT_TIMEOUT),
            ) as response:
                if response.status < 200:
                    # RFC 9110 15.2.2: a 101 answers a request for an upgrade, and there was none.
                    raise EndpointError(f"{uri} answered with the status {response.status}", code=101506)
                return _answer(response, await _read(response, limit), limit)
        except aiohttp.InvalidURL as exc:
            raise InvalidAddress(uri, str(exc)) from exc
        except aiohttp.ConnectionTimeoutError as exc:
            raise ConnectionFailed(uri, f"Connect timeout: {uri}", code=101508) from exc
        except TimeoutError as exc:
            raise SendTimeout(uri, timeout) from exc
        except aiohttp.ClientConnectorError as exc:
            raise ConnectionFailed(uri, _why(exc)) from exc
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, aiohttp.ClientPayloadError, OSError) as exc:
            raise ConnectionLost(f"{uri} closed the connection before its answer was complete") from exc
        except (aiohttp.ClientError, ValueError) as exc:
            raise EndpointError(f"{uri} gave an answer that cannot be used: {exc}", code=101506) from exc

    def _open_session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._session is None or self._loop is not loop:
            self._loop = loop
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    # Requests are bounded where they come in. A limit here would let one slow back-end take the
                    # connections of all others.
                    limit=0,
                    ssl=self._context or tls.client_context(),
                    socket_factory=_socket,
                ),
                # Cookies of one client must never reach another.
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
                auto_decompress=False,
                max_line_size=16 * 1024,
                max_field_size=16 * 1024,
            )
        return self._session

    async def aclose(self) -> None:
        """Close all connections. A message that is sent afterwards opens new ones."""
        if self._session is not None:
            await self._session.close()
            self._session = None


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """
    Raises:
        BodyTooLarge: decided on the announced length if there is one.
    """
    if (response.content_length or 0) > limit:
        raise content_coding.BodyTooLarge(limit)
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise content_coding.BodyTooLarge(limit)
    return bytes(body)


def _answer(response: aiohttp.ClientResponse, body: bytes, limit: int) -> Answer:
    headers = Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers)
    for name in HOP_BY_HOP | http_message.named_by_connection(headers):
        headers.remove(name)
    if response.method != "HEAD":
        headers.remove("Content-Length")
    coding = headers.get("Content-Encoding")
    if coding is not None:
        try:
            body = content_coding.decode(body, coding, limit)
            headers.remove("Content-Encoding")
        except content_coding.UnknownCoding:
            pass  # the client may know it: it travels on as it is
    content_type = headers.get("Content-Type") or (BINARY if body else None)
    return Answer(Payload(body, content_type), response.status, response.reason or "", headers)


class LinkLocalRefused(OSError):
    """
    An address such as 169.254.169.254, where clouds keep the credentials of the machine.

    Checked on the address that is connected to, so no name, redirect or notation gets around it.
    """


def _socket(address: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
    family, kind, protocol, _, peer = address
    ip = ip_address(str(peer[0]).partition("%")[0])
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if ip.is_link_local:
        raise LinkLocalRefused(errno.EACCES, f"Link-local addresses are refused: {ip}")
    return socket.socket(family, kind, protocol)


_TRIED: Final = re.compile(r"\('([0-9a-fA-F.:]+)', \d+")


def _why(exc: aiohttp.ClientConnectorError) -> str:
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
        return str(error.strerror)
    tried = _TRIED.search(str(error))
    if tried is not None and tried[1] != exc.host:
        where = f"{exc.host}/{tried[1]}:{exc.port}"
    return f"{os.strerror(error.errno) if error.errno else error}: {where}"


HTTP: Final = HttpTransport()
"""The transport of this process; its connections are closed when the server drains."""

TRANSPORTS["http"] = TRANSPORTS["https"] = HTTP
