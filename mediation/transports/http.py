"""``http`` and ``https`` back-ends."""

from __future__ import annotations

import errno
import ssl
from collections.abc import Awaitable
from typing import Any, Final

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

from . import TRANSPORTS, Answer, SendOptions, content_coding, http_message
from .backend_tls import context_for
from .http_message import HOP_BY_HOP, Field
from .http_parameters import DEFAULTS, HttpParameters, http_parameters
from .http_request import Request, write_request
from .http_sessions import Sessions, why


class HttpTransport:
    """
    Requests over kept-alive connections.

    One for a process. Redirects are answers like any other, cookies are the client's own affair, and neither proxies
    nor credentials are taken from the process's environment.

    Args:
        context: TLS context for ``https`` where the transport sender says nothing of TLS.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._sessions = Sessions(context)

    def send(self, ctx: MessageContext, uri: str, options: SendOptions) -> Awaitable[Answer]:
        """
        Send a message; see :meth:`mediation.transports.Transport.send`.

        The request is made of the message at once, so what happens to the message afterwards does not change it.
        """
        written = write_request(ctx, uri, options)
        if ctx.client is not None:
            # A client that was promised nothing but a 202 does not wait for the back-end.
            ctx.client.handed_over(ctx)
        parameters = http_parameters(ctx.environment.transport_parameters(written.url.scheme))
        return self._send(written, options.timeout, parameters.max_answer, parameters)

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
        return await self._send(request, timeout, limit, DEFAULTS)

    async def _send(self, request: Request, timeout: float, limit: int, parameters: HttpParameters) -> Answer:
        uri = str(request.url.with_user(None)) if request.url.user else str(request.url)
        body = request.body
        if request.coding is not None:
            body = await content_coding.encode(body, request.coding)
        context = await context_for(uri, parameters.tls)
        way, fields = _way(request, parameters)
        try:
            async with self._sessions.get(parameters, is_http10=request.is_http10).request(
                request.method,
                request.url,
                headers=[(name, http_message.as_utf8(value)) for name, value in fields],
                data=body or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout, sock_connect=parameters.connect_timeout),
                ssl=context or True,
                **way,
            ) as response:
                if response.status < 200:
                    # RFC 9110 15.2.2: a 101 answers a request for an upgrade, and there was none.
                    raise EndpointError(f"{uri} answered with the status {response.status}", code=101506)
                return _answer(uri, response, await _read(uri, response, limit), limit)
        except aiohttp.InvalidURL as exc:
            raise InvalidAddress(uri, str(exc)) from exc
        except aiohttp.ConnectionTimeoutError as exc:
            raise ConnectionFailed(uri, f"Connect timeout: {uri}", code=101508) from exc
        except TimeoutError as exc:
            raise SendTimeout(uri, timeout) from exc
        except aiohttp.ClientHttpProxyError as exc:
            raise ConnectionFailed(uri, f"The proxy refused the way to {uri} with the status {exc.status}") from exc
        except aiohttp.ClientConnectorError as exc:
            raise ConnectionFailed(uri, why(exc)) from exc
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError, OSError) as exc:
            raise _lost(uri, exc) from exc
        except (aiohttp.ClientError, ValueError) as exc:
            raise EndpointError(f"{uri} gave an answer that cannot be used: {exc}", code=101506) from exc

    async def aclose(self) -> None:
        """Close all connections. A message that is sent afterwards opens new ones."""
        await self._sessions.aclose()


def _way(request: Request, parameters: HttpParameters) -> tuple[dict[str, Any], list[Field]]:
    """The proxy on the way to a back-end, as the library takes it, and the fields of the request there."""
    is_secure = request.url.scheme == "https"
    if parameters.has_proxy_for(request.url.host or ""):
        way: dict[str, Any] = {
            "proxy": URL.build(scheme="http", host=parameters.proxy_host, port=parameters.proxy_port)
        }
        if is_secure:
            # The proxy sees the request for a tunnel, and nothing of what is in it.
            way["proxy_headers"] = dict(parameters.proxy_fields)
            return way, request.fields
        return way, request.fields + parameters.proxy_fields
    if request.names_itself and not is_secure:
        # A request line with the whole address is what proxies get.
        return {"proxy": request.url.origin()}, request.fields
    return {}, request.fields


def _lost(uri: str, exc: Exception) -> EndpointError:
    """What it means that a connection has ended under way."""
    if isinstance(exc, OSError) and exc.errno == errno.EPIPE:
        return ConnectionLost(f"{uri} closed the connection while the message was sent", code=101500)
    code = 101501 if isinstance(exc, aiohttp.ClientPayloadError) else 101505
    return ConnectionLost(f"{uri} closed the connection before its answer was complete", code=code)


async def _read(uri: str, response: aiohttp.ClientResponse, limit: int) -> bytes:
    """
    Raises:
        EndpointError: the body is too large; decided on the announced length if there is one.
    """
    body = bytearray()
    if (response.content_length or 0) <= limit:
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > limit:
                break
        else:
            return bytes(body)
    raise _unusable(uri, content_coding.BodyTooLarge(limit))


def _unusable(uri: str, reason: ValueError) -> EndpointError:
    return EndpointError(f"{uri} gave an answer that cannot be used: {reason}", code=101510)


def _answer(uri: str, response: aiohttp.ClientResponse, body: bytes, limit: int) -> Answer:
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
        except ValueError as exc:
            raise _unusable(uri, exc) from exc
    content_type = headers.get("Content-Type") or (BINARY if body else None)
    return Answer(Payload(body, content_type), response.status, response.reason or "", headers)


HTTP: Final = HttpTransport()
"""The transport of this process; its connections are closed when the server drains."""

TRANSPORTS["http"] = TRANSPORTS["https"] = HTTP
