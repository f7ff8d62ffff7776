"""The life cycle with real sockets: a configuration changes under connected clients."""

import asyncio
import contextlib

import aiohttp
import pytest
import websockets

from mediation.aggregation import ROOM
from mediation.monitoring.endpoints import Wishes
from mediation.options import Options
from mediation.server import Server
from mediation.transports.websocket import Handshake, listen
from tests.mediation.support import DictEnvironment, until

ECHO = '<sequence name="main"><respond/></sequence>'
PROXY = '<proxy name="P"><target><inSequence><respond/></inSequence></target></proxy>'


def inbound(port: int, name: str = "test", more: str = "", suspend: str = "false") -> str:
    return f"""<inboundEndpoint name="{name}" protocol="ws" sequence="main" suspend="{suspend}"><parameters>
        <parameter name="inbound.ws.port">{port}</parameter>{more}</parameters></inboundEndpoint>"""


def connect(port: int, **options):
    return websockets.connect(f"ws://127.0.0.1:{port}/", **options)


async def refused(port: int) -> bool:
    with contextlib.suppress(ConnectionRefusedError):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        return False
    return True


@pytest.fixture
async def server():
    server = Server(Options(host="127.0.0.1", http_port=0, drain_seconds=5))
    yield server
    await server.drain()


async def test_the_port_of_an_inbound_endpoint_opens_and_closes(server, free_port):
    port = free_port()
    await server.apply(DictEnvironment(ECHO, inbound(port)))
    async with connect(port) as client:
        await client.send("hi")
        assert await client.recv() == "hi"

        await server.apply(DictEnvironment(ECHO))
        with pytest.raises(websockets.ConnectionClosed):
            await client.recv()
        assert (client.close_code, client.close_reason) == (1001, "shutdown")
    assert await refused(port)


async def test_clients_survive_a_change_and_see_it(server, free_port):
    port = free_port()
    await server.apply(DictEnvironment(ECHO, inbound(port)))
    async with connect(port) as client:
        await client.send("before")
        assert await client.recv() == "before"

        changed = '<sequence name="main"><filter xpath="true()"><then><drop/></then></filter></sequence>'
        other = '<sequence name="other"><respond/></sequence>'
        await server.apply(DictEnvironment(changed, other, inbound(port).replace('"main"', '"other"')))
        await client.send("after")
        assert await client.recv() == "after"


async def test_the_endpoint_says_what_its_clients_are_told(server, free_port):
    port = free_port()
    words = """<parameter name="ws.shutdown.status.code">4001</parameter>
               <parameter name="ws.shutdown.status.message">moved</parameter>"""
    await server.apply(DictEnvironment(ECHO, inbound(port, more=words)))
    async with connect(port) as client:
        await server.apply(DictEnvironment(ECHO, inbound(port, suspend="true")))
        with pytest.raises(websockets.ConnectionClosed):
            await client.recv()
    assert (client.close_code, client.close_reason) == (4001, "moved")
    assert await refused(port)


async def test_a_taken_port_is_faulty_and_everything_else_serves(server, free_port):
    port, other = free_port(), free_port()
    holder = await listen("127.0.0.1", port, lambda request: Handshake(lambda connection: None))

    await server.apply(DictEnvironment(ECHO, inbound(port), inbound(other, "other")))

    reasons = {state.artifact: state.reason for state in server.status().ports}
    assert reasons["other"] == ""
    assert reasons["test"].startswith(f"port {port} is in use by process ")
    async with connect(other) as client:
        await client.send("hi")
        assert await client.recv() == "hi"
    await holder.close()


async def test_a_foreign_page_is_refused_before_the_handshake(server, free_port):
    port = free_port()
    await server.apply(DictEnvironment(ECHO, inbound(port)))

    with pytest.raises(websockets.InvalidStatus, match="403"):
        await connect(port, origin="http://evil.example")
    async with connect(port, origin="http://127.0.0.1:8000"):
        pass


async def test_proxy_services_have_their_own_port(free_port):
    server = Server(Options(host="127.0.0.1", http_port=free_port() - 1, port_offset=1))
    await server.start(Once(DictEnvironment(PROXY)))
    [state] = server.status().ports
    url, headers = f"http://127.0.0.1:{state.port}/services/P", {"Content-Type": "text/xml"}
    async with aiohttp.ClientSession() as client, client.post(url, data="<a/>", headers=headers) as answer:
        assert (answer.status, await answer.text()) == (200, "<a/>")
    await server.drain(5)
    assert await refused(state.port)


class Once:
    """A source with one configuration."""

    def __init__(self, environment: DictEnvironment):
        self.environment = environment

    def is_current(self, environment):
        return environment is self.environment

    def load(self, previous):
        return self.environment


@pytest.fixture(autouse=True)
def no_rows(monkeypatch):
    """Status rows are a matter of ``tests/mediation/monitoring``."""
    for name in ("report", "withdraw"):
        monkeypatch.setattr(f"mediation.monitoring.processes.Reporter.{name}", lambda *args: None)
    monkeypatch.setattr("mediation.monitoring.endpoints.SwitchReader.read", lambda reader: Wishes())


async def test_draining_says_good_bye_and_frees_the_ports(free_port):
    port = free_port()
    server = Server(Options(host="127.0.0.1", http_port=0))
    await server.start(Once(DictEnvironment(ECHO, inbound(port))))
    async with connect(port) as client:
        await server.drain(5)
        with pytest.raises(websockets.ConnectionClosed):
            await client.recv()
    assert client.close_code == 1001
    assert await refused(port)
    assert not server.runtime.sessions


async def test_a_client_that_does_not_answer_delays_the_end_by_no_more_than_the_limit(free_port):
    port = free_port()
    server = Server(Options(host="127.0.0.1", http_port=0))
    await server.start(Once(DictEnvironment(ECHO, inbound(port))))
    async with connect(port) as client:
        client.transport.pause_reading()
        await asyncio.wait_for(server.drain(0.1), 3)
        client.transport.abort()


async def test_messages_that_wait_in_groups_are_told_of_when_the_process_stops(free_port, caplog):
    port = free_port()
    pairs = """<sequence name="main"><aggregate><correlateOn expression="1 = 1"/>
        <completeCondition><messageCount min="2" max="-1"/></completeCondition><onComplete/></aggregate></sequence>"""
    server = Server(Options(host="127.0.0.1", http_port=0, group_seconds=60))
    no_lifecycle = '<parameter name="ws.inject.lifecycle">none</parameter>'
    await server.start(Once(DictEnvironment(pairs, inbound(port, more=no_lifecycle))))
    async with connect(port) as client:
        await client.send("one of two")
        await until(lambda: len(ROOM) == 1)
        await server.drain(5)

    assert "stopping: 1 messages in 1 groups are dropped" in caplog.messages
    assert len(ROOM) == 0


async def test_a_source_that_fails_at_first_does_not_stop_the_start(caplog):
    class Broken(Once):
        def load(self, previous):
            raise RuntimeError("no such table")

    server = Server(Options(host="127.0.0.1", http_port=0))
    await asyncio.wait_for(server.start(Broken(DictEnvironment())), 5)
    assert "cannot read the configuration, trying again: RuntimeError: no such table" in caplog.text
    await server.drain(1)
