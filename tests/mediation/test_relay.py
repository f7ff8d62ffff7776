"""Sub-protocols of clients, over real sockets: negotiated here, or relayed to the back-end."""

import asyncio

import pytest
import websockets
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.urls import path

from mediation.consumers import InboundConsumer
from mediation.transports.websocket.opening import NO_OFFER

from .bridge import closed, received
from .support import until


@pytest.fixture
async def choosing(gateway, backend):
    """A back-end that knows two sub-protocols; without one it speaks first."""

    async def serve(connection):
        backend.connections.append(connection)
        backend.headers.append(connection.request.headers)
        await connection.send(f"speaking {connection.subprotocol}")
        async for frame in connection:
            await connection.send(frame)

    def choose(connection, offered):
        return next((each for each in offered if each in ("soap", "chat.v2")), None)

    server = await websockets.serve(serve, "127.0.0.1", 0, select_subprotocol=choose)
    port = server.sockets[0].getsockname()[1]
    gateway.point_to(f"ws://127.0.0.1:{port}/")
    backend.choosing = server
    yield backend
    server.close()


def relaying(gateway, **more):
    gateway.configure(conversation={"relays_subprotocols": True} | more)


async def test_the_client_gets_the_choice_of_its_back_end(gateway, choosing):
    relaying(gateway)
    async with gateway.client(subprotocols=["chat.v1", "chat.v2", "soap"]) as client:
        assert client.subprotocol == choosing.connections[0].subprotocol == "chat.v2"
        # The back-end spoke before the client's handshake was answered.
        assert await received(client) == "speaking chat.v2"
        await client.send("hello")
        assert await received(client) == "hello"
    await gateway.idle()
    assert len(choosing.connections) == 1


async def test_without_relaying_a_back_end_is_offered_nothing(gateway, choosing):
    gateway.configure(conversation={"subprotocols": ("chat.v2",)})
    async with gateway.client(subprotocols=["chat.v2"]) as client:
        assert client.subprotocol == "chat.v2"
        assert await received(client) == "speaking None"
    assert "Sec-WebSocket-Protocol" not in choosing.headers[0]


async def test_a_property_offers_a_subprotocol_to_the_back_end(gateway, choosing):
    offer = '<property name="websocket.subprotocol" scope="axis2" value="soap"/>'
    gateway.point_to(gateway.uri, before=offer)
    async with gateway.client() as client:
        assert await received(client) == "speaking soap"
        await client.send("the same connection")
        assert await received(client) == "the same connection"
    assert len(choosing.connections) == 1


async def test_a_back_end_that_chooses_none_leaves_the_choice_to_the_endpoint(gateway, backend):
    relaying(gateway)
    async with gateway.client(subprotocols=["chat.v2", "synapse.json"]) as client:
        assert client.subprotocol == "synapse.json"
        assert backend.connections[0].request.headers["Sec-WebSocket-Protocol"] == "chat.v2, synapse.json"


async def test_a_back_end_that_cannot_be_reached_is_a_bad_gateway(gateway, backend):
    relaying(gateway)
    backend.server.close()
    await backend.server.wait_closed()
    with pytest.raises(websockets.InvalidStatus) as refusal:
        await gateway.client(subprotocols=["chat.v2"])
    assert refusal.value.response.status_code == 502
    assert b"Connection refused" in refusal.value.response.body
    await gateway.idle()


async def test_a_sequence_can_refuse_the_handshake(gateway, backend):
    relaying(gateway)
    gateway.environment.deploy(
        '<sequence name="main"><property name="errorCode" value="4001"/>'
        '<property name="ERROR_MESSAGE" value="not you"/><respond/></sequence>'
    )
    with pytest.raises(websockets.InvalidStatus) as refusal:
        await gateway.client(subprotocols=["chat.v2"])
    assert (refusal.value.response.status_code, refusal.value.response.body) == (403, b"not you")
    await gateway.idle()


async def test_a_client_that_does_not_wait_for_the_choice_leaves_nothing_behind(gateway, backend):
    relaying(gateway)
    asked = asyncio.Event()

    async def never(connection, request):
        asked.set()
        await asyncio.Event().wait()

    silent = await websockets.serve(backend.serve, "127.0.0.1", 0, process_request=never)
    gateway.point_to(f"ws://127.0.0.1:{silent.sockets[0].getsockname()[1]}/")
    connecting = asyncio.ensure_future(gateway.client(subprotocols=["chat.v2"]).__aenter__())
    await asyncio.wait_for(asked.wait(), 10)
    connecting.cancel()
    silent.close()
    await gateway.idle()


async def test_clients_without_subprotocols_are_answered_at_once(gateway, choosing):
    relaying(gateway)
    async with gateway.client() as client:
        assert client.subprotocol is None
        assert await received(client) == "speaking None"


async def test_the_main_port_relays_too(gateway, choosing):
    relaying(gateway)
    application = URLRouter([path("inbound/<name>/<path:path>", InboundConsumer(gateway.runtime))])
    communicator = WebsocketCommunicator(application, "/inbound/test/x", subprotocols=["chat.v1", "soap"])
    assert await communicator.connect() == (True, "soap")
    assert await communicator.receive_from() == "speaking soap"
    await communicator.disconnect()
    await gateway.idle()


NEGOTIATED = [
    (["synapse.json"], "synapse.json"),
    (["unknown", "synapse.xml", "synapse.json"], "synapse.xml"),
    (["mine", "synapse.json"], "mine"),
    (["unknown"], None),
]


@pytest.mark.parametrize(("offered", "chosen"), NEGOTIATED)
async def test_the_first_one_that_the_client_offers_and_the_endpoint_takes(gateway, offered, chosen):
    gateway.configure(conversation={"subprotocols": ("mine",)})
    async with gateway.client(subprotocols=offered) as client:
        assert client.subprotocol == chosen


async def test_an_asterisk_takes_whatever_the_client_likes_best(gateway):
    gateway.configure(conversation={"subprotocols": ("*",)})
    async with gateway.client(subprotocols=["one", "two"]) as client:
        assert client.subprotocol == "one"


async def test_frames_of_an_alias_are_built(gateway, backend):
    gateway.environment.deploy(
        '<sequence name="main"><filter source="json-eval($.a)" regex="1"><then><respond/></then></filter></sequence>'
    )
    async with gateway.client(subprotocols=["synapse.json"]) as client:
        await client.send('{"a": 2}')
        await client.send('{"a": 1}')
        assert await received(client) == '{"a": 1}'


async def test_a_lost_back_end_of_a_relayed_client_is_offered_the_choice_again(gateway, choosing):
    relaying(gateway)
    gateway.configure(conversation={"relays_subprotocols": True}, propagate_close=False)
    async with gateway.client(subprotocols=["soap", "chat.v2"]) as client:
        assert await received(client) == "speaking soap"
        await choosing.connections[0].close()
        await until(lambda: not next(iter(gateway.runtime.sessions)).backends.get(gateway.uri, NO_OFFER))
        await client.send("again")
        assert await received(client) == "speaking soap"
    assert choosing.headers[1]["Sec-WebSocket-Protocol"] == "soap"
    assert await closed(client) == (1000, "")
