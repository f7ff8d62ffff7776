"""One WebSocket client's conversation, without a network."""

import asyncio

import pytest

from mediation.branches import Branches
from mediation.headers import Headers
from mediation.payloads import Payload
from mediation.runtime import Runtime
from mediation.transports import TRANSPORTS, Answer

from .support import DictEnvironment, RecordingSession

JSON = "synapse(contentType='application/json')"


async def test_failure_goes_to_the_fault_sequence():
    env = DictEnvironment(main='<sequence key="nowhere"/>', fault="<respond/>")
    session = RecordingSession(env, on_error="fault")

    ctx = await session.send("hello")

    assert ctx.get("ERROR_MESSAGE") == "Sequence named nowhere cannot be found"
    assert session.replies == ["hello"]


@pytest.mark.parametrize("frame", ["hi", "", "grüße ☃", b"", b"\x00\xff"])
async def test_a_frame_comes_back_as_it_came(frame):
    session = RecordingSession(DictEnvironment(main="<respond/>"))
    await session.send(frame)
    assert session.replies == [frame]


async def test_the_sequence_that_is_missing_is_main():
    session = RecordingSession(DictEnvironment(main="<respond/>"), sequence="gone")
    await session.send("x")
    assert session.replies == ["x"]


async def test_the_path_chooses_the_sequence_when_asked():
    env = DictEnvironment(
        **{"a-b": "<respond/>"},
        main='<property name="errorCode" value="4000"/><property name="ERROR_MESSAGE" value="m"/><respond/>',
    )
    chosen = RecordingSession(env, target="/a/b?x=y", dispatch_custom=True)
    await chosen.send("x")
    other = RecordingSession(env, target="/c", dispatch_custom=True)
    await other.send("x")
    assert (chosen.replies, other.connection.close_frame) == (["x"], (4000, "m"))


async def test_properties_of_a_frame():
    session = RecordingSession(
        DictEnvironment(), target="/chat?room=1", outflow_sequence="out", outflow_fault_sequence="outFault"
    )
    ctx = await session.send("hi")
    assert ctx.get("websocket.subscriber.path") == "/chat?room=1"
    assert ctx.get("inbound.endpoint.name") == "test"
    for scope in ("default", "axis2"):
        assert ctx.get("isInbound", scope) is True
        assert ctx.get("websocket.text.frame.present", scope) is True
        assert ctx.get("websocket.text.frame", scope) == "hi"
        assert ctx.get("ws.outflow.dispatch.sequence", scope) == "out"
        assert ctx.get("ws.outflow.dispatch.fault.sequence", scope) == "outFault"
        assert ctx.get("websocket.source.channel.identifier", scope) == session.channel
    assert ctx.get("clientId") is None
    assert isinstance(ctx.get("clientId", "axis2"), int)
    assert ctx.get("TransportInURL", "axis2") == "ws://localhost:9091/chat?room=1"


async def test_the_handshake_is_a_message_with_the_headers():
    session = RecordingSession(DictEnvironment(main="<respond/>"))
    session.opened(Headers([("X-User", "ann")]))
    await session.settled()
    [ctx] = session.messages
    assert ctx.get("source.handshake.present") is True
    assert ctx.get("websocket.source.handshake.present", "axis2") is True
    assert ctx.get("X-User") == ctx.get("X-User", "axis2") == ctx.get("x-user", "transport") == "ann"
    assert session.replies == [], "nothing is ever written for a handshake"


async def test_the_end_is_a_message_and_the_client_is_forgotten():
    runtime = Runtime(env := DictEnvironment(main="<respond/>"))
    session = RecordingSession(env, runtime=runtime)
    session.opened(Headers())
    assert len(runtime.subscribers) == len(runtime.sessions) == 1
    session.closed(4001, "bye")
    session.closed(1006, "")
    await session.settled()
    _, ctx = session.messages
    assert ctx.get("connection.terminate") is True
    assert (ctx.get("websocket.close.code"), ctx.get("websocket.reason.text")) == (4001, "bye")
    assert session.replies == []
    assert len(runtime.subscribers) == len(runtime.sessions) == 0


async def test_no_lifecycle_messages_when_they_are_not_wanted():
    session = RecordingSession(DictEnvironment(), inject_lifecycle="none")
    session.opened(Headers())
    session.closed(1000, "")
    await session.settled()
    assert [ctx for ctx in session.messages if "source.handshake.present" in ctx.properties] == []


async def test_a_synapse_subprotocol_builds_the_payload_without_frame_flags():
    env = DictEnvironment(main='<filter xpath="json-eval($.a)"><then><respond/></then></filter>')
    session = RecordingSession(env, subprotocol=JSON)
    ctx = await session.send('{"a": true}')
    assert ctx.get("websocket.text.frame.present") is None
    assert session.replies == ['{"a": true}']


async def test_a_binary_frame_under_a_text_subprotocol_is_a_fault():
    env = DictEnvironment(fault="<drop/>")
    session = RecordingSession(env, subprotocol=JSON)
    ctx = await session.send(b"\x00")
    assert "sub-protocol says application/json" in ctx.get("ERROR_MESSAGE")


async def test_the_default_content_type_takes_the_frame_flag_from_the_default_scope():
    session = RecordingSession(DictEnvironment(), default_content_type="application/json")
    ctx = await session.send("{}")
    assert ctx.get("websocket.text.frame.present") is False
    assert ctx.get("websocket.text.frame.present", "axis2") is True


async def test_a_changed_payload_wins_over_the_original_frame():
    change = '<payloadFactory media-type="json"><format>{"new": 1}</format><args/></payloadFactory>'
    env = DictEnvironment(main=change + "<respond/>")
    session = RecordingSession(env)
    await session.send("old")
    assert session.replies == ['{"new": 1}']
    env.deploy(
        '<sequence name="main"><property name="websocket.forward.original.frame" value="true"/>'
        f"{change}<respond/></sequence>"
    )
    await session.send("kept")
    assert session.replies[1:] == ["kept"]


async def test_a_payload_that_cannot_be_parsed_runs_the_fault_sequence():
    env = DictEnvironment(main='<filter xpath="//x"><then/></filter>', failed='<log level="full"/><respond/>')
    session = RecordingSession(env, default_content_type="application/xml", on_error="failed")
    ctx = await session.send("<broken")
    assert ctx.get("ERROR_CODE") == 601000
    assert session.replies == [""], "what cannot be read is emptied, so that the fault sequence can go on"


CLOSES = [
    ('<property name="errorCode" value="4001"/><property name="ERROR_MESSAGE" value="no"/>', (4001, "no")),
    (
        '<property name="errorCode" value="nonsense"/><property name="ERROR_MESSAGE" value="no"/>',
        (1011, "mediation failed"),
    ),
    (
        '<property name="errorCode" value="1006"/><property name="ERROR_MESSAGE" value="no"/>',
        (1011, "mediation failed"),
    ),
    ('<property name="errorCode" value="99"/><property name="ERROR_MESSAGE" value="no"/>', (1011, "mediation failed")),
]


@pytest.mark.parametrize(("properties", "close"), CLOSES)
async def test_a_sequence_closes_with_an_error_code(properties, close):
    session = RecordingSession(DictEnvironment(main=properties + "<respond/>", fault="<drop/>"))
    await session.send("x")
    assert (session.replies, session.connection.close_frame) == ([], close)


@pytest.mark.parametrize("kind", ['type="INTEGER"', ""])
async def test_a_sequence_closes_with_a_status_code_when_no_frame_is_to_be_sent(kind):
    env = DictEnvironment(
        main='<property name="websocket.text.frame.present" action="remove"/>'
        f'<property name="websocket.close.frame.status.code" value="4002" {kind}/>'
        '<property name="websocket.close.frame.reason.text" value="done"/><respond/>'
    )
    session = RecordingSession(env)
    await session.send("x")
    assert session.connection.close_frame == (4002, "done")


@pytest.mark.parametrize(
    ("level", "received"),
    [(0, [["m"], [], [], []]), (1, [["m"], ["m"], [], []]), (2, [[], ["m"], [], []])],
)
async def test_broadcast_levels(level, received):
    env = DictEnvironment(main="<respond/>")
    runtime = Runtime(env)
    settings = {"runtime": runtime, "broadcast_level": level, "inject_lifecycle": "none"}
    sender, same, other_path = (RecordingSession(env, target=target, **settings) for target in ("/a", "/a?x=1", "/b"))
    gone = RecordingSession(env, target="/a", **settings)
    for session in (sender, same, other_path, gone):
        session.opened(Headers())
    gone.closed(1000, "")
    await sender.send("m")
    assert [session.replies for session in (sender, same, other_path, gone)] == received


async def test_a_broadcast_client_that_lags_too_far_behind_is_closed():
    env = DictEnvironment(main="<respond/>")
    runtime = Runtime(env)
    sender, slow = (RecordingSession(env, runtime=runtime, broadcast_level=2, inject_lifecycle="none") for _ in "ab")
    for session in (sender, slow):
        session.opened(Headers())
    slow.connection.writable = False
    for _ in range(17):
        await sender.send("x" * 65536)
    assert slow.connection.close_frame == (1013, "reads too slowly")
    assert len(slow.replies) == 16


async def test_each_message_sees_the_configuration_of_its_turn():
    env = DictEnvironment(main="<respond/>")
    runtime = Runtime(env)
    session = RecordingSession(env, runtime=runtime)
    await session.send("one")
    runtime.environment = newer = DictEnvironment(main="<drop/>")
    newer._artifacts["inboundEndpoint", "test"] = session.endpoint
    await session.send("two")
    assert session.replies == ["one"]


async def test_answers_that_set_off_answers_end(monkeypatch):
    class Service:
        def send(self, ctx, uri, options):
            return Answer(Payload("{}", "application/json"))

    monkeypatch.setitem(TRANSPORTS, "http", Service())
    ask = '<send><endpoint><address uri="http://service"/></endpoint></send>'
    env = DictEnvironment(main=ask, out=ask, failed='<property name="errorCode" value="4000"/><respond/>')
    session = RecordingSession(env, outflow_sequence="out", outflow_fault_sequence="failed")

    await session.send("x")

    code, reason = session.connection.close_frame
    assert (code, reason.startswith("64 answers of back-ends to one message")) == (4000, True)


# -- branches

SPLIT = '<iterate expression="json-eval($.a)"><target><sequence>{}</sequence></target></iterate>'


async def test_the_next_frame_waits_for_the_branches_of_the_one_before(monkeypatch):
    monkeypatch.setattr(Branches, "limit", 1)
    env = DictEnvironment(main=SPLIT.format("<respond/>"))
    session = RecordingSession(env, subprotocol=JSON)
    split = env.sequence("main").mediators[0].target.sequence
    object.__setattr__(split, "mediators", (Later(), *split.mediators))

    for frame in ('{"a":[1,2,3]}', '{"a":[4]}', '{"a":[5,6]}'):
        session.received(frame)
    await session.settled()

    assert session.replies == ["1", "2", "3", "4", "5", "6"]


class Later:
    """Waits, the first ones longest."""

    def mediate(self, ctx):
        return self._wait(7 - int(ctx.payload.json_text()))

    async def _wait(self, turns):
        for _ in range(turns):
            await asyncio.sleep(0)
        return True


async def test_frames_may_wait_for_each_other_in_a_group():
    together = (
        '<aggregate><correlateOn expression="json-eval($.a)"/><completeCondition><messageCount min="2" max="-1"/>'
        '</completeCondition><onComplete expression="json-eval($.a)"><respond/></onComplete></aggregate>'
    )
    session = RecordingSession(DictEnvironment(main=together), subprotocol=JSON)

    session.received('{"a":1}')
    await session.settled()
    session.received('{"a":2}')
    await session.settled()

    assert session.replies == ["[1,2]"]
