"""WebSocket clients of the main port, as ``serve`` and ``runserver`` serve it."""

import asyncio
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import websockets
from twisted.internet.testing import StringTransport

from esbsite import main_port
from mediation.transports.websocket import Limits
from tests.conftest import reserved_ports
from tests.esbsite.serving import ROOT, Product
from tests.mediation.support import until

SEQUENCE = """<sequence name="main">
    <filter source="get-property('websocket.text.frame')" regex="close.*">
        <then>
            <property name="errorCode" value="1008"/>
            <property name="ERROR_MESSAGE" value="as you wish"/>
        </then>
    </filter>
    <respond/></sequence>"""
INBOUND = """<inboundEndpoint name="test" protocol="ws" sequence="main"><parameters>
    <parameter name="inbound.ws.port">{port}</parameter></parameters></inboundEndpoint>"""

HEAD_SECONDS = 2


@pytest.fixture(scope="module")
def url(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with reserved_ports() as free_port:
        main, inbound = free_port(), free_port()
        directory = tmp_path_factory.mktemp("main_port") / "var"
        shutil.copytree(migrated, directory)
        product = Product(directory, free_port(), ESB_HANDSHAKE_SECONDS=str(HEAD_SECONDS))
        product.deploy({"main": SEQUENCE, "test": INBOUND.format(port=inbound)})
        with product.run(sys.executable, ROOT / "manage.py", "serve", str(main), ports=(main, inbound)):
            yield f"ws://127.0.0.1:{main}"


MESSAGES = {"text": "hi", "empty text": "", "bytes": b"\x00\xff", "no bytes": b"", "large": "x" * 1_000_000}


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
async def test_messages_come_back(url, message):
    async with websockets.connect(f"{url}/inbound/test/") as client:
        await client.send(message)
        assert await client.recv() == message


async def test_the_client_is_told_why_it_is_closed(url):
    async with websockets.connect(f"{url}/inbound/test/") as client:
        await client.send("close, please")
        with pytest.raises(websockets.ConnectionClosed):
            await client.recv()
    assert (client.close_code, client.close_reason) == (1008, "as you wish")


async def test_a_message_over_the_limit_is_answered_with_1009(url):
    async with websockets.connect(f"{url}/inbound/test/") as client:
        await client.send("x" * (1024 * 1024 + 1))
        with pytest.raises(websockets.ConnectionClosed):
            await client.recv()
    assert client.close_code == 1009


async def test_a_synapse_subprotocol_is_accepted(url):
    offered = "synapse(contentType='application/json')"
    reader, writer = await dial(url)
    writer.write(UPGRADE + b"Sec-WebSocket-Protocol: %s\r\n\r\n" % offered.encode())
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    writer.close()
    assert f"Sec-WebSocket-Protocol: {offered}" in head.decode()


UPGRADE = (
    b"GET /inbound/test/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
GET = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def dial(url):
    return await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))


async def status_of_answer(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split()[0]))
    return int(head.split()[1])


@pytest.mark.parametrize("before", [b"", GET], ids=["first request", "a later one"])
async def test_a_request_that_comes_in_drips_has_no_more_time_than_another(url, before):
    reader, writer = await dial(url)
    if before:
        writer.write(before)
        assert await status_of_answer(reader) == 404
    loop = asyncio.get_running_loop()
    begun = loop.time()
    answer = asyncio.create_task(reader.readuntil(b"\r\n\r\n"))
    for byte in b"GET /nothing HTTP/1.1\r\nX: " + b"y" * 1000:
        writer.write(bytes([byte]))
        if (await asyncio.wait([answer], timeout=0.1))[0]:
            break
    assert b" 408 " in await answer
    assert await reader.read() == b""
    assert HEAD_SECONDS - 0.1 < loop.time() - begun < HEAD_SECONDS + 5
    writer.close()


async def test_a_connection_that_is_kept_open_between_requests_is_not_late(url):
    reader, writer = await dial(url)
    for _ in range(2):
        writer.write(GET)
        assert await status_of_answer(reader) == 404
        # That nothing happens takes as long as the limit is.
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(100), HEAD_SECONDS + 0.5)
    writer.close()


async def test_a_flood_of_pings_is_ended(url):
    reader, writer = await dial(url)
    writer.write(UPGRADE + b"\r\n")
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"\x89\x80\0\0\0\0" * 5000)
    frames = await asyncio.wait_for(reader.readuntil(b"in a second"), 5)
    assert frames.count(b"\x8a\x00") <= 1000
    assert b"\x03\xf0more than 1000 pings and pongs" in frames
    writer.close()


class FullTransport(StringTransport):
    aborted = False

    def abortConnection(self):
        self.aborted = True


async def test_who_does_not_read_is_not_read_and_not_kept_for_ever(monkeypatch):
    monkeypatch.setattr(main_port, "LIMITS", Limits(stall_timeout=0.01))
    protocol = main_port.MendedWebSocketProtocol()
    protocol.transport = transport = FullTransport()
    protocol.begin()
    protocol.pauseProducing()
    assert transport.producerState == "paused"
    protocol.resumeProducing()
    assert transport.producerState == "producing"
    protocol.pauseProducing()
    await until(lambda: transport.aborted)


@pytest.mark.parametrize(("path", "status"), [("/inbound/nobody/", 404), ("/nothing", 403)])
async def test_what_is_not_there_is_refused(url, path, status):
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(url + path)
    assert refused.value.response.status_code == status


async def test_a_foreign_page_is_refused(url):
    with pytest.raises(websockets.InvalidStatus, match="403"):
        await websockets.connect(f"{url}/inbound/test/", origin="http://evil.example")
