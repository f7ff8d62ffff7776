"""Broadcasts to the clients of other processes: here two engines on one loop, which share a layer in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer

from mediation import broadcasts
from mediation.broadcasts import Broadcasts
from mediation.listeners.websocket import open_websocket_port
from mediation.local_transport import LocalTransport
from mediation.message import MessageContext
from mediation.options import Options
from mediation.payloads import Payload
from mediation.transports import SendOptions

from .gateway import Gateway, running
from .support import until
from .transports.websocket.support import BINARY, TEXT

ECHO = """<filter xpath="not(get-property('source.handshake.present') = 'true')"><then><respond/></then></filter>"""


@asynccontextmanager
async def process(layer: Any, level: int = 1) -> AsyncIterator[Gateway]:
    """An engine whose clients are told what they all say."""
    async with running({"ws.client.side.broadcast.level": level}, main=ECHO) as gateway:
        runtime = gateway.runtime
        runtime.broadcasts = Broadcasts(layer, runtime.subscribers)
        runtime.broadcasts.start()
        try:
            yield gateway
        finally:
            await runtime.broadcasts.aclose()


async def heard(layer: InMemoryChannelLayer, processes: int) -> None:
    """Wait until so many processes hear each other."""
    await until(lambda: len(layer.groups.get(broadcasts.GROUP, ())) == processes)


@pytest.mark.parametrize("level", [1, 2])
async def test_clients_of_other_processes_are_told_too_in_order(level):
    layer = InMemoryChannelLayer(capacity=1000)
    async with (
        process(layer, level) as here,
        process(layer, level) as there,
        here.client() as speaker,
        there.client() as listener,
    ):
        await heard(layer, 2)
        for number in range(100):
            speaker.send(*((TEXT, b"%d" % number) if number % 2 else (BINARY, b"\xff%d" % number)))
        for number in range(100):
            expected = (TEXT, b"%d" % number) if number % 2 else (BINARY, b"\xff%d" % number)
            assert await listener.receive() == expected
            if level == 1:
                assert await speaker.receive() == expected


async def test_what_any_flow_sends_to_a_path_reaches_all_processes():
    layer = InMemoryChannelLayer()
    async with process(layer) as here, process(layer) as there, there.client() as listener:
        await heard(layer, 2)
        local = LocalTransport()
        local.bind(here.runtime)
        local.send(MessageContext(here.environment, Payload("news")), "local:///inbound/test/chat", SendOptions())
        assert await listener.receive() == (TEXT, b"news")


class Flaky(InMemoryChannelLayer):
    """A layer that is out of reach at first."""

    out = True

    async def group_add(self, group: str, channel: str) -> None:
        if self.out:
            raise ConnectionError("out of reach")
        await super().group_add(group, channel)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        if self.out:
            raise ConnectionError("out of reach")
        await super().group_send(group, message)


async def test_a_layer_that_is_out_of_reach_disturbs_nobody_and_is_tried_again(monkeypatch, caplog):
    monkeypatch.setattr(broadcasts, "_FIRST_PAUSE", 0.01)
    layer = Flaky()
    async with (
        process(layer) as here,
        process(layer) as there,
        here.client() as speaker,
        there.client() as listener,
    ):
        for number in range(3):
            speaker.send(TEXT, b"lost %d" % number)
            assert await speaker.receive() == (TEXT, b"lost %d" % number)
        await until(lambda: "a broadcast did not reach other processes: out of reach" in caplog.text)
        layer.out = False
        await heard(layer, 2)
        speaker.send(TEXT, b"found")
        assert await listener.receive() == (TEXT, b"found")
    assert caplog.text.count("did not reach other processes") == 1
    assert caplog.text.count("are not heard") == 2, "once by each"


async def test_what_is_no_broadcast_is_told_and_left_out(caplog):
    layer = InMemoryChannelLayer()
    async with process(layer) as gateway, gateway.client() as client:
        await heard(layer, 1)
        await layer.group_send(broadcasts.GROUP, {"type": broadcasts.GROUP, "text": "for whom?"})
        await layer.group_send(
            broadcasts.GROUP, {"type": broadcasts.GROUP, "inbound": "test", "path": "/chat", "text": "hi"}
        )
        assert await client.receive() == (TEXT, b"hi")
    assert "a message over the channel layer is no broadcast" in caplog.text


async def test_processes_may_share_a_port():
    options = Options(host="127.0.0.1", share_ports=True)
    async with running(options=options) as first, running(options=options) as second:
        shared = await open_websocket_port("test", first.listener.port, second.runtime)
        clients = [first.client() for _ in range(64)]
        try:
            await asyncio.gather(*(client.__aenter__() for client in clients))
            counts = [len(each.runtime.clients) for each in (first, second)]
            assert sum(counts) == 64
            assert min(counts) > 0, "the operating system shares them out"
        finally:
            for client in clients:
                await client.__aexit__(None, None, None)
            await shared.close(timeout=1)
