"""
The frame engine: picows reads and writes frames, and is kept from deciding anything by itself.

picows answers a protocol error with a Close of its own, before it has delivered the frame in front of the bad one, and
hangs up ten milliseconds later. A connection therefore has two engines that do not know each other: one that only reads
(:func:`open_reader`; what it wants to write becomes a report) and one that only writes (:func:`open_writer`). The
opening handshakes are ours (:mod:`.handshake`), so the reader is fed with one that it cannot refuse.

``WSProtocol`` is not public, hence the exact pin in ``requirements.txt`` and the contract in ``test_engine.py``.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
from collections.abc import Callable
from typing import Any, Protocol

from picows import WSListener
from picows.picows import WSProtocol, WSTransport  # type: ignore[attr-defined]

from .handshake import accept_value

Failed = Callable[[int, str], None]
"""Told once the peer has broken the protocol: close code and reason. All frames before the bad one were delivered."""


class Reader(Protocol):
    """The part of picows' protocol class that we rely on; asyncio calls the first two for every read."""

    transport: WSTransport

    def get_buffer(self, sizehint: int) -> memoryview: ...
    def buffer_updated(self, nbytes: int) -> None: ...
    def connection_made(self, transport: Any) -> None: ...


def open_reader(
    transport: asyncio.Transport, listener: WSListener, *, client_side: bool, max_frame: int, failed: Failed
) -> Reader:
    """
    Make `listener` get the frames that arrive at `transport` from now on.

    Args:
        client_side: frames must come unmasked; otherwise they must come masked.
        max_frame: bytes; a longer frame fails with 1009 as soon as its length is announced.
    """
    muted = _Muted(transport, failed)
    reader: Reader = _FrugalReader(
        host_port="localhost",
        ws_path="/",
        is_client_side=client_side,
        ws_listener_factory=lambda *_: listener,
        logger=_SILENT,
        disconnect_on_exception=False,
        websocket_handshake_timeout=None,
        enable_auto_ping=False,
        auto_ping_idle_timeout=None,
        auto_ping_reply_timeout=None,
        auto_ping_strategy=1,
        enable_auto_pong=False,
        max_frame_size=max_frame,
        extra_headers=None,
        read_buffer_init_size=16 * 1024,
    )
    reader.connection_made(muted)
    if client_side:
        feed(reader, _RESPONSE % accept_value(reader.transport.request.headers["Sec-WebSocket-Key"]).encode())
    else:
        feed(reader, _REQUEST)
    muted.reader = reader
    transport.set_protocol(reader)  # type: ignore[arg-type]
    return reader


def open_writer(transport: asyncio.Transport, *, client_side: bool) -> WSTransport:
    """
    What writes frames to `transport`. It must not be used after the TCP connection has gone: it writes to the file
    descriptor itself, whose number may by then belong to another connection.
    """
    if client_side and _srand is not None:
        _srand(int.from_bytes(os.urandom(4), "little"))
    return WSTransport(client_side, transport, _SILENT, asyncio.get_running_loop())  # type: ignore[call-arg]


def feed(reader: Reader, data: bytes) -> None:
    """Give the reader bytes that were read by somebody else."""
    rest = memoryview(data)
    while rest:
        buffer = reader.get_buffer(-1)
        size = min(len(buffer), len(rest))
        buffer[:size] = rest[:size]
        reader.buffer_updated(size)
        rest = rest[size:]


class _FrugalReader(WSProtocol):
    """
    picows doubles its buffer whenever a read fills it to nine tenths, and never gives memory back: a peer that sends
    faster than it is read would make it grow to what the kernel holds for it, megabytes for each connection. A read of
    at most three quarters of what is free makes it grow only for the sake of a frame: to less than four times its size.
    """

    def get_buffer(self, sizehint: int) -> memoryview:
        free: memoryview = WSProtocol.get_buffer(self, sizehint)
        return free[: len(free) * 3 // 4]


class _Muted:
    """The transport that a reader sees: nothing leaves, and an attempt to write after the handshake is a report."""

    def __init__(self, transport: asyncio.Transport, failed: Failed) -> None:
        self._transport = transport
        self._failed = failed
        self.reader: Reader | None = None  # None: the feigned handshake is not over

    def get_extra_info(self, name: str, default: object = None) -> object:
        # With TLS the engine always calls write(); without, it would write to the socket behind our back.
        return True if name == "ssl_object" else self._transport.get_extra_info(name, default)

    def get_write_buffer_size(self) -> int:
        return 0

    def write(self, data: bytes) -> None:
        if self.reader is None:
            return
        self._transport.pause_reading()
        # Later, because the engine looks one frame ahead: the frame before the bad one is delivered after this call.
        asyncio.get_running_loop().call_soon(self._report)

    writelines = write

    def _report(self) -> None:
        if self.reader is not None:
            sent: Any = self.reader.transport.close_handshake.sent
            self.reader = None
            self._failed(int(sent.code), sent.reason)

    def close(self) -> None:
        """Hanging up is decided in :mod:`.strict`."""

    abort = close


class _Silent:
    """picows logs what its users are told anyway, several lines for each connection, through a logger for each one."""

    def isEnabledFor(self, level: int) -> bool:
        return False

    def log(self, *args: object, **kwargs: object) -> None:
        pass

    debug = info = warning = error = exception = log


_SILENT = _Silent()

_REQUEST = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
_RESPONSE = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n\r\n"
)

# 10.3. "The masking key needs to be unpredictable": picows takes its keys from C rand(), which begins with the same
# seed in every process. It gets a strong one with each connection; the keys that follow are those of a weak generator.
_srand = ctypes.CDLL(None).srand if os.name == "posix" else None
