"""Which endpoint of a ``<loadbalance>`` has its turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

Free = Callable[[int], bool]
"""Whether the endpoint at this place may be given a message now."""


class Algorithm(Protocol):
    """Belongs to one endpoint of one process. Used on the event loop only."""

    def next(self, free: Free) -> int | None:
        """The place of the endpoint that has its turn, ``None`` if none is free."""

    def started(self, index: int) -> None:
        """The endpoint at this place is given a message, whether it had its turn or was wanted for another reason."""

    def finished(self, index: int) -> None:
        """It has answered, or failed."""


class RoundRobin:
    """One after the other. What is not free loses its turn."""

    def __init__(self, weights: Sequence[int]) -> None:
        self._count = len(weights)
        self._next = 0

    def next(self, free: Free) -> int | None:
        for step in range(self._count):
            index = (self._next + step) % self._count
            if free(index):
                self._next = (index + 1) % self._count
                return index
        return None

    def started(self, index: int) -> None:
        """Of no concern."""

    def finished(self, index: int) -> None:
        """Of no concern."""


class WeightedRoundRobin:
    """As many messages in a row as its weight, then the next one. What is not free loses the rest of its turn."""

    def __init__(self, weights: Sequence[int]) -> None:
        self._weights = weights
        self._current = 0
        self._left = weights[0]

    def next(self, free: Free) -> int | None:
        for _ in range(len(self._weights) + 1):
            if self._left > 0 and free(self._current):
                self._left -= 1
                return self._current
            self._current = (self._current + 1) % len(self._weights)
            self._left = self._weights[self._current]
        return None

    def started(self, index: int) -> None:
        """Of no concern."""

    def finished(self, index: int) -> None:
        """Of no concern."""


class LeastConnections:
    """The endpoint with the fewest unanswered messages, measured by its weight."""

    def __init__(self, weights: Sequence[int]) -> None:
        self._weights = weights
        self._waiting = [0] * len(weights)
        self._next = 0

    def next(self, free: Free) -> int | None:
        count = len(self._weights)
        # Among equals it is one after the other.
        candidates = [index for step in range(count) if free(index := (self._next + step) % count)]
        if not candidates:
            return None
        index = min(candidates, key=lambda each: (self._waiting[each] + 1) / self._weights[each])
        self._next = (index + 1) % count
        return index

    def started(self, index: int) -> None:
        self._waiting[index] += 1

    def finished(self, index: int) -> None:
        self._waiting[index] -= 1


_PACKAGE: Final = "org.apache.synapse.endpoints.algorithms"

ALGORITHMS: Final[dict[str, Callable[[Sequence[int]], Algorithm]]] = {
    "roundRobin": RoundRobin,
    f"{_PACKAGE}.RoundRobin": RoundRobin,
    f"{_PACKAGE}.WeightedRoundRobin": WeightedRoundRobin,
    f"{_PACKAGE}.WeightedRRLCAlgorithm": LeastConnections,
}
"""By what ``policy`` and ``algorithm`` say; each is made with the weights of the endpoints, all at least 1."""
