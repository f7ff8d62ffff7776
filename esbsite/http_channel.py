"""HTTP of the main port: the head of a request has to arrive in time, however slowly its bytes come."""

from __future__ import annotations

from twisted.internet.interfaces import IDelayedCall
from twisted.web import http

TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class PunctualHttpChannel(http.HTTPChannel):
    """
    A client's connection, until it is a WebSocket.

    Twisted gives a client new time with each byte; this is the absolute limit. The first request's time begins with the
    connection, that of a later one with its first byte.

    Args:
        head_seconds: for the head of a request; then 408.
    """

    def __init__(self, head_seconds: float) -> None:
        super().__init__()
        self._head_seconds = head_seconds
        self._deadline: IDelayedCall | None = None

    def connectionMade(self) -> None:
        super().connectionMade()
        self._head_begins()

    def dataReceived(self, data: bytes) -> None:
        self._head_begins()
        super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        self._head_begins()  # of a request that came together with the one before
        super().lineReceived(line)

    def allHeadersReceived(self) -> None:
        self._head_ends()
        super().allHeadersReceived()

    def connectionLost(self, reason) -> None:
        self._head_ends()
        super().connectionLost(reason)

    def _head_begins(self) -> None:
        if self._deadline is None and not self.requests:
            self._deadline = self.callLater(self._head_seconds, self._too_late)

    def _head_ends(self) -> None:
        deadline, self._deadline = self._deadline, None
        if deadline is not None and deadline.active():
            deadline.cancel()

    def _too_late(self) -> None:
        self.transport.write(TOO_LATE)
        self.loseConnection()
