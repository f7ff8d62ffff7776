from __future__ import annotations

import asyncio
import datetime
import logging
import os
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.asyncio.server import serve as independent_serve

from mediation.errors import ConnectionFailed, InvalidHandshakeResponse
from mediation.transports.websocket import Handshake, InvalidHeader, Limits, Request, connect, listen

from .support import BINARY, CLOSE, TEXT, Echo, Peer, Recorder, acceptance, answering, dialing, frame, serving

JSON = "synapse(contentType='application/json')"
FOUND = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
UPGRADED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "


async def never(peer: Peer) -> None:
    await peer.rest()


async def failure(uri: str, **options: Any) -> ConnectionFailed:
    with pytest.raises(ConnectionFailed) as caught:
        await connect(uri, Recorder, **options)
    return caught.value


class TestConnecting:
    async def test_an_independent_server_is_reached(self) -> None:
        async def echo(client: Any) -> None:
            async for message in client:
                await client.send(message)

        handlers: list[Recorder] = []
        async with independent_serve(echo, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            connection = await connect(
                f"ws://127.0.0.1:{port}/", lambda it: handlers.append(Recorder(it)) or handlers[0]
            )
            for message in ("zwölf", b"\x00\xff", "", b"", "x" * 100_000):
                connection.send(message)
                assert await handlers[0].next() == message
            connection.close(1000, "done")
            await connection.wait_closed()

            assert await handlers[0].end() == (1000, "done")

    async def test_the_request_is_as_asked_for(self) -> None:
        def accept(request: Request) -> Handshake:
            seen.append(request)
            return Handshake(Echo, subprotocol=JSON)

        seen: list[Request] = []
        listener = await listen("127.0.0.1", 0, accept)
        connection = await connect(
            f"ws://localhost:{listener.port}/a b/ü?q=1&r=a b#",
            Recorder,
            subprotocols=["chat", JSON],
            headers=[("X-User", "me"), ("Host", "bus.example.org")],
        )

        assert connection.subprotocol == JSON
        assert seen[0].target == "/a%20b/%C3%BC?q=1&r=a%20b"
        assert seen[0].subprotocols == ["chat", JSON]
        assert seen[0].get("X-User") == "me"
        assert seen[0].get_all("Host") == ["bus.example.org"]
        assert seen[0].get("Origin") is None
        await listener.close(timeout=1)

    async def test_frames_that_come_with_the_answer_are_delivered(self) -> None:
        async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            key = head.partition("Sec-WebSocket-Key: ")[2].partition("\r\n")[0]
            writer.write(acceptance(key) + frame(TEXT, b"early", mask=False) + frame(CLOSE, b"\x03\xe8", mask=False))
            await reader.read()
            writer.close()

        handlers: list[Recorder] = []
        server = await asyncio.start_server(answered, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        connection = await connect(f"ws://127.0.0.1:{port}", lambda it: handlers.append(Recorder(it)) or handlers[0])

        assert await handlers[0].next() == "early"
        assert await handlers[0].end() == (1000, "")
        connection.abort()
        server.close()


class TestFailing:
    async def test_to_connect_says_where(self) -> None:
        port = free_port()

        exc = await failure(f"ws://localhost:{port}/websocket")

        assert exc.reason == f"Connection refused: localhost/127.0.0.1:{port}"
        assert (exc.code, exc.uri) == (101503, f"ws://localhost:{port}/websocket")

    async def test_to_resolve(self) -> None:
        assert (await failure("ws://nowhere.invalid/")).reason == "Unknown host: nowhere.invalid"

    @pytest.mark.parametrize("host", ["169.254.169.254", "2852039166", "[::ffff:169.254.169.254]", "[fe80::1]"])
    async def test_to_connect_to_addresses_of_the_link(self, host: str) -> None:
        assert (await failure(f"ws://{host}/")).reason.startswith("Link-local addresses are refused: ")

    @pytest.mark.parametrize(
        "uri", ["http://localhost/", "ws:/localhost", "ws://", "localhost:80", "ws://localhost:99999/", "ws://[::1/"]
    )
    async def test_to_understand_the_uri(self, uri: str) -> None:
        exc = await failure(uri)

        assert uri in exc.reason
        assert exc.code == 101503

    async def test_to_get_an_answer_in_time(self) -> None:
        async with answering(never, b"HTTP/1.1 101 Switching") as port:
            exc = await failure(f"ws://127.0.0.1:{port}/", handshake_timeout=0.1)

        assert exc.reason == f"No answer to the WebSocket handshake within 0.1 s: 127.0.0.1:{port}"
        assert exc.code == 101503

    async def test_when_the_server_hangs_up(self) -> None:
        async def hang_up(peer: Peer) -> None:
            pass

        async with answering(hang_up, b"HTTP/1.1 101 Switching") as port:
            exc = await failure(f"ws://127.0.0.1:{port}/")

        assert exc.reason == "Connection closed during the WebSocket handshake"

    @pytest.mark.parametrize(
        ("answer", "status", "text"),
        [
            (FOUND, 302, "302 Found"),
            (b"HTTP/1.1 503\r\n\r\n", 503, "503 Service Unavailable"),
            (b"HTTP/1.0 404 Not Found\r\n\r\nno such thing", 404, "404 Not Found"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "200 OK"),
        ],
    )
    async def test_with_another_status(self, answer: bytes, status: int, text: str) -> None:
        async with answering(never, answer) as port:
            exc = await failure(f"ws://127.0.0.1:{port}/")

        assert isinstance(exc, InvalidHandshakeResponse)
        assert (exc.code, exc.status) == (0, status)
        assert str(exc) == f"Invalid handshake response getStatus: {text}"

    @pytest.mark.parametrize(
        ("answer", "offered", "text"),
        [
            (UPGRADED + b"$ACCEPT\r\n\r\n", [JSON], f"Invalid subprotocol. Actual: null. Expected one of: {JSON}"),
            (UPGRADED + b"nonsense\r\n\r\n", [], "Invalid challenge"),
            (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", [], "Not an HTTP response"),
            (b"x" * 20_000, [], "Invalid handshake response: The head of the request is longer than 16384 bytes"),
        ],
    )
    async def test_with_an_answer_that_is_none(self, answer: bytes, offered: list[str], text: str) -> None:
        async with answering(never, answer) as port:
            exc = await failure(f"ws://127.0.0.1:{port}/", subprotocols=offered)

        assert (exc.code, exc.reason) == (0, text)

    async def test_with_a_header_that_cannot_be_sent(self) -> None:
        async with serving() as server:
            with pytest.raises(InvalidHeader, match="X-Name"):
                await connect(server.uri, Recorder, headers=[("X-Name", "a\r\nX-Injected: 1")])
            assert server.handlers.empty()

    async def test_or_being_cancelled_leaves_nothing_open(self) -> None:
        async def ask(peer: Peer) -> None:
            asked.set()
            await peer.rest()

        asked = asyncio.Event()
        files = len(os.listdir("/proc/self/fd"))
        async with answering(ask, b"HTTP/1.1 101 Switching") as port:
            connecting = asyncio.create_task(connect(f"ws://127.0.0.1:{port}/", Recorder))
            await asked.wait()
            connecting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await connecting
            await failure(f"ws://127.0.0.1:{port}/", handshake_timeout=0.05)
        async with answering(never, FOUND) as port:
            await failure(f"ws://127.0.0.1:{port}/")

        async with asyncio.timeout(5):
            while len(os.listdir("/proc/self/fd")) != files:  # noqa: ASYNC110 - until the other side has noticed
                await asyncio.sleep(0)

    async def test_a_message_that_is_too_long_breaks_the_connection(self) -> None:
        async def serve(peer: Peer) -> None:
            peer.send(BINARY, b"x" * 1000)
            closes.append(await peer.receive_close())

        closes: list[int | None] = []
        async with answering(serve) as port:
            connection = await connect(f"ws://127.0.0.1:{port}/", Recorder, limits=Limits(max_message=999))
            await asyncio.wait_for(connection.wait_closed(), 5)

        assert closes == [1009]


class TestTls:
    async def test_round_trip(self, certificate: Path) -> None:
        handlers: list[Recorder] = []
        listener = await listen("127.0.0.1", 0, lambda request: Handshake(Echo), ssl=server_context(certificate))
        trusting = ssl.create_default_context(cafile=certificate)
        connection = await connect(
            f"wss://localhost:{listener.port}/", lambda it: handlers.append(Recorder(it)) or handlers[0], ssl=trusting
        )
        for message in ("zwölf", b"x" * 500_000):
            connection.send(message)
            assert await handlers[0].next() == message
        connection.close(4000)
        await asyncio.wait_for(connection.wait_closed(), 5)

        assert await handlers[0].end() == (4000, "")
        await listener.close(timeout=1)

    async def test_an_unknown_authority_is_refused(self, certificate: Path) -> None:
        listener = await listen("127.0.0.1", 0, lambda request: Handshake(Echo), ssl=server_context(certificate))

        exc = await failure(f"wss://localhost:{listener.port}/")

        assert exc.reason == (
            f"TLS certificate not accepted, self-signed certificate: localhost/127.0.0.1:{listener.port}"
        )
        assert exc.code == 101503
        await listener.close(timeout=1)

    async def test_a_wrong_name_is_refused(self, certificate: Path) -> None:
        listener = await listen("127.0.0.1", 0, lambda request: Handshake(Echo), ssl=server_context(certificate))

        exc = await failure(f"wss://127.0.0.1:{listener.port}/", ssl=ssl.create_default_context(cafile=certificate))

        assert exc.reason.startswith("TLS certificate not accepted, IP address mismatch")
        await listener.close(timeout=1)

    @pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01"])
    async def test_a_client_that_does_not_speak_it_is_hung_up_on_in_silence(
        self, certificate: Path, sent: bytes, caplog: pytest.LogCaptureFixture
    ) -> None:
        context, limits = server_context(certificate), Limits(head_timeout=0.1)
        listener = await listen("127.0.0.1", 0, lambda request: Handshake(Echo), ssl=context, limits=limits)
        async with dialing(listener.port, None) as peer:
            peer.write(sent)

            assert await peer.rest() == b""
        await listener.close()
        assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []

    async def test_a_server_that_does_not_speak_it(self) -> None:
        async with serving() as server:
            exc = await failure(server.uri.replace("ws:", "wss:"))

        assert exc.reason.startswith("TLS handshake failed, ")
        assert exc.reason.endswith(f": 127.0.0.1/127.0.0.1:{server.port}")


def free_port() -> int:
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for localhost, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(minutes=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path
