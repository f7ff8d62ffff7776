"""What inbound endpoints say about the conversations of their clients, read and over real sockets."""

import asyncio

import pytest
import websockets

from mediation.compiler import compile_artifact
from mediation.handlers import EchoHandler
from mediation.payloads.xml import parse_xml

from .bridge import SEND, closed, received
from .support import compiled, until

RETRYING = {"reconnect_attempts": 20, "reconnect_delay": 0.02, "reconnect_max_delay": 0.1}


def xml(**parameters):
    said = {"inbound.ws.port": "9091"} | {name.replace("_", "."): value for name, value in parameters.items()}
    inside = "".join(f'<parameter name="{name}">{value}</parameter>' for name, value in said.items())
    return f'<inboundEndpoint name="test" protocol="ws"><parameters>{inside}</parameters></inboundEndpoint>'


def test_every_parameter_is_read():
    conversation = compiled(
        xml(
            ws_subprotocols="chat.v1, x(a='1,2')",
            ws_subprotocol_relay="true",
            ws_subprotocol_handler_class="mediation.handlers.EchoHandler",
            ws_pipeline_handler_class="mediation.handlers.TextHandler",
            ws_pass_through_control_frames="TRUE",
            ws_handshake_headers="true",
            ws_headers_preserve="Authorization, Cookie",
            ws_reconnect_attempts="3",
            ws_reconnect_delay="0.25",
            ws_reconnect_max_delay="10",
            ws_reconnect_buffer_size="65536",
        )
    ).conversation
    assert conversation.subprotocols == ("chat.v1", "x(a='1,2')")
    assert conversation.relays_subprotocols
    assert [type(handler) for handler in conversation.subprotocol_handlers] == [EchoHandler]
    assert conversation.pipeline_handler is not None
    assert conversation.passes_control_frames
    assert conversation.handshake_headers
    assert conversation.preserved_headers == ("Authorization", "Cookie")
    assert (conversation.retry.attempts, conversation.retry.delay, conversation.retry.max_delay) == (3, 0.25, 10)
    assert conversation.reconnect_buffer == 65536


def test_by_default_nothing_is_changed():
    conversation = compiled(xml()).conversation
    assert not any((conversation.subprotocols, conversation.relays_subprotocols, conversation.subprotocol_handlers))
    assert not any((conversation.passes_control_frames, conversation.handshake_headers, conversation.preserved_headers))
    assert conversation.retry.attempts == 0


MISTAKES = [
    ({"ws_subprotocol_handler_class": "org.x.H"}, "ws.subprotocol.handler.class: the class org.x.H is neither"),
    ({"ws_reconnect_attempts": "-1"}, 'parameter ws.reconnect.attempts "-1" is not a whole number of at least 0'),
    ({"ws_reconnect_delay": "nan"}, 'parameter ws.reconnect.delay "nan" is not a number of seconds of at least 0.01'),
    ({"ws_subprotocols": "chät"}, 'parameter ws.subprotocols "chät" has characters that a handshake cannot carry'),
]


@pytest.mark.parametrize(("parameters", "message"), MISTAKES)
def test_mistakes(parameters, message):
    compilation = compile_artifact(parse_xml(xml(**parameters)))
    assert compilation.artifact is None
    assert compilation.errors[0].message.startswith(message)


# -- headers


async def test_headers_of_the_handshake_are_properties_of_every_message(gateway, backend):
    gateway.configure(conversation={"handshake_headers": True})
    tell = """<sequence name="{name}"><payloadFactory media-type="json"><format>["$1", "$2"]</format><args>
        <arg expression="get-property('websocket.handshake.header.X-Trace')"/>
        <arg expression="get-property('websocket.handshake.header.x-trace')"/></args></payloadFactory>{then}
        </sequence>"""
    gateway.environment.deploy(tell.format(name="main", then=SEND.format(uri=gateway.uri)))
    gateway.environment.deploy(tell.format(name="out", then="<respond/>"))
    async with gateway.client(additional_headers={"X-Trace": "t1"}) as client:
        await client.send("hello")
        assert await received(client) == '["t1", "t1"]'
    assert backend.frames == ['["t1", "t1"]']


async def test_headers_of_the_client_go_into_the_handshake_with_its_back_end(gateway, backend):
    gateway.configure(conversation={"preserved_headers": ("authorization", "Origin")}, propagate_close=False)
    headers = {"Authorization": "Bearer x", "X-Other": "1"}
    async with gateway.client(additional_headers=headers, origin="http://127.0.0.1") as client:
        await until(lambda: backend.connections)
        await backend.connections[0].close()
        await client.send("over a new connection")
        assert await received(client) == "over a new connection"
    for seen in backend.headers:
        assert (seen["Authorization"], seen["Origin"]) == ("Bearer x", "http://127.0.0.1")
        assert "X-Other" not in seen
    assert len(backend.headers) >= 1


# -- back-ends that are lost


async def restart(backend, port):
    backend.server = await websockets.serve(backend.serve, "127.0.0.1", port)


async def test_a_lost_back_end_is_connected_again_and_frames_wait_for_it(gateway, backend):
    gateway.configure(conversation=RETRYING)
    port = backend.server.sockets[0].getsockname()[1]
    async with gateway.client() as client:
        await until(lambda: backend.connections)
        backend.server.close()  # says 1001
        await backend.server.wait_closed()
        for number in range(10):
            await client.send(str(number))
        await restart(backend, port)
        assert [await received(client) for _ in range(10)] == [str(number) for number in range(10)]
    assert await closed(client) == (1000, "")
    backend.server.close()


async def test_a_client_is_read_while_its_back_end_is_away_as_long_as_there_is_room(gateway, backend):
    gateway.configure(conversation=RETRYING | {"reconnect_attempts": 200, "reconnect_buffer": 1024 * 1024})
    port = backend.server.sockets[0].getsockname()[1]
    async with gateway.client() as client:
        await until(lambda: backend.connections)
        backend.server.close()
        await backend.server.wait_closed()
        numbers = [str(number) for number in range(1000)]
        for number in numbers:
            await client.send(number)
        await asyncio.wait_for(await client.ping(), 10)
        await restart(backend, port)
        assert [await received(client) for _ in numbers] == numbers
    backend.server.close()


async def test_a_back_end_that_speaks_without_being_asked_is_connected_again_without_a_frame(gateway, backend):
    gateway.configure(conversation=RETRYING)
    gateway.environment.deploy(
        """<sequence name="out"><filter source="get-property('websocket.target.reconnected')" regex="true"><then>
        <property name="websocket.target.handshake.present" action="remove"/>
        <payloadFactory media-type="text"><format>back again</format><args/></payloadFactory></then></filter>
        <respond/></sequence>"""
    )
    async with gateway.client() as client:
        await until(lambda: backend.connections)
        backend.connections[0].transport.abort()
        assert await received(client) == "back again"


async def test_a_back_end_that_stays_away_is_told_to_the_client(gateway, backend):
    gateway.configure(conversation=RETRYING | {"reconnect_attempts": 2})
    async with gateway.client() as client:
        await until(lambda: backend.connections)
        backend.server.close()
        await backend.server.wait_closed()
        assert (await closed(client))[0] == 1001


async def test_a_back_end_that_closes_on_purpose_is_not_connected_again(gateway, backend):
    gateway.configure(conversation=RETRYING)
    async with gateway.client() as client:
        await until(lambda: backend.connections)
        await backend.connections[0].close(4000, "enough")
        assert await closed(client) == (4000, "enough")
    assert len(backend.connections) == 1


async def test_a_client_that_goes_leaves_no_attempt_behind(gateway, backend):
    gateway.configure(conversation=RETRYING | {"reconnect_delay": 3600.0, "reconnect_max_delay": 3600.0})
    async with gateway.client():
        await until(lambda: backend.connections)
        backend.server.close()
        await backend.server.wait_closed()
    await gateway.idle()


# -- suspended endpoints


async def test_a_suspended_endpoint_faults_each_message_and_leaves_the_client_alone(gateway, backend):
    endpoint = f"""<send><endpoint name="e"><address uri="{gateway.uri}"><suspendOnFailure>
        <initialDuration>3600000</initialDuration></suspendOnFailure></address></endpoint></send>"""
    gateway.environment.deploy(f'<sequence name="main">{endpoint}</sequence>')
    gateway.environment.deploy(
        """<sequence name="fault"><payloadFactory media-type="text"><format>$1</format><args>
        <arg expression="get-property('ERROR_CODE')"/></args></payloadFactory><respond/></sequence>"""
    )
    backend.refusal = 503
    async with gateway.client() as first:
        await closed(first)
    backend.refusal = None
    async with gateway.client() as client:
        for _ in range(2):
            await client.send("hello")
            assert await received(client) == "303001"
    assert backend.connections == []
