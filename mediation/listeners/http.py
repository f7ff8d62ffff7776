"""
The ports of proxy services: requests go straight to the view, past the middleware of the admin's site.

Sessions, cookies and host checks are of no use to a proxy service, and cost more than the mediation of a message. The
same view is mounted in Django's URLs as well.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from functools import partial
from io import BytesIO
from typing import Final
from urllib.parse import unquote

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponseBase
from django.urls import Resolver404, resolve

from mediation.options import Options
from mediation.transports.http_message import as_utf8

logger = logging.getLogger(__name__)

View = Callable[[ASGIRequest], Awaitable[HttpResponseBase]]

SERVER: Final = "Django ESB"
URLS: Final = "mediation.listeners.urls"

IDLE_SECONDS: Final = 30.0
"""What a connection has for the head of its first request, and between two requests."""
BODY_SECONDS: Final = 60.0
"""What a client has to send a body in."""

_CANCEL_SECONDS: Final = 0.1

# The library logs each malformed request with a traceback; its 400 is answer enough.
_silent = logging.getLogger(f"{__name__}.peer")
_silent.setLevel(logging.CRITICAL + 1)


async def open_http_port(
    port: int, options: Options, tls: ssl.SSLContext | None = None, view: View | None = None
) -> HttpListener:
    """
    Open a port for proxy services; with ``tls``, for https.

    Args:
        view: answers all requests; by default the one that :data:`URLS` names for each.

    Raises:
        OSError: the port cannot be opened.
    """
    listener = HttpListener("https" if tls else "http", options.max_body_bytes, view)
    await listener.listen(options.host, port, tls, options.handshake_seconds, share=options.share_ports)
    return listener


class HttpListener:
    """An open port. Whoever opened it closes it."""

    def __init__(self, scheme: str, max_body: int, view: View | None = None) -> None:
        self._view = view
        self._scheme = scheme
        self._max_body = max_body
        self._server: asyncio.Server | None = None
        self._protocols = web.Server(
            self._handle,
            request_factory=partial(_request, max_body=max_body),
            access_log=None,
            logger=_silent,
            auto_decompress=False,  # the view does it, with a limit
            keepalive_timeout=IDLE_SECONDS,
        )
        self.port = 0

    @property
    def connections(self) -> list[web.RequestHandler]:
        return self._protocols.connections

    async def listen(
        self, host: str, port: int, tls: ssl.SSLContext | None, tls_seconds: float = 10.0, *, share: bool = False
    ) -> None:
        """
        Args:
            tls_seconds: for the TLS handshake.
            share: other processes may open the port too.
        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._protocols,
            host,
            port,
            ssl=tls,
            ssl_handshake_timeout=tls_seconds if tls else None,
            backlog=512,
            reuse_port=share,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def close_accepting(self) -> None:
        """Free the port. Requests that have begun are answered; then their connections are closed."""
        if self._server is not None:
            self._server.close()
        self._protocols.pre_shutdown()

    async def close(self, code: int = 1001, reason: str = "", timeout: float = 5.0) -> None:
        """Wait up to ``timeout`` seconds for the requests in flight, and cancel those that are left."""
        self.close_accepting()
        try:
            async with asyncio.timeout(timeout):
                await self._protocols.shutdown(timeout + 1)
        except TimeoutError:
            await self._protocols.shutdown(_CANCEL_SECONDS)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Read a request, and have the view answer it: as an ``ASGIRequest``, like those of Django's own handler."""
        try:
            target = request.raw_path.encode("ascii")
        except UnicodeEncodeError:
            return _plain(400, "The request target is not ASCII")
        if (request.content_length or 0) > self._max_body:
            return self._too_large()
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return self._too_large()
        except TimeoutError:
            return _plain(408, "The body took too long")
        path, _, query = target.partition(b"?")
        transport = request.transport
        scope = {
            "type": "http",
            "http_version": f"{request.version.major}.{request.version.minor}",
            "scheme": self._scheme,
            "method": request.method,
            "path": unquote(path),
            "raw_path": path,
            "query_string": query,
            "headers": [(name.lower(), value) for name, value in request.raw_headers],
            "client": transport.get_extra_info("peername")[:2] if transport else None,
            "server": transport.get_extra_info("sockname")[:2] if transport else None,
        }
        return _response(await _answer(ASGIRequest(scope, BytesIO(body)), self._view), request.method == "HEAD")

    def _too_large(self) -> web.Response:
        return _plain(413, f"The body is larger than {self._max_body} bytes")


def _request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: web.RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
    *,
    max_body: int,
) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=max_body)


async def _answer(request: ASGIRequest, view: View | None) -> HttpResponseBase | web.Response:
    if view is None:
        try:
            match = resolve(request.path_info, URLS)
        except Resolver404:
            return _plain(404, "Nothing is deployed here")
        request.resolver_match = match
        view = partial(match.func, *match.args, **match.kwargs)
    try:
        return await view(request)
    except Exception:
        logger.exception("the view of %s failed", request.path)
        return _plain(500, "Internal error")
    finally:
        request.close()


def _response(answer: HttpResponseBase | web.Response, is_head: bool) -> web.Response:
    if isinstance(answer, web.Response):
        return answer
    # The length is written from the body, but for the answer to a HEAD, which tells the one of another body.
    own = {"server"} if is_head else {"server", "content-length"}
    headers = [(name, as_utf8(value)) for name, value in answer.items() if name.lower() not in own]
    headers.append(("Server", SERVER))
    headers += [("Set-Cookie", cookie.OutputString()) for cookie in answer.cookies.values()]
    body: bytes = answer.content  # type: ignore[attr-defined]
    return web.Response(status=answer.status_code, reason=answer.reason_phrase, headers=headers, body=body)


def _plain(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text + "\n", headers={"Server": SERVER})
