"""Message headers: names are compared without case, values keep their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class Headers:
    """
    The *transport* scope of a message: HTTP or handshake headers.

    ``get`` and ``set`` see one value per name (the last one set, or the first that came), as sequences do; ``add`` and
    ``items`` keep repeated headers such as ``Set-Cookie`` apart (RFC 9110 5.3).
    """

    __slots__ = ("_values",)

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self._values: dict[str, list[tuple[str, str]]] = {}
        for name, value in items:
            self.add(name, value)

    def add(self, name: str, value: str) -> None:
        self._values.setdefault(name.lower(), []).append((name, value))

    def get(self, name: str, default: str | None = None) -> str | None:
        found = self._values.get(name.lower())
        return found[0][1] if found else default

    def set(self, name: str, value: str) -> None:
        self._values[name.lower()] = [(name, value)]

    def remove(self, name: str) -> None:
        self._values.pop(name.lower(), None)

    def clear(self) -> None:
        self._values.clear()

    def items(self) -> Iterator[tuple[str, str]]:
        for pairs in self._values.values():
            yield from pairs

    def copy(self) -> Headers:
        return Headers(self.items())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __len__(self) -> int:
        return sum(map(len, self._values.values()))

    def __repr__(self) -> str:
        return f"Headers({list(self.items())!r})"
