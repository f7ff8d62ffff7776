"""How many clients an inbound endpoint has, and whether it takes one more."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from mediation.transports.websocket import Rejection

if TYPE_CHECKING:
    from mediation.inbound_endpoint import InboundEndpoint
    from mediation.options import Options


class ClientCounts:
    """The connected clients of this process, by inbound endpoint and by IP address. Used on the event loop only."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._by_endpoint: Counter[str] = Counter()
        self._by_address: Counter[tuple[str, str]] = Counter()

    def check(self, inbound: InboundEndpoint, address: str) -> None:
        """
        Whether one more may connect; nothing waits between this and :meth:`enter`.

        Raises:
            Rejection: 503, the endpoint or the address has as many clients as it may have.
        """
        limits = inbound.limits
        most = _first(limits.max_connections, self._options.max_connections)
        if most and self._by_endpoint[inbound.name] >= most:
            raise Rejection(503, "Too many clients")
        most = _first(limits.max_connections_per_address, self._options.max_connections_per_address)
        if most and address and self._by_address[inbound.name, address] >= most:
            raise Rejection(503, "Too many clients from this address")

    def enter(self, inbound_name: str, address: str) -> None:
        self._by_endpoint[inbound_name] += 1
        self._by_address[inbound_name, address] += 1

    def leave(self, inbound_name: str, address: str) -> None:
        """Undo one :meth:`enter`."""
        _decrement(self._by_endpoint, inbound_name)
        _decrement(self._by_address, (inbound_name, address))

    def __len__(self) -> int:
        return self._by_endpoint.total()


def _first(own: int | None, default: int) -> int:
    return default if own is None else own


def _decrement(counter: Counter[Any], key: object) -> None:
    # Addresses come and go for ever: those with no client must not stay.
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]
