"""Where the messages of a WebSocket client go."""

import pytest

from mediation.payloads.xml import SYNAPSE_NS

from .support import DictEnvironment, RecordingSession, headers


def api(resources: str, attributes: str = 'binds-to="test"', context: str = "/chat") -> str:
    return f'<api xmlns="{SYNAPSE_NS}" name="chat" context="{context}" {attributes}>{resources}</api>'


def answering(text: str, attributes: str = 'uri-template="/rooms/{room}*"', more: str = "") -> str:
    """A resource that answers with this text, in which ``$1`` is the room."""
    return f"""<resource {attributes}><inSequence><payloadFactory media-type="text"><format>{text}</format><args>
        <arg expression="get-property('uri.var.room')"/></args></payloadFactory><respond/></inSequence>
        {more}</resource>"""


async def answers(env: DictEnvironment, target: str = "/chat/rooms/red", **settings) -> list[str]:
    """What a client of that path is answered when it says something."""
    session = RecordingSession(env, target=target, **settings)
    session.received("hello")
    await session.finished()
    return session.replies


SAYS_MAIN = '<payloadFactory media-type="text"><format>main</format><args/></payloadFactory><respond/>'


async def test_a_resource_of_an_api_that_binds_to_the_endpoint_goes_before_its_sequence():
    env = DictEnvironment(api(answering("you are in $1")), main=SAYS_MAIN)
    assert await answers(env) == ["you are in red"]
    assert await answers(env, "/elsewhere") == ["main"]


@pytest.mark.parametrize(
    "attributes", ["", 'binds-to="default"', 'binds-to="other,default"', 'binds-to="test" transports="https"']
)
async def test_other_apis_take_nothing(attributes):
    env = DictEnvironment(api(answering("api"), attributes), main=SAYS_MAIN)
    assert await answers(env) == ["main"]


async def test_a_resource_may_bind_to_fewer_endpoints_than_its_api():
    inner = answering("inner", 'uri-template="/rooms/*" binds-to="other"') + answering("outer", 'url-mapping="/*"')
    assert await answers(DictEnvironment(api(inner, 'binds-to="test,other"'))) == ["outer"]


async def test_properties_say_what_was_asked_for():
    names = ("REST_FULL_REQUEST_PATH", "REST_SUB_REQUEST_PATH", "REST_API_CONTEXT", "query.param.a", "REST_METHOD")
    args = "".join(f"""<arg expression="get-property('{name}')"/>""" for name in names)
    args += """<arg expression="get-property('axis2', 'REST_URL_POSTFIX')"/>"""
    format_ = "|".join(f"${number}" for number in range(1, 7))
    inside = f"""<resource url-mapping="/*"><inSequence><payloadFactory media-type="text"><format>{format_}</format>
        <args>{args}</args></payloadFactory><respond/></inSequence></resource>"""
    (answer,) = await answers(DictEnvironment(api(inside)), "/chat/rooms/red?a=1%20x")
    assert answer == "/chat/rooms/red?a=1%20x|/rooms/red?a=1%20x|/chat|1 x||/rooms/red?a=1%20x"


async def test_without_a_resource_that_takes_it_the_message_faults():
    env = DictEnvironment(
        api(answering("api", 'methods="GET" uri-template="/rooms/*"')),
        main=SAYS_MAIN,
        fault="""<payloadFactory media-type="text"><format>$1</format><args>
        <arg expression="get-property('ERROR_MESSAGE')"/></args></payloadFactory><respond/>""",
    )
    assert await answers(env, on_error="fault") == [
        "no resource of the API takes /chat/rooms/red; one with methods takes no WebSocket"
    ]


async def test_an_api_that_asks_for_passwords_takes_no_websocket():
    inside = answering("api") + '<handlers><handler class="x.RESTBasicAuthHandler"/></handlers>'
    env = DictEnvironment(api(inside), fault=SAYS_MAIN)
    assert await answers(env, on_error="fault") == ["main"]


async def test_a_failure_goes_to_the_fault_sequence_of_the_resource():
    more = f"<faultSequence>{SAYS_MAIN}</faultSequence>"
    inside = f'<resource url-mapping="/*"><inSequence><sequence key="nowhere"/></inSequence>{more}</resource>'
    assert await answers(DictEnvironment(api(inside))) == ["main"]


async def test_the_next_message_follows_a_changed_api():
    env = DictEnvironment(api(answering("old")))
    session = RecordingSession(env, target="/chat/rooms/red")
    session.received("one")
    session._runtime.environment = changed = DictEnvironment(api(answering("new")))
    changed._artifacts["inboundEndpoint", "test"] = session.endpoint
    session.received("two")
    await session.finished()
    assert session.replies == ["old", "new"]


async def test_every_event_of_a_client_is_a_message_of_the_resource():
    inside = """<resource url-mapping="/*"><inSequence><log level="custom"/><drop/></inSequence></resource>"""
    session = RecordingSession(DictEnvironment(api(inside)), target="/chat/x")
    session.opened(headers(Host="localhost"))
    session.received("one")
    session.closed(1000, "")
    await session.finished()
    assert [ctx.properties.get("REST_API_CONTEXT") for ctx in session.messages] == ["/chat"] * 3
