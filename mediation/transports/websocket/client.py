"""A WebSocket connection to a back-end."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ssl import SSLContext
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlsplit

from mediation.errors import ConnectionFailed, InvalidHandshakeResponse
from mediation.transports.tls import client_context

from . import tcp, tunnel
from .connection import Connection, HandlerFactory, open_connection
from .deflate import Agreement, offer, read_answer
from .handshake import Header, InvalidResponse, Rejection, new_key, read_response, split_head, write_request
from .limits import Limits

if TYPE_CHECKING:
    from .proxies import HttpProxy


async def connect(
    uri: str,
    handler_factory: HandlerFactory,
    *,
    subprotocols: Sequence[str] = (),
    subprotocol_required: bool = True,
    headers: Iterable[Header] = (),
    ssl: SSLContext | None = None,
    proxy: HttpProxy | None = None,
    limits: Limits | None = None,
    connect_timeout: float = 10.0,
    handshake_timeout: float = 10.0,
) -> Connection:
    """
    Open a connection; the handler may get frames before this returns.

    Redirects are not followed, and user information in the URI is not sent, as in the originals. Masking keys come from
    a generator that gets a strong seed for each connection, but is not strong itself (RFC 6455 10.3): somebody who sees
    the masked bytes of many frames could guess the next keys. Use ``wss`` across intermediaries that you do not trust.

    Args:
        uri: ``ws://`` or ``wss://``.
        subprotocols: offered in this order.
        subprotocol_required: whether the server has to choose one of them.
        headers: further headers of the request; a ``Host`` replaces the one of the URI.
        ssl: for ``wss``; by default certificates and host names are checked against the system's authorities.
        proxy: opens a tunnel to the back-end.
        connect_timeout: seconds for DNS, TCP, the tunnel and TLS together.
        handshake_timeout: seconds until the back-end has answered the upgrade request.

    Raises:
        ConnectionFailed: no connection, or no answer in time.
        InvalidHandshakeResponse: the back-end answered with another status than 101.
        InvalidHeader: a header or sub-protocol cannot be sent.
    """
    address = _Address.of(uri)
    limits = limits or Limits()
    key = new_key()
    extensions = offer(limits.deflate) if limits.deflate else None
    request = write_request(address.authority, address.target, key, subprotocols, headers, extensions)
    opening = _Opening(uri, request, key, subprotocols, subprotocol_required, handler_factory, limits)
    if address.secure and ssl is None:
        ssl = await asyncio.to_thread(client_context)
    try:
        await (tcp.connect if proxy is None else functools.partial(tunnel.connect, proxy=proxy))(
            uri,
            lambda: opening,
            address.host,
            address.port,
            ssl=ssl if address.secure else None,
            timeout=connect_timeout,
            shutdown_timeout=limits.close_timeout,
        )
        async with asyncio.timeout(handshake_timeout):
            return await opening.connection
    except TimeoutError:
        opening.abort()
        reason = f"No answer to the WebSocket handshake within {handshake_timeout:g} s: {address.host}:{address.port}"
        raise ConnectionFailed(uri, reason) from None
    except BaseException:
        opening.abort()
        raise


@dataclass(frozen=True, slots=True)
class _Address:
    uri: str
    secure: bool
    host: str
    port: int
    target: str

    @classmethod
    def of(cls, uri: str) -> _Address:
        try:
            parts = urlsplit(uri)
            secure = {"ws": False, "wss": True}[parts.scheme]
            port = parts.port or (443 if secure else 80)
            host = (parts.hostname or "").encode("idna").decode() if not _is_ascii(parts.hostname) else parts.hostname
        except (KeyError, ValueError) as exc:
            raise ConnectionFailed(uri, f"Not a WebSocket URI: {uri}") from exc
        if not host:
            raise ConnectionFailed(uri, f"No host in the URI: {uri}")
        path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
        query = quote(parts.query, safe="/?%:@!$&'()*+,;=~[]")
        return cls(uri, secure, host, port, f"{path}?{query}" if query else path)

    @property
    def authority(self) -> str:
        """The ``Host`` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


class _Opening(asyncio.Protocol):
    """A TCP connection until the back-end has accepted the upgrade."""

    def __init__(
        self,
        uri: str,
        request: bytes,
        key: str,
        subprotocols: Sequence[str],
        subprotocol_required: bool,
        handler_factory: HandlerFactory,
        limits: Limits,
    ) -> None:
        self.connection: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()
        self._uri = uri
        self._request = request
        self._key = key
        self._subprotocols = subprotocols
        self._subprotocol_required = subprotocol_required
        self._handler_factory = handler_factory
        self._limits = limits
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        if self.connection.done():
            return
        self._received += data
        try:
            if (split := split_head(self._received, self._limits.max_head)) is None:
                return
            head, rest = split
            subprotocol, extensions = read_response(
                head, self._key, self._subprotocols, subprotocol_required=self._subprotocol_required
            )
            deflate = self._agreed(extensions)
        except Rejection as rejection:
            self._fail(ConnectionFailed(self._uri, f"Invalid handshake response: {rejection.text}", code=0))
        except InvalidResponse as response:
            self._fail(self._refused(response))
        else:
            connection = open_connection(
                self._transport,
                self._handler_factory,
                client_side=True,
                limits=self._limits,
                subprotocol=subprotocol,
                deflate=deflate,
                received=rest,
            )
            self.connection.set_result(connection)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(ConnectionFailed(self._uri, "Connection closed during the WebSocket handshake"))

    def abort(self) -> None:
        self.connection.cancel()  # nobody waits for it any more, nor for its failure
        if self._transport is not None:
            self._transport.abort()

    def _agreed(self, extensions: list[str]) -> Agreement | None:
        if self._limits.deflate is None:
            if extensions:
                raise InvalidResponse(101, "Invalid extension: none was offered")
            return None
        try:
            return read_answer(self._limits.deflate, extensions)
        except ValueError as exc:
            raise InvalidResponse(101, f"Invalid extension: {exc}") from exc

    def _fail(self, exc: ConnectionFailed) -> None:
        if not self.connection.done():
            self.connection.set_exception(exc)

    def _refused(self, response: InvalidResponse) -> ConnectionFailed:
        if response.status not in (0, 101):
            return InvalidHandshakeResponse(self._uri, response.status, response.text)
        return ConnectionFailed(self._uri, response.text, code=0)


def _is_ascii(text: Any) -> bool:
    return text is None or text.isascii()
