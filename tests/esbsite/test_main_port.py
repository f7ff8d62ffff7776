"""WebSocket clients of the main port, as ``serve`` and ``runserver`` serve it."""

import asyncio
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import websockets

from tests.conftest import reserved_ports
from tests.esbsite.serving import ROOT, Product

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


@pytest.fixture(scope="module")
def url(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with reserved_ports() as free_port:
        main, inbound = free_port(), free_port()
        directory = tmp_path_factory.mktemp("main_port") / "var"
        shutil.copytree(migrated, directory)
        product = Product(directory, free_port())
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
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    writer.write(
        b"GET /inbound/test/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Sec-WebSocket-Protocol: %s\r\n\r\n" % offered.encode()
    )
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    writer.close()
    assert f"Sec-WebSocket-Protocol: {offered}" in head.decode()


@pytest.mark.parametrize(("path", "status"), [("/inbound/nobody/", 404), ("/nothing", 403)])
async def test_what_is_not_there_is_refused(url, path, status):
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(url + path)
    assert refused.value.response.status_code == status


async def test_a_foreign_page_is_refused(url):
    with pytest.raises(websockets.InvalidStatus, match="403"):
        await websockets.connect(f"{url}/inbound/test/", origin="http://evil.example")
