"""
Relayed sub-protocols: the back-end chooses one of those that the client offers.

So the back-end has to be connected before the client's handshake is answered. The handshake message is mediated first,
over a connection that keeps what is sent until there is one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mediation.transports.websocket import Rejection

if TYPE_CHECKING:
    from mediation.headers import Headers
    from mediation.session import ClientConnection, Session
    from mediation.transports.websocket import Frame


class UnansweredConnection:
    """The connection of a client whose handshake has not been answered: not writable, but nothing is lost."""

    def __init__(self) -> None:
        self.closed = False
        self.writable = False
        self.ending: tuple[int | None, str] | None = None
        self._frames: deque[Frame] = deque()

    def send(self, frame: Frame) -> None:
        if not self.closed:
            self._frames.append(frame)

    def close(self, code: int | None = 1000, reason: str = "") -> None:
        if not self.closed:
            self.closed = True
            self.ending = (code, reason)

    def pause_reading(self) -> None:
        """Nothing is read yet."""

    def resume_reading(self) -> None: ...

    def ping(self, payload: bytes = b"") -> None:
        """There is nobody to ask yet."""

    def pong(self, payload: bytes = b"") -> None: ...

    def hand_over(self, connection: ClientConnection) -> None:
        """The handshake is answered: write what was kept."""
        while self._frames:
            connection.send(self._frames.popleft())
        if self.ending is not None:
            connection.close(*self.ending)


async def negotiate(
    session: Session, connection: UnansweredConnection, headers: Headers, offered: Sequence[str]
) -> str | None:
    """
    Mediate the handshake message; the sub-protocol that the client gets.

    That is the choice of the back-end which the message has connected, else what the inbound endpoint takes itself.

    Raises:
        Rejection: the conversation has ended already: 502 if the back-end cannot be reached, else 403.
    """
    session.opened(headers)
    try:
        await session.finished()
    except asyncio.CancelledError:  # the client did not wait
        session.backends.close(None)
        session.closed(1006, "")
        raise
    if connection.ending is not None:
        session.closed(1006, "")
        code, reason = connection.ending
        raise Rejection(502 if code == 1014 else 403, reason)
    chosen = next((backend.subprotocol for backend in session.backends if backend.usable), None)
    if chosen is None:
        chosen = session.inbound.conversation.select_subprotocol(offered)
    session.agreed(chosen)
    return chosen
