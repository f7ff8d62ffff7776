"""Content codings (RFC 9110 8.4.1): bodies are mediated as they were before they were compressed."""

from __future__ import annotations

import asyncio
import zlib
from typing import Final

MAX_MEMBERS: Final = 16
"""A gzip body may be several files in a row; more than these are nobody's honest message."""


ENCODED: Final = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
"""Codings that bodies can be sent in, and what the library calls them."""

INLINE: Final = 64 * 1024
"""Bytes that are compressed on the event loop; more of them would keep others waiting."""


class BodyTooLarge(ValueError):
    """A body is larger than the limit, possibly only after it has been inflated."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body is larger than {limit} bytes")
        self.limit = limit


class UnknownCoding(ValueError):
    """A content coding that is not read here."""

    def __init__(self, coding: str) -> None:
        super().__init__(f'The content coding "{coding}" is not known; gzip and deflate are')
        self.coding = coding


def decode(body: bytes, content_encoding: str | None, limit: int) -> bytes:
    """
    Undo the content codings of a body.

    Args:
        content_encoding: the field's value; codings in the order in which they were applied.
        limit: bytes that the result may have. It is kept while inflating, not checked afterwards.

    Raises:
        UnknownCoding: nothing has been decoded.
        BodyTooLarge: the result would go over the limit.
        ValueError: the body is not of that coding.
    """
    codings = [coding for part in (content_encoding or "").split(",") if (coding := part.strip().lower())]
    for coding in codings:
        if coding not in ("gzip", "x-gzip", "deflate", "identity"):
            raise UnknownCoding(coding)
    for coding in reversed(codings):
        if coding != "identity" and body:
            body = _inflate(body, _window_bits(body, coding), limit)
    if len(body) > limit:
        raise BodyTooLarge(limit)
    return body


async def encode(body: bytes, coding: str) -> bytes:
    """A body in one of :data:`ENCODED`."""
    return _deflate(body, coding) if len(body) <= INLINE else await asyncio.to_thread(_deflate, body, coding)


def _deflate(body: bytes, coding: str) -> bytes:
    deflater = zlib.compressobj(wbits=ENCODED[coding])
    return deflater.compress(body) + deflater.flush()


def _window_bits(body: bytes, coding: str) -> int:
    if coding != "deflate":
        return 16 + zlib.MAX_WBITS
    # RFC 9110 8.4.1.2: "Some non-conformant implementations send the "deflate" compressed data without the zlib
    # wrapper."
    return zlib.MAX_WBITS if body[0] & 0x0F == zlib.DEFLATED else -zlib.MAX_WBITS


def _inflate(body: bytes, window_bits: int, limit: int) -> bytes:
    inflated = bytearray()
    for _ in range(MAX_MEMBERS):
        inflater = zlib.decompressobj(window_bits)
        try:
            inflated += inflater.decompress(body, limit + 1 - len(inflated))
        except zlib.error as exc:
            raise ValueError(f"The body is not what its Content-Encoding says: {exc}") from exc
        if len(inflated) > limit:
            raise BodyTooLarge(limit)
        if not inflater.eof:
            raise ValueError("The body ends before its content coding does")
        body = inflater.unused_data
        if not body:
            return bytes(inflated)
    raise ValueError(f"The body has more than {MAX_MEMBERS} gzip members")
