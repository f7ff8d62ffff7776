"""A message from its fragments: its size, its text, and what is inflated of it."""

from __future__ import annotations

import codecs
from typing import Protocol

_UTF8 = codecs.getincrementaldecoder("utf-8")


class Violation(Exception):
    """The peer broke a rule, or a limit: the connection has to be failed (7.1.7) with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class Inflater(Protocol):
    """See :class:`.deflate.Inflater`."""

    def inflate(self, fragment: bytes, room: int, *, last: bool) -> bytes: ...


class Assembly:
    """
    One message, of which more is to come, or which is compressed.

    Args:
        inflater: of the connection, if the message is compressed.
        max_size: bytes, inflated.
    """

    __slots__ = ("_decoder", "_inflater", "_max_fragments", "_max_size", "_parts", "_size")

    def __init__(self, *, is_text: bool, inflater: Inflater | None, max_size: int, max_fragments: int) -> None:
        self._decoder = _UTF8() if is_text else None
        self._inflater = inflater
        self._max_size = max_size
        self._max_fragments = max_fragments
        self._parts: list = []
        self._size = 0

    def add(self, fragment: bytes, *, last: bool) -> str | bytes | None:
        """
        Returns: the message after its last fragment.

        Raises:
            Violation: the message is too long (1009), in too many pieces (1008), or not what it should be (1007).
        """
        if len(self._parts) >= self._max_fragments:
            raise Violation(1008, f"a message has more than {self._max_fragments} fragments")
        if self._inflater is not None:
            fragment = self._inflater.inflate(fragment, self._max_size - self._size, last=last)
        self._size += len(fragment)
        if self._size > self._max_size:
            raise Violation(1009, f"a message is longer than {self._max_size} bytes")
        self._parts.append(fragment if self._decoder is None else self._decoded(fragment, last))
        if not last:
            return None
        return b"".join(self._parts) if self._decoder is None else "".join(self._parts)

    def _decoded(self, fragment: bytes, last: bool) -> str:
        assert self._decoder is not None
        try:
            return self._decoder.decode(fragment, last)
        except UnicodeDecodeError:
            raise Violation(1007, "text is not valid UTF-8") from None
