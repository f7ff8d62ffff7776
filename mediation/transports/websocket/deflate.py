"""
permessage-deflate (RFC 7692): agreeing on it, compressing, and inflating no more than is allowed.

Windows are 9 to 15 bits: zlib cannot write with 8, so an offer that demands 8 of us is declined.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from .assembly import Violation
from .strict import WSMsgType

NAME = "permessage-deflate"
_TAIL = b"\x00\x00\xff\xff"
"""7.2.1. What ends each message, and is not sent."""
_LARGEST = 15
_MEMORY_LEVEL = 5  # 1 to 9; with 12 bits a compressor takes 32 KiB, with zlib's defaults 256 KiB

Write = Callable[..., None]
"""Writes a frame: kind, payload, whether it is the last one, and the first reserved bit."""


@dataclass(frozen=True, slots=True)
class Deflate:
    """
    How we compress.

    Attributes:
        context_takeover: each message may refer to those before it. Without it, a connection keeps no windows
            between messages, which costs most of the effect on small ones.
        window_bits: 9 to 15; memory and effect grow with it.
        min_size: bytes; a shorter message is sent as it is.
    """

    context_takeover: bool = True
    window_bits: int = 12
    min_size: int = 64


@dataclass(frozen=True, slots=True)
class Agreement:
    """What both sides keep to on one connection; the parameters of 7.1."""

    server_no_context_takeover: bool = False
    client_no_context_takeover: bool = False
    server_max_window_bits: int = _LARGEST
    client_max_window_bits: int = _LARGEST


# -- the opening handshake ---------------------------------------------------------------------------------------------


def offer(ours: Deflate) -> str:
    """The value of ``Sec-WebSocket-Extensions`` in our request."""
    if ours.context_takeover:
        return f"{NAME}; client_max_window_bits"
    return f"{NAME}; client_no_context_takeover; server_no_context_takeover; client_max_window_bits"


def agree(ours: Deflate, offers: Iterable[str]) -> tuple[Agreement, str] | None:
    """
    Choose the first of a client's offers that we can keep to.

    Args:
        offers: values of its ``Sec-WebSocket-Extensions`` headers.

    Returns: the agreement and the header that tells it, or ``None`` to go without compression.
    """
    for parameters in _parse(offers):
        try:
            return _answer(ours, parameters)
        except ValueError:
            continue  # 5.1. "an extension negotiation offer that it declines"
    return None


def _answer(ours: Deflate, offered: list[tuple[str, str | None]]) -> tuple[Agreement, str]:
    asked, named = _read(offered, hint_allowed=True)
    told = [NAME]
    agreed = asked
    if asked.server_no_context_takeover or not ours.context_takeover:
        agreed = replace(agreed, server_no_context_takeover=True)
        told.append("server_no_context_takeover")
    if asked.client_no_context_takeover or not ours.context_takeover:
        agreed = replace(agreed, client_no_context_takeover=True)
        told.append("client_no_context_takeover")
    agreed = replace(agreed, server_max_window_bits=min(asked.server_max_window_bits, ours.window_bits))
    if agreed.server_max_window_bits < 9:
        raise ValueError("zlib does not write with such a window")
    if "server_max_window_bits" in named:
        told.append(f"server_max_window_bits={agreed.server_max_window_bits}")
    if "client_max_window_bits" in named:
        # 7.1.2.2. Only a client that offers it can be told.
        agreed = replace(agreed, client_max_window_bits=min(asked.client_max_window_bits, ours.window_bits))
        told.append(f"client_max_window_bits={agreed.client_max_window_bits}")
    return agreed, "; ".join(told)


def read_answer(ours: Deflate, values: Iterable[str]) -> Agreement | None:
    """
    What a server says to our offer; ``None`` if it goes without.

    Raises:
        ValueError: the answer is none that we can keep to.
    """
    answers = list(_parse(values, others=True))
    if not answers:
        return None
    if len(answers) > 1:
        raise ValueError("more than one extension")
    agreed, _ = _read(answers[0], hint_allowed=False)
    if agreed.client_max_window_bits < 9:
        raise ValueError("zlib does not write with such a window")
    if not ours.context_takeover:
        if not agreed.server_no_context_takeover:
            raise ValueError("server_no_context_takeover is missing")
        agreed = replace(agreed, client_no_context_takeover=True)
    return replace(agreed, client_max_window_bits=min(agreed.client_max_window_bits, ours.window_bits))


def _parse(values: Iterable[str], *, others: bool = False) -> Iterable[list[tuple[str, str | None]]]:
    """
    The parameters of each permessage-deflate in a header.

    Args:
        others: another extension is a ``ValueError``, instead of being passed over.
    """
    for extension in ",".join(values).split(","):
        name, *parameters = [part.strip(" \t") for part in extension.split(";")]
        if name.lower() == NAME:
            yield [_parameter(text) for text in parameters]
        elif name and others:
            raise ValueError(f"{name} was not offered")


def _parameter(text: str) -> tuple[str, str | None]:
    name, equals, value = text.partition("=")
    value = value.strip(" \t")
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    return name.strip(" \t").lower(), value if equals else None


def _read(parameters: list[tuple[str, str | None]], *, hint_allowed: bool) -> tuple[Agreement, set[str]]:
    """
    Args:
        hint_allowed: ``client_max_window_bits`` may come without a value (7.1.2.2).

    Raises:
        ValueError: a parameter is unknown, comes twice, or has no such value (7.1).
    """
    values: dict[str, bool | int] = {}
    named: set[str] = set()
    for name, value in parameters:
        if name in named:
            raise ValueError(f"{name} comes twice")
        named.add(name)
        if name in ("server_no_context_takeover", "client_no_context_takeover"):
            if value is not None:
                raise ValueError(f"{name} takes no value")
            values[name] = True
        elif name == "server_max_window_bits" or (name == "client_max_window_bits" and value is not None):
            values[name] = _bits(name, value)
        elif name != "client_max_window_bits" or not hint_allowed:
            raise ValueError(f"{name or 'an empty parameter'} is not known")
    return Agreement(**values), named  # type: ignore[arg-type]


def _bits(name: str, value: str | None) -> int:
    if value not in ("8", "9", "10", "11", "12", "13", "14", "15"):
        raise ValueError(f"{name} is not from 8 to 15")
    return int(value)


# -- messages ----------------------------------------------------------------------------------------------------------


class Inflater:
    """Inflates the messages of one connection, fragment by fragment."""

    def __init__(self, bits: int, *, context_takeover: bool) -> None:
        # A decompressor reads with no fewer than 9 bits; a larger window than the writer's does no harm.
        self._bits = -max(bits, 9)
        self._context_takeover = context_takeover
        self._inflate = zlib.decompressobj(self._bits)

    def inflate(self, fragment: bytes, room: int, *, last: bool) -> bytes:
        """
        Args:
            room: bytes that the result may have.

        Raises:
            Violation: 1009 if there are more; no more than `room` and one are ever made. 1007 for what is no deflate.
        """
        data = fragment + _TAIL if last else fragment
        parts = []
        try:
            while data:
                parts.append(self._inflate.decompress(data, room + 1))
                room -= len(parts[-1])
                if room < 0:
                    raise Violation(1009, "a message is too long when it is inflated")
                data = self._inflate.unconsumed_tail
                if self._inflate.eof:
                    # 7.2.3.5. A block may be marked as the last one; what follows it begins anew.
                    data = self._inflate.unused_data
                    self._inflate = zlib.decompressobj(self._bits)
        except zlib.error:
            raise Violation(1007, "a message is not compressed as agreed") from None
        if last and not self._context_takeover:
            self._inflate = zlib.decompressobj(self._bits)
        return b"".join(parts)


def compressing(write: Write, bits: int, ours: Deflate, *, context_takeover: bool) -> Write:
    """A `write` that compresses what is worth it."""
    # An empty message cannot be told from no flush at all.
    least = max(ours.min_size, 1)
    kept = _compressor(bits) if context_takeover else None

    def send(kind: WSMsgType, message: str | bytes) -> None:
        data = message.encode() if isinstance(message, str) else message
        if len(data) < least:
            write(kind, data)
            return
        compressor = kept or _compressor(bits)
        compressed = compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)
        write(kind, compressed[: -len(_TAIL)], True, True)

    return send


def _compressor(bits: int) -> zlib._Compress:
    return zlib.compressobj(wbits=-bits, memLevel=_MEMORY_LEVEL)
