"""Back-ends behind HTTP proxies, over real sockets."""

import asyncio
import contextlib
import ssl

import pytest

from mediation.errors import ConnectionFailed
from mediation.transports.websocket import Handshake, connect, listen
from mediation.transports.websocket.proxies import HttpProxy
from tests.certificates import write_certificate

from .support import Echo, Recorder


class Proxy:
    """An HTTP proxy that knows CONNECT only."""

    def __init__(self):
        self.requests = []
        self.answer = b"HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n"

    async def serve(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        self.requests.append(head.decode())
        if self.answer is None:
            await reader.read()  # until the other side gives up
            writer.close()
            return
        writer.write(self.answer)
        if b" 200 " not in self.answer:
            writer.close()
            return
        host, _, port = head.split(b" ")[1].decode().rpartition(":")
        there = await asyncio.open_connection(host, int(port))
        with contextlib.suppress(OSError):
            await asyncio.gather(self._carry(reader, there[1]), self._carry(there[0], writer))

    async def _carry(self, reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()


@pytest.fixture
async def proxy():
    proxy = Proxy()
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.address = HttpProxy("127.0.0.1", server.sockets[0].getsockname()[1], "esb", "secret")
    yield proxy
    server.close()


@pytest.fixture
def certificate(tmp_path):
    return write_certificate(tmp_path)


@pytest.fixture
def server_context(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


@pytest.fixture
def client_context(certificate):
    return ssl.create_default_context(cafile=certificate[0])


async def echoes(uri, proxy, **options):
    recorders = []

    def handler(connection):
        recorders.append(Recorder(connection))
        return recorders[-1]

    connection = await connect(uri, handler, proxy=proxy, **options)
    for frame in ("hello", b"\x00" * 70_000):
        connection.send(frame)
        assert await recorders[0].next() == frame
    connection.close()
    await recorders[0].end()


async def test_a_back_end_is_reached_through_a_proxy(proxy):
    listener = await listen("127.0.0.1", 0, lambda request: Handshake(Echo))
    await echoes(f"ws://127.0.0.1:{listener.port}/", proxy.address)
    assert proxy.requests[0].startswith(f"CONNECT 127.0.0.1:{listener.port} HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic ZXNiOnNlY3JldA==\r\n" in proxy.requests[0]
    await listener.close()


async def test_tls_goes_through_the_tunnel_to_the_back_end(proxy, server_context, client_context):
    listener = await listen("127.0.0.1", 0, lambda request: Handshake(Echo), ssl=server_context)
    await echoes(f"wss://localhost:{listener.port}/", proxy.address, ssl=client_context)
    assert proxy.requests[0].startswith(f"CONNECT localhost:{listener.port} HTTP/1.1\r\n")
    await listener.close()


ANSWERS = [
    (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "The proxy answered '407 Proxy Authentication Required'"),
    (b"SSH-2.0-OpenSSH\r\n\r\n", "The proxy answered"),
    (b"HTTP/1.1 502 Bad\x1b[0m\r\n\r\n", r"The proxy answered '502 Bad\x1b[0m'"),
    (b"", "The proxy closed the connection"),
]


@pytest.mark.parametrize(("answer", "reason"), ANSWERS)
async def test_a_proxy_that_opens_no_tunnel_is_a_failed_connection(proxy, answer, reason):
    proxy.answer = answer
    with pytest.raises(ConnectionFailed) as failure:
        await connect("ws://back-end.example/", Recorder, proxy=proxy.address)
    assert failure.value.reason.startswith(reason)
    assert "back-end.example:80 through the proxy 127.0.0.1" in failure.value.reason
    assert failure.value.code == 101503


async def test_a_proxy_that_does_not_answer_is_given_up(proxy):
    proxy.answer = None
    with pytest.raises(ConnectionFailed, match="Connection timed out"):
        await connect("ws://127.0.0.1:9/", Recorder, proxy=proxy.address, connect_timeout=0.1)


async def test_an_untrusted_certificate_behind_the_tunnel_is_refused(proxy, server_context):
    listener = await listen("127.0.0.1", 0, lambda request: Handshake(Echo), ssl=server_context)
    with pytest.raises(ConnectionFailed, match="TLS certificate not accepted"):
        await connect(
            f"wss://localhost:{listener.port}/", Recorder, proxy=proxy.address, ssl=ssl.create_default_context()
        )
    await listener.close()
