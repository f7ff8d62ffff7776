"""Pings, pongs and Close frames that run through the sequences, over real sockets."""

import asyncio

from .bridge import closed, received
from .support import DictEnvironment, RecordingSession, until

PASSING = {"passes_control_frames": True}
ANSWER = """<sequence name="main">
    <filter xpath="get-property('axis2', 'websocket.ping.frame.present') = 'true'">
        <then>
            <property name="websocket.pong.frame.present" value="true"/>
            <property name="websocket.pong.frame" value="by a sequence"/>
            <property name="websocket.ping.frame.present" action="remove"/>
        </then>
    </filter>
    <respond/>
</sequence>"""


async def test_a_ping_travels_to_the_back_end_and_its_pong_back(gateway, backend):
    gateway.configure(conversation=PASSING)
    async with gateway.client() as client:
        await until(lambda: backend.connections)
        pong = await client.ping("are you there?")
        await asyncio.wait_for(pong, 10)


async def test_a_ping_of_the_back_end_travels_to_the_client(gateway, backend):
    gateway.configure(conversation=PASSING)
    async with gateway.client():
        await until(lambda: backend.connections)
        pong = await backend.connections[0].ping("are you there?")
        await asyncio.wait_for(pong, 10)


async def test_a_ping_that_no_sequence_passes_on_is_not_answered(gateway, backend):
    gateway.configure(conversation=PASSING)
    gateway.environment.deploy(
        '<sequence name="main"><filter source="get-property(\'websocket.text.frame.present\')"'
        ' regex="true"><then><respond/></then></filter></sequence>'
    )
    async with gateway.client() as client:
        pong = await client.ping("are you there?")
        await client.send("after the ping")
        assert await received(client) == "after the ping"
        assert not pong.done()


async def test_without_the_parameter_pings_are_answered_and_not_mediated(gateway, backend):
    async with gateway.client() as client:
        await asyncio.wait_for(await client.ping(), 10)
    await gateway.idle()
    assert backend.frames == []


async def test_a_sequence_writes_a_pong_of_its_own():
    session = RecordingSession(DictEnvironment(ANSWER), conversation=PASSING)
    session.control_received(True, b"x")
    await session.settled()
    assert session.connection.control_frames == [("pong", b"by a sequence")]
    assert session.replies == []


async def test_what_a_control_frame_carries_is_a_property_of_both_scopes():
    session = RecordingSession(DictEnvironment(main="<drop/>"), conversation=PASSING)
    session.control_received(False, b"load")
    ctx = session.messages[-1]
    for scope in ("default", "axis2"):
        assert ctx.get("websocket.pong.frame.present", scope) is True
        assert ctx.get("websocket.pong.frame", scope) == b"load"


async def test_a_close_of_the_back_end_runs_through_the_outflow_sequence(gateway, backend):
    gateway.configure(conversation=PASSING)
    gateway.environment.deploy(
        '<sequence name="out"><property name="websocket.close.code" expression="get-property(\'websocket.close.code\')'
        ' + 1"/><respond/></sequence>'
    )
    async with gateway.client() as client:
        await until(lambda: backend.connections)
        await backend.connections[0].close(4000, "enough")
        assert await closed(client) == (4001, "enough")


async def test_a_close_that_no_sequence_passes_on_ends_the_client_all_the_same(gateway, backend):
    gateway.configure(conversation=PASSING)
    gateway.environment.deploy('<sequence name="out"><drop/></sequence>')
    async with gateway.client() as client:
        await until(lambda: backend.connections)
        await backend.connections[0].close(4000, "enough")
        assert await closed(client) == (4000, "enough")


async def test_a_close_is_the_sequences_alone_when_it_is_not_propagated(gateway, backend):
    gateway.configure(conversation=PASSING, propagate_close=False)
    gateway.environment.deploy(
        '<sequence name="out"><filter source="get-property(\'websocket.close.client\')" regex="true"><then>'
        '<payloadFactory media-type="text"><format>closed</format><args/></payloadFactory>'
        '<property name="websocket.close.client" action="remove"/></then></filter><respond/></sequence>'
    )
    async with gateway.client() as client:
        await until(lambda: backend.connections)
        await backend.connections[0].close(4000, "enough")
        assert await received(client) == "closed"
