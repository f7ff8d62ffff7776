"""Python classes that see frames before the sequence does."""

import pytest

from mediation.errors import GrammarError
from mediation.handlers import pipeline_handler, subprotocol_handlers

from .support import DictEnvironment, RecordingSession

HERE = "tests.mediation.test_handlers"
ECHO = "org.wso2.carbon.inbound.endpoint.protocol.websocket.subprotocols.EchoSubprotocolHandler"


class Swallow:
    id = "swallow.v1"

    def handle(self, client, frame, path):
        return frame != "secret"


class Slow:
    id = "slow.v1"

    async def handle(self, client, frame, path):
        return frame != "secret"


class Broken:
    id = "broken.v1"

    def handle(self, client, frame, path):
        raise RuntimeError("out of order")


class Counter:
    """A pipeline handler: numbers the frames of its client."""

    def opened(self, client):
        client.properties |= {"agent": client.headers.get("User-Agent"), "count": 0}

    def handle(self, client, frame, path):
        client.properties["count"] += 1
        client.properties["path"] = path
        return True

    def closed(self, client):
        client.headers.set("Closed", "yes")


class Needy:
    def __init__(self, argument):
        pass

    def handle(self, client, frame, path):
        return True


class Nameless:
    def handle(self, client, frame, path):
        return True


def session(subprotocol=None, *, pipeline=None, handlers="", main="<respond/>", fault="<respond/>", **options):
    conversation = {"subprotocol_handlers": subprotocol_handlers(handlers)}
    if pipeline:
        conversation["pipeline_handler"] = pipeline_handler(pipeline)
    return RecordingSession(
        DictEnvironment(main=main, fault=fault), subprotocol=subprotocol, conversation=conversation, **options
    )


async def test_the_echo_handler_of_the_originals_answers_past_mediation():
    conversation = session("echo", handlers=ECHO, main="<drop/>")
    conversation.opened(conversation.handshake_headers)
    await conversation.send("hello")
    await conversation.send(b"\x00")
    assert conversation.replies == ["hello", b"\x00"]


@pytest.mark.parametrize("name", ["Swallow", "Slow"])
async def test_a_handler_decides_whether_mediation_goes_on(name):
    conversation = session(f"{name.lower()}.v1", handlers=f"{HERE}.{name}; {ECHO}")
    conversation.opened(conversation.handshake_headers)
    for frame in ("one", "secret", "two"):
        await conversation.send(frame)
    assert conversation.replies == ["one", "two"]


async def test_clients_of_no_handler_are_mediated_as_always():
    conversation = session(None, handlers=ECHO)
    conversation.opened(conversation.handshake_headers)
    await conversation.send("hello")
    assert conversation.replies == ["hello"]


async def test_a_handler_that_fails_runs_the_fault_sequence():
    conversation = session("broken.v1", handlers=f"{HERE}.Broken", main="<drop/>")
    conversation.opened(conversation.handshake_headers)
    ctx = await conversation.send("hello")
    assert ctx.get("ERROR_MESSAGE") == "out of order"
    assert conversation.replies == ["hello"]


async def test_a_pipeline_handler_sets_properties_of_every_message_of_its_client():
    conversation, other = (session(pipeline=f"{HERE}.Counter", target="/chat?a=1") for _ in range(2))
    headers = conversation.handshake_headers
    headers.set("User-Agent", "test")
    for each in (conversation, other):
        each.opened(each.handshake_headers)
    for _ in range(2):
        ctx = await conversation.send("hello")
    assert ctx.get("agent") == "test"
    assert ctx.get("count") == 1  # a message has the properties of the moment when it came
    assert ctx.get("path") == "/chat?a=1"
    conversation.closed(1000, "")
    await conversation.settled()
    assert conversation.messages[-1].get("count") == 2
    assert headers.get("Closed") == "yes"
    assert (await other.send("hello")).get("count") == 0


MISTAKES = [
    ("org.example.Handler", "the class org.example.Handler is neither a Python class that can be imported nor one"),
    ("Handler", "the class Handler is neither"),
    (f"{HERE}.Missing", "neither a Python class that can be imported"),
    (f"{HERE}.HERE", "is not a class with a method handle(client, frame, path)"),
    ("os.path.join", "is not a class with a method handle"),
    (f"{HERE}.Needy", "no instance of the class tests.mediation.test_handlers.Needy can be made without arguments"),
]


@pytest.mark.parametrize(("name", "message"), MISTAKES)
def test_a_class_that_cannot_be_had_is_a_mistake(name, message):
    for parameter in (subprotocol_handlers, pipeline_handler):
        with pytest.raises(GrammarError) as mistake:
            parameter(name)
        assert message in mistake.value.message


def test_a_subprotocol_handler_has_an_id():
    with pytest.raises(GrammarError, match="has no sub-protocol: id is missing"):
        subprotocol_handlers(f"{HERE}.Nameless")
