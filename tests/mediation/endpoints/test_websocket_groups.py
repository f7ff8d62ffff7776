"""Groups of WebSocket back-ends, with real clients and sockets."""

import asyncio

import pytest
import websockets

from tests.mediation.gateway import running
from tests.mediation.http_backend import free_port_url
from tests.mediation.support import until

OUT_ONLY = '<property name="OUT_ONLY" value="true"/>'


def group(kind, *uris):
    children = "".join(f'<endpoint><address uri="{uri}"/></endpoint>' for uri in uris)
    return f"{OUT_ONLY}<send><endpoint name='e'><{kind}>{children}</{kind}></endpoint></send>"


class Backend:
    """Answers each frame with its own name, and keeps its connections."""

    def __init__(self, name):
        self.name = name
        self.connections = []

    async def serve(self, connection):
        self.connections.append(connection)
        async for frame in connection:
            await connection.send(f"{self.name}: {frame}")


@pytest.fixture
async def backends():
    """Two back-ends; their addresses are ``one.uri`` and ``two.uri``."""
    found = [Backend("one"), Backend("two")]
    servers = [await websockets.serve(each.serve, "127.0.0.1", 0) for each in found]
    for each, server in zip(found, servers, strict=True):
        each.uri = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    yield found
    for server in servers:
        server.close()


async def said(client, text):
    await client.send(text)
    return await asyncio.wait_for(client.recv(), 5)


async def test_a_client_gets_the_back_end_that_is_up(backends):
    one, _ = backends
    down = free_port_url().replace("http", "ws")
    async with running(main=group("failover", down, one.uri), backend="") as gateway:
        async with websockets.connect(gateway.uri) as client:
            assert [await said(client, text) for text in "ab"] == ["one: a", "one: b"]
        await until(lambda: one.connections[0].state is websockets.State.CLOSED)


async def test_clients_take_turns_and_each_keeps_its_back_end(backends):
    one, two = backends
    async with running(main=group("loadbalance", one.uri, two.uri), backend="") as gateway:
        async with websockets.connect(gateway.uri) as first, websockets.connect(gateway.uri) as second:
            answers = [await said(client, "x") for client in (first, second, first, second)]
        assert answers == ["one: x", "two: x", "one: x", "two: x"]
        assert (len(one.connections), len(two.connections)) == (1, 1)


async def test_all_recipients_hear_a_client(backends):
    one, two = backends
    serving = running(main=group("recipientlist", one.uri, two.uri), backend="")
    async with serving as gateway, websockets.connect(gateway.uri) as client:
        await client.send("x")
        assert {await client.recv(), await client.recv()} == {"one: x", "two: x"}


async def test_when_all_are_down_the_client_is_told():
    down = [free_port_url().replace("http", "ws") for _ in range(2)]
    async with running(main=group("failover", *down), backend="") as gateway:
        client = await websockets.connect(gateway.uri)
        await asyncio.wait_for(client.wait_closed(), 5)
        assert client.close_code == 1014
        assert down[1].removeprefix("ws://") in client.close_reason
