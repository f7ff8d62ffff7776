"""Clients come and go in every way, a thousand times, and nothing of them stays."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator

import pytest

from tests.mediation.gateway import SEND, Gateway, descriptors, memory, running, tasks
from tests.mediation.support import until
from tests.mediation.transports.websocket.support import CLOSE, CONTINUATION, TEXT, UPGRADE, Echo

TIMES = 1000
AT_A_TIME = 10
NOBODY = UPGRADE.replace(b"/chat?a=1", b"/nobody")


async def clean(gateway: Gateway) -> None:
    async with gateway.client() as peer:
        peer.send(TEXT, b"hi")
        assert await peer.receive() == (TEXT, b"hi")
        peer.send(CLOSE, b"\x03\xe8")
        assert await peer.receive_close() == 1000
        await peer.rest()


async def abrupt(gateway: Gateway) -> None:
    async with gateway.client() as peer:
        peer.send(TEXT, b"hi")
        assert await peer.receive() == (TEXT, b"hi")
        peer.hang_up()


async def gone_in_the_handshake(gateway: Gateway) -> None:
    async with gateway.dial() as peer:
        peer.write(UPGRADE)
        await peer.writer.drain()


async def gone_before_it(gateway: Gateway) -> None:
    async with gateway.dial() as peer:
        peer.write(UPGRADE[:20])


async def no_upgrade(gateway: Gateway) -> None:
    async with gateway.dial() as peer:
        peer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await peer.rest()).startswith(b"HTTP/1.1 426 ")


async def protocol_error(gateway: Gateway) -> None:
    async with gateway.client() as peer:
        peer.send(CONTINUATION, b"of nothing")
        assert await peer.receive_close() == 1002


async def in_the_middle_of_a_message(gateway: Gateway) -> None:
    async with gateway.client() as peer:
        peer.send(TEXT, b"x" * 10_000, fin=False)
        await peer.writer.drain()


async def refused_backend(gateway: Gateway) -> None:
    async with gateway.client(NOBODY) as peer:
        assert await peer.receive_close() == 1014
        peer.send(CLOSE, b"\x03\xf6")
        await peer.rest()


async def killed_backend(gateway: Gateway) -> None:
    async with gateway.client() as peer:
        peer.send(TEXT, b"die")
        assert await peer.receive_close() == 1014
        peer.send(CLOSE, b"\x03\xf6")
        await peer.rest()


class Mortal(Echo):
    def frame_received(self, frame: str | bytes) -> None:
        if frame == "die":
            self.connection.abort()
        else:
            super().frame_received(frame)


WAYS = (
    clean,
    abrupt,
    gone_in_the_handshake,
    gone_before_it,
    no_upgrade,
    protocol_error,
    in_the_middle_of_a_message,
    refused_backend,
    killed_backend,
)


@pytest.fixture
def quiet() -> Iterator[None]:
    """The lines of a test's log stay until its end."""
    logging.disable(logging.INFO)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize(
    "parameters", [{}, {"ws.deflate": "true", "ws.max.message.rate": 1000, "ws.queue.policy": "drop"}]
)
async def test_nothing_stays(parameters: dict[str, object], free_port: Callable[[], int], quiet: None) -> None:
    parameters |= {"dispatch.custom.sequence": "true"}
    async with running(parameters, backend=Mortal) as gateway:
        assert gateway.backend is not None
        gateway.environment.deploy(
            '<sequence xmlns="http://ws.apache.org/ns/synapse" name="nobody">'
            + SEND.format(uri=f"ws://127.0.0.1:{free_port()}/")
            + "</sequence>"
        )

        async def rounds(times: int) -> None:
            waiting: list[Awaitable[None]] = [WAYS[number % len(WAYS)](gateway) for number in range(times)]
            while waiting:
                await asyncio.gather(*waiting[:AT_A_TIME])
                del waiting[:AT_A_TIME]
            await settled(gateway)

        await rounds(TIMES // 2)  # what is made once, such as pools and caches
        before = tasks(), descriptors()
        memory_before = memory()
        await rounds(TIMES)

        assert (tasks(), descriptors()) == before
        assert memory() - memory_before < 4 * 1024 * 1024
        assert len(gateway.runtime.clients) == 0
        assert len(gateway.runtime.subscribers) == 0


async def settled(gateway: Gateway) -> None:
    """Return when all connections have gone, on both sides."""
    assert gateway.backend is not None
    await gateway.idle()
    listener = gateway.backend.listener
    await until(lambda: not listener.connections and not listener._opening and not gateway.listener._opening)
    gateway.backend.handlers = asyncio.Queue()
    alone = tasks()
    await until(lambda: tasks() <= alone)
