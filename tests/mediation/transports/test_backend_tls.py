"""Back-ends with TLS that are not ours, and what the transport sender's parameters make of them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import websockets

from mediation.errors import ConnectionFailed
from mediation.message import MessageContext
from mediation.transports import SendOptions, transport_for
from mediation.transports.backend_tls import BackendTls, context_for
from mediation.transports.websocket import connect
from mediation.transports.websocket.parameters import sender_parameters
from tests.certificates import Identity, identity
from tests.mediation.support import DictEnvironment, RecordingSession, until

AUTHORITY = identity("authority", authority=True)
BACKEND = identity("localhost", AUTHORITY)
ESB = identity("esb", AUTHORITY)
URI = "wss://localhost/"


@asynccontextmanager
async def backend(directory: Path, shown: Identity = BACKEND, **settings: bool) -> AsyncIterator[int]:
    """A back-end that echoes; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown.write_pem(directory / "backend.pem"))
    if settings.get("mutual"):
        context.load_verify_locations(cadata=AUTHORITY.pem.decode())
        context.verify_mode = ssl.CERT_REQUIRED

    async def echo(connection: websockets.ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async with websockets.serve(echo, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture
def trusting(tmp_path) -> dict[str, str]:
    """Parameters that trust the authority."""
    file = tmp_path / "authority.pem"
    file.write_bytes(AUTHORITY.pem)
    return {"ws.trust.store.location": str(file)}


def write(file: str, content: bytes) -> None:
    Path(file).write_bytes(content)


async def reach(port: int, parameters: dict[str, str], host: str = "localhost") -> None:
    """Connect, and hang up."""
    uri = f"wss://{host}:{port}/"
    context = await context_for(uri, sender_parameters(parameters).tls)
    connection = await connect(uri, lambda connection: Silent(), ssl=context)
    connection.close()
    await asyncio.wait_for(connection.wait_closed(), 5)


async def refusal(port: int, parameters: dict[str, str], host: str = "localhost") -> str:
    with pytest.raises(ConnectionFailed) as caught:
        await reach(port, parameters, host)
    return caught.value.reason


class Silent:
    def frame_received(self, frame): ...
    def connection_lost(self, code, reason): ...
    def pause_writing(self): ...
    def resume_writing(self): ...


async def test_the_system_decides_who_is_trusted_by_default(tmp_path):
    async with backend(tmp_path) as port:
        assert (await refusal(port, {})).startswith("TLS certificate not accepted, ")


async def test_a_trust_store_decides_who_is_trusted(tmp_path, trusting):
    async with backend(tmp_path) as port:
        await reach(port, trusting)
    async with backend(tmp_path, identity("localhost")) as port:
        assert (await refusal(port, trusting)).startswith("TLS certificate not accepted, self-signed certificate")


async def test_a_certificate_has_to_be_for_the_host(tmp_path, trusting):
    async with backend(tmp_path) as port:
        assert (await refusal(port, trusting, "127.0.0.1")).startswith(
            "TLS certificate not accepted, IP address mismatch"
        )


async def test_the_switch_of_the_originals_lets_it_be_for_another_host(tmp_path, trusting):
    lax = {"ws.client.enable.hostname.verification": "false"}
    async with backend(tmp_path) as port:
        await reach(port, trusting | lax, "127.0.0.1")
        # The authority still counts.
        assert "certificate" in await refusal(port, lax, "127.0.0.1")


async def test_a_back_end_may_ask_for_our_certificate(tmp_path, trusting):
    (tmp_path / "esb.p12").write_bytes(ESB.pkcs12("secret"))
    ours = {"ws.key.store.location": str(tmp_path / "esb.p12"), "ws.key.store.Password": "secret"}
    async with backend(tmp_path, mutual=True) as port:
        await reach(port, trusting | ours)
        with pytest.raises(ConnectionFailed):
            await reach(port, trusting)


async def test_a_store_that_cannot_be_used_is_a_failure_of_the_connection():
    parameters = {"ws.trust.store.location": "/none.jks", "ws.trust.store.Password": "x"}

    assert await refusal(1, parameters) == "trustStore File /none.jks not found"


async def test_one_context_for_each_configuration_until_its_files_change(trusting):
    tls = sender_parameters(trusting).tls
    context = await context_for(URI, tls)
    assert await context_for("wss://elsewhere/", tls) is context
    assert context.verify_mode is ssl.CERT_REQUIRED

    write(trusting["ws.trust.store.location"], AUTHORITY.pem + identity("another", authority=True).pem)

    renewed = await context_for(URI, tls)
    assert renewed is not context
    assert len(renewed.get_ca_certs()) == 2


async def test_nothing_is_read_for_plain_connections_and_without_configuration(trusting):
    assert await context_for("ws://localhost/", sender_parameters(trusting).tls) is None
    assert await context_for(URI, BackendTls()) is None


async def test_a_clients_messages_reach_a_back_end_with_tls(tmp_path, trusting):
    env = DictEnvironment(main="<drop/>", out="<respond/>", transports={"wss": trusting})
    session = RecordingSession(env, outflow_sequence="out")
    async with backend(tmp_path) as port:
        uri = f"wss://localhost:{port}/"
        ctx = await session.send("over TLS")
        await delivered(ctx, uri)

        await until(lambda: session.replies)
        session.closed(1000, "")
        await session.settled()

    assert session.replies == ["over TLS"]


async def delivered(ctx: MessageContext, uri: str) -> None:
    sent = transport_for(uri).send(ctx, uri, SendOptions())
    if sent is not None:
        await sent
