"""Clients that prove in TLS who they are."""

import ssl

import pytest
import websockets

from mediation.access import AccessRules
from mediation.listeners.websocket import open_websocket_port
from tests.certificates import identity

from .support import Door, basic

AUTHORITY = identity("authority", authority=True)
SERVER = identity("localhost", AUTHORITY)
ALICE, NOBODY = identity("alice", AUTHORITY), identity("nobody", AUTHORITY)


@pytest.fixture
async def secure_door(tmp_path):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=AUTHORITY.pem.decode())
    context.load_cert_chain(SERVER.write_pem(tmp_path / "server.pem"))
    context.verify_mode = ssl.CERT_OPTIONAL
    door = Door(AccessRules(schemes=("basic", "certificate")), protocol="wss")
    listener = await open_websocket_port("test", 0, door.runtime, lambda: context)
    door.port = listener.port
    yield door
    await listener.close(timeout=1)
    door.runtime.gate.close()


def connect(door, tmp_path, shown=None, **options):
    context = AUTHORITY.client_context(tmp_path, shown)
    return websockets.connect(f"wss://localhost:{door.port}/", ssl=context, compression=None, **options)


async def test_a_certificate_of_a_user_lets_in(secure_door, tmp_path):
    async with connect(secure_door, tmp_path, ALICE) as client:
        await client.send("who am I?")
        assert await client.recv() == "alice|chat users,ops|certificate|"


async def test_a_certificate_of_nobody_does_not(secure_door, tmp_path):
    for shown in (NOBODY, None):
        with pytest.raises(websockets.InvalidStatus, match="401"):
            await connect(secure_door, tmp_path, shown)


async def test_a_header_goes_before_a_certificate(secure_door, tmp_path):
    async with connect(secure_door, tmp_path, ALICE, additional_headers=basic("bob", "right")) as client:
        await client.send("who am I?")
        assert await client.recv() == "bob||basic|"
    with pytest.raises(websockets.InvalidStatus, match="401"):
        await connect(secure_door, tmp_path, ALICE, additional_headers=basic("bob", "wrong"))


async def test_a_page_may_not_use_its_visitors_certificate(secure_door, tmp_path):
    with pytest.raises(websockets.InvalidStatus, match="403"):
        await connect(secure_door, tmp_path, ALICE, origin="https://evil.example")
