"""The back-end connections that one client's messages use."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from mediation.inbox import Inbox, Reading
from mediation.transports.websocket.client import connect
from mediation.transports.websocket.subprotocols import content_type_of

if TYPE_CHECKING:
    from mediation.message import MessageContext
    from mediation.transports.websocket import Connection, Frame, Limits


class BackendOwner(Protocol):
    """Who has back-end connections: a WebSocket client's session, or all HTTP callers together."""

    def backend_opened(self, backend: Backend, ctx: MessageContext) -> Awaitable[Any] | None:
        """The connection that ``ctx`` asked for is open; runs before the back-end's first frame is delivered."""

    def backend_received(self, backend: Backend, frame: Frame) -> Awaitable[Any] | None:
        """A frame came. Frames of one back-end are delivered one after the other."""

    def backend_lost(self, backend: Backend, code: int, reason: str) -> Awaitable[Any] | None:
        """The connection has ended, and all its frames have been delivered; 1006 when no Close came."""


class Backend:
    """
    One connection to a back-end, from the side of its owner.

    Attributes:
        uri: the address, with the query.
        subprotocol_offered: what the handshake offered, ``None`` for nothing.
        content_type: media type of its frames, when the selected sub-protocol says it.
        opened_by: properties of the axis2 scope of the message that opened it.
        reading: held by whoever cannot take more of its frames.
        closing: whether our side asked for the end; the owner need not be told of it then.
    """

    __slots__ = (
        "_connection",
        "_inbox",
        "_owner",
        "_pool",
        "closing",
        "content_type",
        "opened_by",
        "reading",
        "subprotocol_offered",
        "uri",
    )

    def __init__(
        self, pool: BackendPool, owner: BackendOwner, uri: str, offered: str | None, ctx: MessageContext
    ) -> None:
        self._pool = pool
        self._owner = owner
        self._connection: Connection | None = None
        self.reading = Reading(self)
        self._inbox = Inbox(self.reading)
        self.content_type: str | None = None
        self.uri = uri
        self.subprotocol_offered = offered
        self.opened_by = dict(ctx.axis2)
        self.closing = False

    # -- for the sender and the owner

    @property
    def usable(self) -> bool:
        return self._connection is not None and not self._connection.closed

    def send(self, frame: Frame) -> Awaitable[None] | None:
        """Write a frame; an awaitable when the back-end reads too slowly, to be awaited before the next one."""
        connection = self._connection
        assert connection is not None, "a pool only lends connections that are open"
        connection.send(frame)
        return None if connection.writable else connection.drain()

    def close(self, code: int | None = 1000, reason: str = "") -> None:
        """Say Close; what the back-end still sends is dropped."""
        self.closing = True
        if self._connection is not None:
            self._connection.close(code, reason)

    # -- Reader: what holds its reading

    def pause_reading(self) -> None:
        if self._connection is not None:
            self._connection.pause_reading()

    def resume_reading(self) -> None:
        if self._connection is not None:
            self._connection.resume_reading()

    # -- Handler: what the connection tells

    def connected(self, connection: Connection, ctx: MessageContext) -> Backend:
        self._connection = connection
        self.content_type = content_type_of(connection.subprotocol)
        self._inbox.put(lambda: self._owner.backend_opened(self, ctx))
        return self

    def frame_received(self, frame: Frame) -> None:
        if not self.closing:
            self._inbox.put(lambda: self._owner.backend_received(self, frame))

    def connection_lost(self, code: int, reason: str) -> None:
        self._pool.forget(self)
        if not self.closing:
            self._inbox.put(lambda: self._owner.backend_lost(self, code, reason))

    def pause_writing(self) -> None:
        """The sender asks ``writable`` for itself."""

    def resume_writing(self) -> None: ...


class BackendPool:
    """
    Connections by address, opened when the first message needs them.

    Used on the event loop only. Whoever owns the pool closes it.

    Args:
        exact: whether a message that offers no sub-protocol must not use a connection that was opened with one.
        Messages of one
            WebSocket client share the connection that its handshake message opened; HTTP callers have nothing in
            common.
        limits: of the connections.
    """

    def __init__(self, owner: BackendOwner, *, exact: bool, limits: Limits | None = None) -> None:
        self._owner = owner
        self._limits = limits
        self._exact = exact
        self._backends: dict[str, dict[str | None, Backend]] = {}
        self._opening: dict[tuple[str, str | None], asyncio.Task[Backend]] = {}
        self._closed = False

    def __iter__(self) -> Iterator[Backend]:
        return iter([backend for by_offer in self._backends.values() for backend in by_offer.values()])

    def get(self, uri: str, offered: str | None) -> Backend | None:
        """The open connection that such a message uses."""
        by_offer = self._backends.get(uri)
        if by_offer is None:
            return None
        backend = by_offer.get(offered)
        if backend is None and offered is None and not self._exact:
            backend = next(iter(by_offer.values()), None)
        return backend if backend is not None and backend.usable else None

    async def open(
        self, ctx: MessageContext, uri: str, offered: str | None, headers: Sequence[tuple[str, str]]
    ) -> Backend:
        """
        The connection for such a message, opened if need be. Messages that ask at the same time get the same one.

        Raises:
            ConnectionFailed: the back-end cannot be reached, or refuses.
        """
        existing = self.get(uri, offered)
        if existing is not None:
            return existing
        key = (uri, offered)
        task = self._opening.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._open(ctx, uri, offered, headers))
            self._opening[key] = task
            task.add_done_callback(lambda done: self._opened(key, done))
        # One caller that gives up does not take the connection from the others.
        return await asyncio.shield(task)

    async def _open(
        self, ctx: MessageContext, uri: str, offered: str | None, headers: Sequence[tuple[str, str]]
    ) -> Backend:
        backend = Backend(self, self._owner, uri, offered, ctx)
        await connect(
            uri,
            lambda connection: backend.connected(connection, ctx),
            subprotocols=() if offered is None else (offered,),
            headers=headers,
            limits=self._limits,
        )
        if self._closed:
            backend.close(1001)
        elif backend.usable:
            self._backends.setdefault(uri, {})[offered] = backend
        return backend

    def _opened(self, key: tuple[str, str | None], task: asyncio.Task[Backend]) -> None:
        self._opening.pop(key, None)
        if not task.cancelled():
            task.exception()  # every caller may have gone; then nobody else looks at it

    def forget(self, backend: Backend) -> None:
        """The connection has ended."""
        by_offer = self._backends.get(backend.uri)
        if by_offer is not None and by_offer.get(backend.subprotocol_offered) is backend:
            del by_offer[backend.subprotocol_offered]
            if not by_offer:
                del self._backends[backend.uri]

    def close(self, code: int | None = 1000, reason: str = "") -> None:
        """Close every connection, those that are being opened too. The pool is of no use afterwards."""
        self._closed = True
        for task in list(self._opening.values()):
            task.cancel()
        for backend in self:
            backend.close(code, reason)
        self._backends.clear()
