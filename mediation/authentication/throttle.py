"""How often somebody may be wrong."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from ipaddress import IPv6Address, ip_address
from typing import Final

MOST: Final = 10_000
"""Keys that are remembered. When there are more, the one that was wrong longest ago may start anew."""


class Throttle:
    """
    A bucket of failures for each key, which fills again with time. Used on the event loop only.

    Args:
        per_minute: failures that a key may have at once, and that it gets back in a minute; 0 for any number.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def seconds(self, key: Hashable) -> int:
        """How long this key has to wait before it is asked about again; 0 if it need not."""
        missing = round(1 - self._now(key), 9)
        return 0 if missing <= 0 else math.ceil(missing * 60 / self._per_minute)

    def failed(self, key: Hashable) -> None:
        if not self._per_minute:
            return
        self._left[key] = (self._now(key) - 1, self._clock())
        self._left.move_to_end(key)
        if len(self._left) > MOST:
            self._left.popitem(last=False)

    def _now(self, key: Hashable) -> float:
        if key not in self._left:
            return float(self._per_minute or math.inf)
        left, then = self._left[key]
        return min(self._per_minute, left + (self._clock() - then) * self._per_minute / 60)


def network(address: str) -> str:
    """Whom an address stands for: whoever has one of IPv6 has all 2**64 of its network."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(ip, IPv6Address):
        return str(ip)
    return str(ip.ipv4_mapped) if ip.ipv4_mapped else str(IPv6Address(int(ip) >> 64 << 64))
