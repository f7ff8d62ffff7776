"""A real HTTP back-end on a free port, which keeps what it was sent."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ssl import SSLContext

from aiohttp import web

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass
class Seen:
    """One request, as it came."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def get(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def get_all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass
class HttpBackend:
    """Answers every request with :attr:`answer`, by default with what it was sent."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    answer: Handler | None = None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.raw_headers]
        body = await request.read()
        self.seen.append(Seen(request.method, request.raw_path, headers, body))
        if self.answer is not None:
            return await self.answer(request)
        content_type = request.headers.get("Content-Type")
        return web.Response(body=body, headers={"Content-Type": content_type} if content_type else None)

    def answers(self, body: bytes = b"", status: int = 200, **headers: str) -> None:
        """Answer with this from now on."""

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return web.Response(body=body, status=status, headers=named)

        self.answer = answer


@asynccontextmanager
async def http_backend(context: SSLContext | None = None) -> AsyncIterator[HttpBackend]:
    backend = HttpBackend()
    server = web.Server(backend._handle, access_log=None, auto_decompress=False)
    listener = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0, ssl=context)
    port = listener.sockets[0].getsockname()[1]
    backend.url = f"{'https' if context else 'http'}://127.0.0.1:{port}"
    try:
        yield backend
    finally:
        listener.close()
        await server.shutdown(0.05)


@asynccontextmanager
async def raw_backend(answer: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that keeps the bytes of each connection up to the first pause, writes ``answer``, and closes."""
    received: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        received.append(head)
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", received


def free_port_url() -> str:
    """The address of a port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
