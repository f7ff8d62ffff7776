"""
Messages that come back: a service whose endpoint is the service itself would call itself without end.

A request to a port on which this process takes requests says, in a header field, how often its message has come here by
such requests before. Sequences do not see the field, so they cannot lose it.
"""

from __future__ import annotations

from typing import Final

from yarl import URL

from mediation.errors import LoopDetected
from mediation.headers import Headers

FIELD: Final = "X-ESB-Hops"


class Hops:
    """
    What is known of loops; one for a process.

    Attributes:
        limit: how often a message may come back; the server sets it (``ESB_MAX_HOPS``).
    """

    def __init__(self) -> None:
        self.limit = 10
        self._ports: set[str] = set()

    def arrived(self, headers: Headers, port: str) -> int:
        """
        How often the message of a request has come back. Takes the field out of ``headers``.

        Args:
            port: that the request came to.
        """
        self._ports.add(port)
        said = headers.get(FIELD)
        if said is None:
            return 0
        headers.remove(FIELD)
        return int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else 0

    def field(self, url: URL, hops: int) -> tuple[str, str] | None:
        """
        The field that a request to this address needs, if it does.

        Args:
            hops: how often the message has come back so far.

        Raises:
            LoopDetected: that is as often as it may.
        """
        if str(url.port) not in self._ports:
            return None
        if hops >= self.limit:
            raise LoopDetected(str(url.with_user(None)), hops)
        return FIELD, str(hops + 1)


HOPS: Final = Hops()
