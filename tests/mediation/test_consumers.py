"""A client, an inbound endpoint and a back-end, over real sockets; the far ends are the library ``websockets``."""

import asyncio
import contextlib

import pytest
import websockets
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.urls import path

from mediation.consumers import InboundConsumer
from mediation.transports import TRANSPORTS

from .bridge import SEND, closed, received
from .support import until


async def blocks(connection):
    """Whether 128 MiB are too much for whoever should read them."""
    for _ in range(2000):
        try:
            await asyncio.wait_for(connection.send("y" * 65536), 0.5)
        except TimeoutError:
            return True
    return False


async def test_text_and_binary_go_to_the_back_end_and_come_back_unchanged(gateway, backend):
    frames = ["hi", "", b"", b"\x00\xff", "ü" * 40_000, bytes(65536), "x" * 65536]
    async with gateway.client() as client:
        for frame in frames:
            await client.send(frame)
        assert [await received(client) for _ in frames] == frames
    assert backend.paths == ["/websocket?x=1"]


async def test_the_log_says_the_close_that_ended_the_conversation_not_the_answer_to_it(gateway, backend, caplog):
    gateway.environment.deploy(
        """<sequence name="main"><property name="errorCode" value="4003"/>
        <property name="ERROR_MESSAGE" value="enough"/><respond/></sequence>"""
    )
    with caplog.at_level("INFO"):
        async with gateway.client() as ours:
            assert await closed(ours) == (4003, "enough")
        gateway.point_to(backend.uri)
        async with gateway.client() as theirs:
            await theirs.close(4004, "goodbye")
        await gateway.idle()
    ends = [record.getMessage().partition(" closed with ")[2] for record in caplog.records]
    assert [end for end in ends if end] == ["4003 enough", "4004 goodbye"]


async def test_the_back_end_is_connected_before_the_first_frame(gateway, backend):
    async with gateway.client():
        await until(lambda: backend.connections)
    assert backend.frames == []


async def test_ten_thousand_numbered_frames_keep_their_order_each_way(gateway, backend):
    numbers = [str(number) for number in range(10_000)]
    async with gateway.client() as client:

        async def send():
            for number in numbers:
                await client.send(number)

        sending = asyncio.create_task(send())
        assert [await received(client) for _ in numbers] == numbers
        await sending
    assert backend.frames == numbers


class SlowService:
    """A transport whose answers take a different number of turns of the loop each time."""

    def __init__(self):
        self.turns = 0

    def send(self, ctx, uri, options):
        return self.answer()

    async def answer(self):
        self.turns = (self.turns + 7) % 11
        for _ in range(self.turns):
            await asyncio.sleep(0)


async def test_order_is_kept_when_mediation_waits(gateway, backend, monkeypatch):
    monkeypatch.setitem(TRANSPORTS, "http", SlowService())
    call = '<call><endpoint><address uri="http://slow"/></endpoint></call>'
    gateway.environment.deploy(f'<sequence name="main">{call}{SEND.format(uri=backend.uri)}</sequence>')
    gateway.environment.deploy(f'<sequence name="out">{call}<respond/></sequence>')
    numbers = [str(number) for number in range(300)]
    async with gateway.client() as one, gateway.client() as other:
        for number in numbers:
            await one.send(number)
            await other.send(number)
        assert [await received(one) for _ in numbers] == numbers
        assert [await received(other) for _ in numbers] == numbers


async def test_custom_headers_and_the_accepted_content_type_reach_the_back_end(gateway, backend):
    gateway.environment.deploy(
        '<sequence name="main"><property name="websocket.custom.header.X-Tenant" scope="axis2" value="blue"/>'
        + SEND.format(uri=backend.uri)
        + "</sequence>"
    )
    async with gateway.client() as client:
        await client.send("x")
        await received(client)
    assert backend.headers[0]["X-Tenant"] == "blue"


@pytest.mark.parametrize(("code", "reason"), [(1000, "bye"), (4001, "custom")])
async def test_the_client_s_close_reaches_the_back_end(gateway, backend, code, reason):
    async with gateway.client() as client:
        await client.send("x")
        await received(client)
        await client.close(code, reason)
    assert await asyncio.wait_for(backend.ends.get(), 10) == (code, reason)
    await gateway.idle()


async def test_the_back_end_s_close_reaches_the_client(gateway, backend):
    async with gateway.client() as client:
        await client.send("x")
        await received(client)
        await backend.connections[0].close(4002, "enough")
        assert await closed(client) == (4002, "enough")
    await gateway.idle()


async def test_the_client_survives_its_back_end_when_closes_do_not_propagate(gateway, backend):
    gateway.configure(propagate_close=False)
    async with gateway.client() as client:
        await client.send("one")
        await received(client)
        await backend.connections[0].close(4002, "enough")
        await asyncio.wait_for(backend.ends.get(), 10)
        await client.send("two")
        assert await received(client) == "two"
    assert len(backend.connections) == 2


async def test_a_back_end_that_vanishes_runs_the_outflow_fault_sequence_and_closes_with_1014(gateway, backend, caplog):
    caplog.set_level("INFO", "mediation.mediators.log")
    gateway.environment.deploy(
        '<sequence name="lost"><log level="custom"><property name="code" expression="get-property(\'ERROR_CODE\')"/>'
        '<property name="text" expression="get-property(\'ERROR_MESSAGE\')"/></log></sequence>'
    )
    gateway.configure(outflow_fault_sequence="lost")
    async with gateway.client() as client:
        await client.send("x")
        await received(client)
        backend.connections[0].transport.abort()
        assert await closed(client) == (1014, "Websocket server terminated")
    assert "code = 1001, text = Websocket server terminated" in caplog.text


async def test_a_back_end_that_is_down_closes_with_1014_and_runs_on_error(gateway, backend, caplog):
    caplog.set_level("INFO", "mediation.mediators.log")
    gateway.environment.deploy(
        '<sequence name="fault"><log level="custom">'
        '<property name="code" expression="get-property(\'ERROR_CODE\')"/></log></sequence>'
    )
    backend.server.close()
    await backend.server.wait_closed()
    async with gateway.client() as client:
        code, reason = await closed(client)
    assert code == 1014
    assert reason.startswith("Connection refused")
    assert "code = 101503" in caplog.text
    await gateway.idle()


async def test_a_fault_sequence_that_finds_another_back_end_keeps_the_client(gateway, backend):
    gateway.environment.deploy(f'<sequence name="fault">{SEND.format(uri=backend.uri)}</sequence>')
    gateway.environment.deploy(f'<sequence name="main">{SEND.format(uri="ws://127.0.0.1:1/")}</sequence>')
    async with gateway.client() as client:
        await client.send("x")
        assert await received(client) == "x"


async def test_a_back_end_that_refuses_the_upgrade_closes_with_1014(gateway, backend):
    backend.refusal = 403
    async with gateway.client() as client:
        assert await closed(client) == (1014, "Invalid handshake response getStatus: 403 Forbidden")


async def test_pings_are_answered_and_not_mediated(gateway, backend):
    async with gateway.client() as client:
        pong = await client.ping(b"abc")
        await asyncio.wait_for(pong, 10)
        await client.send("x")
        await received(client)
    assert backend.frames == ["x"]


async def test_suspended_unknown_and_foreign_are_refused_before_the_upgrade(gateway):
    async def status(**options):
        with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
            async with gateway.client(**options):
                pass
        return refused.value.response.status_code

    assert await status(origin="http://evil.example") == 403
    gateway.configure(suspended=True)
    assert await status() == 503


@pytest.mark.parametrize("origin", [None, "http://127.0.0.1:8000", "https://shop.example"])
async def test_own_and_listed_origins_are_let_in(gateway, origin):
    gateway.configure(allowed_origins=("https://shop.example",))
    async with gateway.client(origin=origin) as client:
        await client.send("x")
        assert await received(client) == "x"


async def test_a_client_that_reads_nothing_stops_the_reading_of_its_back_end(gateway, backend):
    async with gateway.client(max_queue=1) as client:
        await client.send("x")
        await received(client)
        [connection] = backend.connections
        assert await blocks(connection), "the back-end can write without end"
        client.transport.abort()
    await gateway.idle()


async def test_a_client_that_reads_no_answers_is_not_read_either(gateway):
    gateway.environment.deploy('<sequence name="main"><respond/></sequence>')
    async with gateway.client(max_queue=1) as client:
        assert await blocks(client), "the answers pile up without end"
        client.transport.abort()
    await gateway.idle()


async def test_a_back_end_that_reads_nothing_stops_the_reading_of_the_client(gateway, backend):
    reading = asyncio.Event()

    async def stuck(connection):
        await reading.wait()

    backend.serve = stuck
    async with websockets.serve(stuck, "127.0.0.1", 0, max_queue=1) as server:
        gateway.environment.deploy(
            '<sequence name="main">'
            + SEND.format(uri=f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
            + "</sequence>"
        )
        async with gateway.client() as client:
            assert await blocks(client), "the client can write without end"
            reading.set()
            client.transport.abort()


async def test_connecting_and_leaving_leaves_nothing_behind(gateway, backend):
    before = len(asyncio.all_tasks())
    for number in range(50):
        client = await gateway.client()
        await client.send("x")
        await received(client)
        if number % 2:
            await client.close()
        else:
            client.transport.abort()
            with contextlib.suppress(websockets.exceptions.ConnectionClosed):
                await client.recv()
    await gateway.idle()
    for connection in backend.connections:
        await asyncio.wait_for(connection.wait_closed(), 10)
    assert len(gateway.runtime.subscribers) == 0
    await until(lambda: len(asyncio.all_tasks()) <= before)


# -- the same consumer as an ASGI application


@pytest.fixture
async def asgi(gateway):
    routes = [path("inbound/<str:name>/<path:path>", InboundConsumer.as_asgi(runtime=lambda: gateway.runtime))]
    return URLRouter(routes)


async def test_the_asgi_application_mediates_like_a_port(gateway, backend, asgi):
    client = WebsocketCommunicator(asgi, "/inbound/test/a/b?c=d")
    assert await client.connect() == (True, None)
    for frame in ({"text": "hi"}, {"text": ""}, {"bytes": b"\x00"}):
        await client.send_input({"type": "websocket.receive", **frame})
        assert await client.receive_output(10) == {"type": "websocket.send", **frame}
    [session] = gateway.runtime.subscribers
    assert session.path == "/a/b"
    await client.disconnect(4001)
    assert (await asyncio.wait_for(backend.ends.get(), 10))[0] == 4001
    await gateway.idle()


async def test_the_asgi_application_closes_with_the_back_end(gateway, backend, asgi):
    client = WebsocketCommunicator(asgi, "/inbound/test/x")
    await client.connect()
    await client.send_to(text_data="x")
    await client.receive_from(10)
    await backend.connections[0].close(4002, "enough")
    event = await client.receive_output(10)
    assert (event["type"], event["code"], event["reason"]) == ("websocket.close", 4002, "enough")
    await client.disconnect()


@pytest.mark.parametrize(
    ("name", "headers"), [("unknown", []), ("test", [(b"origin", b"http://evil.example"), (b"host", b"here")])]
)
async def test_the_asgi_application_refuses_what_a_port_refuses(asgi, name, headers):
    client = WebsocketCommunicator(asgi, f"/inbound/{name}/x", headers=headers)
    accepted, _ = await client.connect()
    assert not accepted


async def test_an_endpoint_with_tls_is_not_reached_without_it_on_the_main_port(gateway, asgi):
    gateway.configure(protocol="wss")
    accepted, _ = await WebsocketCommunicator(asgi, "/inbound/test/x").connect()
    assert not accepted
