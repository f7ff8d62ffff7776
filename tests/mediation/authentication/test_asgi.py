"""Clients who come through an ASGI server, with and without the extension for refusals."""

import pytest
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.urls import path

from mediation.access import AccessRules
from mediation.consumers import InboundConsumer

from .support import Door, basic


@pytest.fixture
def asking():
    door = Door(AccessRules(schemes=("basic",)))
    yield door
    door.runtime.gate.close()


def communicator(door, headers, *extensions):
    application = URLRouter([path("inbound/<name>/", InboundConsumer.as_asgi(runtime=door.runtime))])
    raw = [(name.lower().encode(), value.encode()) for name, value in {"Host": "localhost", **headers}.items()]
    found = WebsocketCommunicator(application, "/inbound/test/", headers=raw)
    found.scope["client"] = ("10.0.0.1", 1234)
    found.scope["extensions"] = {name: {} for name in extensions}
    return found


async def test_who_proves_it_is_let_in(asking):
    client = communicator(asking, basic("alice", "right"))
    assert await client.connect() == (True, None)
    await client.send_to(text_data="who am I?")
    assert await client.receive_from() == "alice|chat users,ops|basic|"
    await client.disconnect()


async def test_a_server_that_can_say_why_does(asking):
    client = communicator(asking, basic("alice", "wrong"), "websocket.http.response")
    await client.send_input({"type": "websocket.connect"})
    start, body = await client.receive_output(), await client.receive_output()

    assert start["status"] == 401
    assert (b"www-authenticate", b'Basic realm="test", charset="UTF-8"') in start["headers"]
    assert body["body"] == b"The credentials are wrong"


@pytest.mark.parametrize(("down", "code"), [(False, 1008), (True, 1013)])
async def test_other_servers_refuse_in_their_own_way(asking, down, code):
    asking.people.down = down
    assert await communicator(asking, basic("alice", "wrong")).connect() == (False, code)
