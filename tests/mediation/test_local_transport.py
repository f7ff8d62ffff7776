"""Messages of any flow to the clients of an inbound endpoint, over real sockets."""

import pytest
from django.test import AsyncRequestFactory

from mediation.compiler import compile_artifact
from mediation.local_transport import LocalTransport
from mediation.payloads.xml import parse_xml
from mediation.transports import TRANSPORTS
from mediation.transports.local import inbound_address
from mediation.views import ProxyServiceView

from .bridge import received
from .support import until

requests = AsyncRequestFactory()


def send(address):
    return f'<send><endpoint><address uri="{address}"/></endpoint></send>'


def proxy(mediators):
    return f'<proxy name="announce"><target><inSequence>{mediators}</inSequence></target></proxy>'


@pytest.fixture
async def post(gateway, monkeypatch):
    """Posts to the proxy service ``announce``."""
    transport = LocalTransport()
    transport.bind(gateway.runtime)
    monkeypatch.setitem(TRANSPORTS, "local", transport)
    view = ProxyServiceView()
    view.bind(gateway.runtime)
    gateway.environment.deploy('<sequence name="main"><drop/></sequence>')

    async def post(body, path="", content_type="application/json"):
        request = requests.post(f"/services/announce{path}", body, content_type=content_type)
        return (await view(request, f"announce{path}")).status_code

    yield post
    await view.exchanges.drain(5)


async def test_a_post_reaches_all_clients_on_the_path_and_nobody_else(gateway, post):
    gateway.environment.deploy(proxy(send("local:///inbound/test/news")))
    async with gateway.client("/news") as one, gateway.client("/news?x=1") as two, gateway.client("/other") as other:
        await until(lambda: len(gateway.runtime.subscribers) == 3)
        assert await post('{"hello": "all"}') == 202
        assert await received(one) == await received(two) == '{"hello": "all"}'
        gateway.environment.deploy(proxy(send("local:///inbound/test/other")))
        await post("<second/>", content_type="application/xml")
        assert await received(other) == "<second/>"


async def test_the_path_of_the_request_says_who_gets_it(gateway, post):
    gateway.environment.deploy(proxy(send("local:///inbound/test")))
    async with gateway.client("/rooms/7") as client:
        await until(lambda: len(gateway.runtime.subscribers) == 1)
        await post("{}", "/rooms/7")
        assert await received(client) == "{}"


async def test_after_a_call_the_flow_goes_on(gateway, post):
    address = '<call><endpoint><address uri="local:///inbound/test/"/></endpoint></call>'
    gateway.environment.deploy(proxy(address + '<property name="HTTP_SC" value="201" scope="axis2"/><respond/>'))
    async with gateway.client() as client:
        await until(lambda: len(gateway.runtime.subscribers) == 1)
        assert await post('{"n": 1}') == 201
        assert await received(client) == '{"n": 1}'


async def test_nobody_there_is_no_failure(gateway, post):
    gateway.environment.deploy(proxy(send("local:///inbound/test/nobody")))
    assert await post("{}") == 202


async def test_an_endpoint_that_is_not_deployed_is_a_fault(gateway, post):
    gateway.environment.deploy(proxy(send("local:///inbound/missing/")))
    assert await post("{}") == 502


async def test_a_client_can_send_to_the_clients_of_another_path(gateway, post):
    gateway.environment.deploy(f'<sequence name="main">{send("local:///inbound/test/listeners")}</sequence>')
    async with gateway.client("/listeners") as listener, gateway.client("/speaker") as speaker:
        await until(lambda: len(gateway.runtime.subscribers) == 2)
        await speaker.send("hello")
        await speaker.send(b"\x00")
        assert [await received(listener) for _ in range(2)] == ["hello", b"\x00"]


@pytest.mark.parametrize(
    ("uri", "found"),
    [
        ("local:///inbound/chat/room/1", ("chat", "/room/1")),
        ("local:///inbound/chat", ("chat", "/")),
        ("local:///inbound/my%20chat/?x=1", ("my chat", "/")),
        ("local:///inbound/", None),
        ("local:///services/p", None),
        ("local://inbound/chat", None),
    ],
)
def test_addresses(uri, found):
    assert inbound_address(uri) == found


def test_other_local_addresses_are_reported_when_they_are_deployed():
    compilation = compile_artifact(
        parse_xml('<endpoint name="e"><address uri="local:///services/StockQuote"/></endpoint>')
    )
    assert compilation.not_runnable[0].message.startswith('the address "local:///services/StockQuote" is kept')
