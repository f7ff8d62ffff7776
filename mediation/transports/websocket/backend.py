"""One connection to a back-end, from the side of its owner."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Protocol

from mediation.control_frames import ControlFrame
from mediation.inbox import Inbox, Reading

from .replies import Replies
from .subprotocols import content_type_of

if TYPE_CHECKING:
    from . import Connection, Frame
    from .opening import Offer, Opening


class BackendOwner(Protocol):
    """Who has back-end connections: a WebSocket client's session, or all HTTP callers together."""

    def backend_opened(self, backend: Backend) -> Awaitable[Any] | None:
        """The connection is open; runs before the back-end's first frame is delivered."""

    def backend_received(self, backend: Backend, frame: Frame) -> Awaitable[Any] | None:
        """A frame came. Frames of one back-end are delivered one after the other."""

    @property
    def passes_control_frames(self) -> bool:
        """Whether pings and pongs of back-ends are the owner's; a connection answers pings itself otherwise."""

    def backend_control(self, backend: Backend, frame: ControlFrame) -> Awaitable[Any] | None:
        """A ping or pong came."""

    def backend_lost(self, backend: Backend, code: int, reason: str) -> Awaitable[Any] | None:
        """The connection has ended, and all its frames have been delivered; 1006 when no Close came."""


class BackendHolder(Protocol):
    """Who lends the connection, and must not lend it any more when it has ended."""

    def forget(self, backend: Backend) -> None: ...


class Backend:
    """
    One connection to a back-end, from the side of its owner.

    Attributes:
        uri: the address, with the query.
        opening: what the message that opened it asked for.
        subprotocol: what the back-end chose.
        content_type: media type of its frames, when the selected sub-protocol says it.
        again: whether an earlier connection of the same owner to this address has ended.
        reading: held by whoever cannot take more of its frames.
        replies: HTTP callers who wait for frames of this connection.
        closing: whether our side asked for the end; the owner need not be told of it then.
    """

    __slots__ = (
        "_connection",
        "_heartbeat",
        "_holder",
        "_inbox",
        "_owner",
        "again",
        "closing",
        "content_type",
        "opening",
        "reading",
        "replies",
        "subprotocol",
        "uri",
    )

    def __init__(self, holder: BackendHolder, owner: BackendOwner, uri: str, opening: Opening, *, again: bool) -> None:
        self._holder = holder
        self._owner = owner
        self._connection: Connection | None = None
        self._heartbeat: asyncio.TimerHandle | None = None
        self.reading = Reading(self)
        self._inbox = Inbox(self.reading)
        self.replies = Replies()
        self.subprotocol: str | None = None
        self.content_type: str | None = None
        self.uri = uri
        self.opening = opening
        self.again = again
        self.closing = False

    # -- for the sender and the owner

    @property
    def usable(self) -> bool:
        return self._connection is not None and not self._connection.closed

    def serves(self, offer: Offer) -> bool:
        """Whether a message with this offer, or with none, may use the connection."""
        return not offer.subprotocols or offer == self.opening.offer or self.subprotocol in offer.subprotocols

    def send(self, frame: Frame) -> Awaitable[None] | None:
        """Write a frame; an awaitable when the back-end reads too slowly, to be awaited before the next one."""
        connection = self._connection
        assert connection is not None, "a pool only lends connections that are open"
        connection.send(frame)
        return None if connection.writable else connection.drain()

    def close(self, code: int | None = 1000, reason: str = "") -> None:
        """Say Close; what the back-end still sends is dropped."""
        self.closing = True
        self.replies.lost(self.uri)
        if self._connection is not None:
            self._connection.close(code, reason)

    def control(self, frame: ControlFrame) -> None:
        """Write a ping or pong."""
        if self._connection is not None:
            (self._connection.ping if frame.is_ping else self._connection.pong)(frame.payload)

    # -- Reader: what holds its reading

    def pause_reading(self) -> None:
        if self._connection is not None:
            self._connection.pause_reading()

    def resume_reading(self) -> None:
        if self._connection is not None:
            self._connection.resume_reading()

    # -- Handler: what the connection tells

    def connected(self, connection: Connection) -> Backend:
        self._connection = connection
        self.subprotocol = connection.subprotocol
        self.content_type = content_type_of(connection.subprotocol)
        if self._owner.passes_control_frames:
            connection.pass_control_frames(self._control_received)
        for message in self.opening.parameters.opening_messages:
            connection.send(message)
        if self.opening.parameters.heartbeat_message is not None:
            self._beat_later()
        self._inbox.put(self._owner.backend_opened, self)
        return self

    def frame_received(self, frame: Frame) -> None:
        if not self.closing:
            self._inbox.put(self._owner.backend_received, self, frame)

    def _control_received(self, is_ping: bool, payload: bytes) -> None:
        if not self.closing:
            self._inbox.put(self._owner.backend_control, self, ControlFrame(is_ping, payload))

    def connection_lost(self, code: int, reason: str) -> None:
        if self._heartbeat is not None:
            self._heartbeat.cancel()
        self._holder.forget(self)
        self._inbox.put(self.replies.lost, self.uri)  # when the replies that came have been dealt with
        if not self.closing:
            self._inbox.put(self._owner.backend_lost, self, code, reason)

    def pause_writing(self) -> None:
        """The sender asks ``writable`` for itself."""

    def resume_writing(self) -> None: ...

    # -- the heartbeat of the application

    def _beat_later(self) -> None:
        interval = self.opening.parameters.heartbeat_interval
        self._heartbeat = asyncio.get_running_loop().call_later(interval, self._beat)

    def _beat(self) -> None:
        connection, message = self._connection, self.opening.parameters.heartbeat_message
        if connection is None or connection.closed or message is None:
            return
        if connection.writable:  # one that reads nothing gets no more to read
            connection.send(message)
        self._beat_later()
