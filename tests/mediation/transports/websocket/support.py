"""What the tests of the WebSocket transport talk with: handlers that remember, and peers made of bare bytes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from mediation.transports.websocket import Connection, Frame, Handshake, Limits, Listener, Request, listen
from mediation.transports.websocket.handshake import accept_value

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
UPGRADE = (
    "GET /chat?a=1 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
).encode()


class Recorder:
    """A handler that keeps what it is told."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.frames: asyncio.Queue[Frame] = asyncio.Queue()
        self.lost: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
        self.paused = asyncio.Event()
        self.resumed = asyncio.Event()

    def frame_received(self, frame: Frame) -> None:
        self.frames.put_nowait(frame)

    def connection_lost(self, code: int, reason: str) -> None:
        self.lost.set_result((code, reason))  # raises when it is called twice

    def pause_writing(self) -> None:
        self.paused.set()

    def resume_writing(self) -> None:
        self.resumed.set()

    async def next(self) -> Frame:
        return await asyncio.wait_for(self.frames.get(), 5)

    async def end(self) -> tuple[int, str]:
        return await asyncio.wait_for(asyncio.shield(self.lost), 5)


class Echo(Recorder):
    """A handler that sends back what it gets, and reads only while it may write."""

    def frame_received(self, frame: Frame) -> None:
        self.connection.send(frame)

    def pause_writing(self) -> None:
        self.connection.pause_reading()

    def resume_writing(self) -> None:
        self.connection.resume_reading()


class Server:
    """A listener whose handlers can be looked at."""

    def __init__(self, handler: Callable[[Connection], Recorder]) -> None:
        self.listener: Listener
        self.handlers: asyncio.Queue[Recorder] = asyncio.Queue()
        self._handler = handler

    def accept(self, request: Request) -> Handshake:
        return Handshake(self.make)

    def make(self, connection: Connection) -> Recorder:
        handler = self._handler(connection)
        self.handlers.put_nowait(handler)
        return handler

    async def handler(self) -> Recorder:
        """The handler of the next connection."""
        return await asyncio.wait_for(self.handlers.get(), 5)

    @property
    def port(self) -> int:
        return self.listener.port

    @property
    def uri(self) -> str:
        return f"ws://127.0.0.1:{self.port}/"


@asynccontextmanager
async def serving(
    handler: Callable[[Connection], Recorder] = Recorder, limits: Limits | None = None
) -> AsyncIterator[Server]:
    server = Server(handler)
    server.listener = await listen("127.0.0.1", 0, server.accept, limits=limits)
    try:
        yield server
    finally:
        await server.listener.close(timeout=2)


class Peer:
    """The other side as bare bytes, for what a decent WebSocket library would not send."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, masks: bool) -> None:
        self.reader = reader
        self.writer = writer
        self._masks = masks

    def send(self, opcode: int, payload: bytes = b"", **bits: bool | int) -> None:
        self.write(frame(opcode, payload, **{"mask": self._masks, **bits}))

    def write(self, data: bytes) -> None:
        self.writer.write(data)

    async def receive(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame."""
        async with asyncio.timeout(5):
            first, second = await self.reader.readexactly(2)
            size = second & 0x7F
            if size > 125:
                size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
            mask = await self.reader.readexactly(4) if second & 0x80 else None
            payload = await self.reader.readexactly(size)
        return first & 0x0F, payload if mask is None else masked(payload, mask)

    async def receive_close(self) -> int | None:
        """The code of the Close that must come next, and then the end of the connection."""
        opcode, payload = await self.receive()
        assert opcode == CLOSE, (opcode, payload)
        return int.from_bytes(payload[:2], "big") if payload else None

    async def rest(self) -> bytes:
        """All that comes until the end of the connection."""
        return await asyncio.wait_for(self.reader.read(), 5)

    async def head(self) -> bytes:
        return await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 5)

    def hang_up(self) -> None:
        self.writer.transport.abort()


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bool = True) -> bytes:
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    size, bit = len(payload), 0x80 if mask else 0
    if size < 126:
        head += bytes([bit | size])
    elif size < 65536:
        head += bytes([bit | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([bit | 127]) + size.to_bytes(8, "big")
    if not mask:
        return head + payload
    key = os.urandom(4)
    return head + key + masked(payload, key)


def masked(payload: bytes, key: bytes) -> bytes:
    keys = (key * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(keys, "big")).to_bytes(len(payload), "big")


@asynccontextmanager
async def dialing(port: int, request: bytes | None = UPGRADE) -> AsyncIterator[Peer]:
    """A client. Its request is sent and answered with 101, unless it has none."""
    peer = Peer(*await asyncio.open_connection("127.0.0.1", port), masks=True)
    try:
        if request is not None:
            peer.write(request)
            assert (await peer.head()).startswith(b"HTTP/1.1 101 ")
        yield peer
    finally:
        peer.hang_up()


@asynccontextmanager
async def answering(serve: Callable[[Peer], object], answer: bytes | None = None) -> AsyncIterator[int]:
    """A server; yields its port. It answers any handshake (with `answer`, if given), then `serve` gets the peer."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer, masks=False)
        try:
            head = (await peer.head()).decode("latin-1")
            key = head.partition("Sec-WebSocket-Key: ")[2].partition("\r\n")[0]
            peer.write(acceptance(key) if answer is None else answer.replace(b"$ACCEPT", accept_value(key).encode()))
            await serve(peer)  # type: ignore[misc]
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def acceptance(key: str, *lines: str) -> bytes:
    head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
    return "\r\n".join([*head, f"Sec-WebSocket-Accept: {accept_value(key)}", *lines, "", ""]).encode()
