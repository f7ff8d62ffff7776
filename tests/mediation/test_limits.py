"""Hostile and unlucky clients and back-ends, at a running gateway: each input with its bound and its code."""

from __future__ import annotations

import asyncio
import logging
import time
import zlib
from ipaddress import ip_network
from typing import Any

import pytest
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.urls import path

from mediation.consumers import InboundConsumer
from mediation.options import Options
from mediation.transports.websocket import Connection, Deflate, Limits
from tests.mediation.gateway import Gateway, closed_with, memory, running
from tests.mediation.support import until
from tests.mediation.transports.websocket.support import (
    BINARY,
    CLOSE,
    CONTINUATION,
    KEY,
    PING,
    PONG,
    TEXT,
    UPGRADE,
    Echo,
    Peer,
    Recorder,
    answering,
    frame,
)

MIB = 1024 * 1024
DRIP = 0.02  # seconds


@pytest.fixture(autouse=True)
def one_line_for_each_peer(caplog: pytest.LogCaptureFixture):
    """Nobody fills the log: two lines come and go with each connection, and a flood adds none."""
    caplog.set_level(logging.INFO)
    yield
    peers = sum(record.getMessage().endswith(" opened") for record in caplog.records)
    assert len(caplog.records) <= 2 * peers + 10
    assert not any(record.exc_info for record in caplog.records)


async def echoes(peer: Peer) -> None:
    peer.send(TEXT, b"still here")
    assert await peer.receive() == (TEXT, b"still here")


class TestHugeFrames:
    @pytest.mark.parametrize(
        ("head", "code"),
        [
            (b"\x82\xff" + (2**63 - 1).to_bytes(8, "big"), 1009),
            (b"\x82\xff" + (2**40).to_bytes(8, "big"), 1009),
            (b"\x82\xff" + (MIB + 1).to_bytes(8, "big"), 1009),
            (b"\x82\xff" + (2**63).to_bytes(8, "big"), 1002),
            (b"\x82\xfe" + (5).to_bytes(2, "big"), 1002),
            (b"\x82\xff" + (65535).to_bytes(8, "big"), 1002),
        ],
        ids=["2^63-1", "2^40", "1 MiB + 1", "sign bit", "5 in 16 bits", "65535 in 64 bits"],
    )
    async def test_are_refused_when_their_length_is_announced(self, head: bytes, code: int) -> None:
        async with running() as gateway, gateway.client() as peer:
            before, started = memory(), time.monotonic()
            peer.write(head)
            assert await peer.receive_close() == code
            assert time.monotonic() - started < 0.3
            assert memory() - before < MIB

    async def test_the_limits_are_those_of_the_endpoint(self) -> None:
        async with running({"ws.max.message.size": 2000, "ws.max.frame.size": 1000}) as gateway:
            async with gateway.client() as peer:
                peer.send(BINARY, b"x" * 1000, fin=False)
                peer.send(CONTINUATION, b"x" * 1000)
                assert await peer.receive() == (BINARY, b"x" * 2000)
                peer.send(BINARY, b"x" * 1001)
                assert await peer.receive_close() == 1009
            async with gateway.client() as peer:
                for opcode in (BINARY, CONTINUATION, CONTINUATION):
                    peer.send(opcode, b"x" * 700, fin=False)
                assert await peer.receive_close() == 1009

    async def test_a_changed_limit_is_that_of_the_next_client(self) -> None:
        async with running() as gateway, gateway.client() as early:
            gateway.configure({"ws.max.message.size": 10})
            async with gateway.client() as late:
                late.send(TEXT, b"x" * 11)
                assert await late.receive_close() == 1009
            early.send(TEXT, b"x" * 11)
            assert await early.receive() == (TEXT, b"x" * 11)

    async def test_of_a_backend_end_both_legs(self) -> None:
        async def serve(peer: Peer) -> None:
            peer.write(b"\x82\x7f" + (2**40).to_bytes(8, "big"))
            assert await peer.receive_close() == 1009
            await peer.rest()

        async with (
            answering(serve) as port,
            running(backend=f"ws://127.0.0.1:{port}/") as gateway,
            gateway.client() as peer,
        ):
            assert await peer.receive_close() == 1014


class TestFragmentFloods:
    async def test_empty_fragments_are_bounded(self) -> None:
        async with running() as gateway, gateway.client() as peer:
            before = memory()
            peer.send(TEXT, b"", fin=False)
            peer.write(frame(CONTINUATION, b"", fin=False) * 200_000)
            assert await peer.receive_close() == 1008
            assert memory() - before < 4 * MIB
            await idle_within_a_second()

    async def test_small_fragments_with_pings_between_end_at_the_size_of_a_message(self) -> None:
        async with running({"ws.max.message.size": 5000}) as gateway, gateway.client() as peer:
            peer.send(TEXT, b"", fin=False)
            peer.write((frame(CONTINUATION, b"x" * 10, fin=False) + frame(PING, b"")) * 501)
            assert await closed_with(peer) == 1009

    async def test_a_message_that_never_ends_does(self) -> None:
        async with running({"ws.message.timeout": 0.2}) as gateway, gateway.client() as peer:
            peer.send(TEXT, b"a", fin=False)
            ended = asyncio.create_task(peer.receive_close())
            while not ended.done():
                peer.send(CONTINUATION, b"a", fin=False)
                await asyncio.wait([ended], timeout=DRIP)
            assert ended.result() == 1008


class TestInflationBombs:
    """The rest is in ``transports/websocket/test_deflate.py``."""

    async def test_are_inflated_no_further_than_a_message_may_be_long(self) -> None:
        compressor = zlib.compressobj(wbits=-15)
        bomb = compressor.compress(bytes(64 * MIB)) + compressor.flush(zlib.Z_SYNC_FLUSH)
        request = UPGRADE.replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
        async with running({"ws.deflate": "true"}) as gateway, gateway.client(request) as peer:
            peer.send(BINARY, bytes(1000))
            assert (await peer.receive())[0] == BINARY
            before = memory()
            peer.send(BINARY, bomb[:-4], rsv=4)
            assert await peer.receive_close() == 1009
            assert memory() - before < 3 * MIB


class TestControlFloods:
    async def test_end_with_1008(self) -> None:
        async with running() as gateway, gateway.client() as peer, gateway.client() as good:
            before = memory()
            peer.writer.transport.set_write_buffer_limits(high=8 * MIB)
            peer.write(frame(PING, b"x" * 125) * 50_000)
            assert await closed_with(peer) == 1008
            assert memory() - before < 8 * MIB  # what this test has sent is in the same process
            await echoes(good)

    async def test_a_peer_that_reads_nothing_is_given_up(self) -> None:
        stalling = Limits(stall_timeout=0.3)
        async with running() as gateway:
            gateway.runtime.limits = stalling
            async with gateway.client() as peer:
                peer.writer.transport.pause_reading()
                await flood(peer, frame(BINARY, b"x" * 16_384))
                assert peer.writer.transport.is_closing()
            await gateway.idle()

    async def test_pongs_and_a_close_flood_are_dealt_with_once(self) -> None:
        async with running() as gateway, gateway.client() as peer:
            peer.write(frame(PONG, b"") * 500 + frame(CLOSE, b"\x03\xe8") * 500)
            assert await peer.receive_close() == 1000
            assert await peer.rest() == b""


class TestSlowHandshakes:
    PARAMETERS = {"ws.handshake.timeout": 0.3}

    async def test_have_an_absolute_deadline(self) -> None:
        async with running(self.PARAMETERS) as gateway:
            answers = await asyncio.gather(*(self.drip(gateway) for _ in range(20)), self.silent(gateway))
            assert all(answer.startswith(b"HTTP/1.1 408 ") and seconds < 0.8 for answer, seconds in answers)

    async def test_do_not_keep_others_waiting(self) -> None:
        async with running(self.PARAMETERS) as gateway:
            dripping = [asyncio.create_task(self.drip(gateway)) for _ in range(50)]
            slowest = 0.0
            for _ in range(20):
                started = time.monotonic()
                async with gateway.client() as peer:
                    await echoes(peer)
                slowest = max(slowest, time.monotonic() - started)
            await asyncio.gather(*dripping)
            assert slowest < 0.25

    async def test_the_oldest_of_too_many_is_given_up(self) -> None:
        async with running() as gateway:
            gateway.runtime.limits = Limits(max_openings=3)
            async with gateway.dial() as oldest, gateway.dial(), gateway.dial():
                await until(lambda: len(gateway.listener._waiting) == 3)
                async with gateway.client() as peer:
                    await echoes(peer)
                    assert (await oldest.rest()).startswith(b"HTTP/1.1 408 ")

    async def drip(self, gateway: Gateway) -> tuple[bytes, float]:
        started = time.monotonic()
        async with gateway.dial() as peer:
            answer = asyncio.create_task(peer.rest())
            for byte in UPGRADE:
                peer.write(bytes([byte]))
                await asyncio.wait([answer], timeout=DRIP)
                if answer.done():
                    break
            return answer.result(), time.monotonic() - started

    async def silent(self, gateway: Gateway) -> tuple[bytes, float]:
        started = time.monotonic()
        async with gateway.dial() as peer:
            return await peer.rest(), time.monotonic() - started


class TestMalformedUpgrades:
    @pytest.mark.parametrize(
        ("request_", "status"),
        [
            (UPGRADE.replace(b"Version: 13", b"Version: 8"), 426),
            (UPGRADE.replace(b"Version: 13", b"Version: x"), 426),
            (UPGRADE.replace(b"HTTP/1.1", b"HTTP/1.0"), 400),
            (UPGRADE.replace(KEY.encode(), b"c2hvcnQ="), 400),
            (UPGRADE.replace(f"Sec-WebSocket-Key: {KEY}\r\n".encode(), b""), 400),
            (UPGRADE.replace(b"Upgrade: websocket", b"Upgrade: h2c"), 426),
            (UPGRADE.replace(b"Host: localhost", b"Host: a\r\nHost: b"), 400),
            (UPGRADE.replace(b"Host: localhost", b"Host : localhost"), 400),
            (UPGRADE.replace(b"Host: localhost\r\n", b"Host: localhost\r\n folded\r\n"), 400),
            (UPGRADE.replace(b"\r\n\r\n", b"\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), 400),
            (UPGRADE.replace(b"\r\n\r\n", b"\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"), 400),
            (UPGRADE.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked, identity\r\n\r\n"), 400),
            (UPGRADE.replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\nhello"), 400),
            (UPGRADE.replace(b"\r\n", b"\n"), 400),
            (UPGRADE.replace(b"GET /chat", b"GET http://evil/chat"), 400),
            (UPGRADE.replace(b"\r\n\r\n", b"\r\nX: " + b"x" * 20_000 + b"\r\n\r\n"), 431),
            (UPGRADE.replace(b"\r\n\r\n", b"\r\nX: \x00\r\n\r\n"), 400),
        ],
    )
    async def test_get_their_status(self, request_: bytes, status: int) -> None:
        async with running() as gateway, gateway.dial() as peer:
            peer.write(request_)
            assert (await peer.rest()).startswith(f"HTTP/1.1 {status} ".encode())
            assert not gateway.runtime.sessions


class TestConnectionFloods:
    async def test_those_over_the_limit_get_503_and_the_others_go_on(self) -> None:
        async with running({"ws.max.connections": 50}) as gateway:
            clients = [gateway.client() for _ in range(50)]
            peers = [await client.__aenter__() for client in clients]
            refused = 0
            for _ in range(200):
                async with gateway.dial() as peer:
                    peer.write(UPGRADE)
                    refused += (await peer.rest()).startswith(b"HTTP/1.1 503 ")
            assert refused == 200
            for peer in peers:
                await echoes(peer)
            await clients[0].__aexit__(None, None, None)
            await until(lambda: len(gateway.runtime.clients) == 49)
            async with gateway.client() as peer:
                await echoes(peer)
            for client in clients[1:]:
                await client.__aexit__(None, None, None)
            await gateway.idle()
            assert len(gateway.runtime.clients) == 0

    async def test_all_at_once_are_counted_too(self) -> None:
        async with running({"ws.max.connections.per.address": 10}) as gateway:
            peers = await asyncio.gather(*(self.knock(gateway) for _ in range(60)))
            assert sorted(answer.split()[1] for answer, _ in peers) == [b"101"] * 10 + [b"503"] * 50
            for _, client in peers:
                await client.__aexit__(None, None, None)

    async def test_behind_a_trusted_proxy_clients_have_their_own_addresses(self) -> None:
        options = Options(host="127.0.0.1", trusted_proxies=(ip_network("127.0.0.1"),))
        async with running({"ws.max.connections.per.address": 1}, options=options) as gateway:
            first, second = (f"X-Forwarded-For: 198.51.100.1, 203.0.113.{number}" for number in (7, 8))
            answers = [await self.knock(gateway, field) for field in (first, second, first)]
            assert [answer.split()[1] for answer, _ in answers] == [b"101", b"101", b"503"]
            for _, client in answers:
                await client.__aexit__(None, None, None)

    async def test_the_server_has_limits_for_endpoints_that_say_nothing(self) -> None:
        async with running(options=Options(host="127.0.0.1", max_connections=1)) as gateway, gateway.client():
            answer, client = await self.knock(gateway)
            assert answer.startswith(b"HTTP/1.1 503 ")
            await client.__aexit__(None, None, None)

    async def knock(self, gateway: Gateway, field: str = "X-Nothing: 1") -> tuple[bytes, Any]:
        client = gateway.dial()
        peer = await client.__aenter__()
        peer.write(UPGRADE.replace(b"\r\n\r\n", f"\r\n{field}\r\n\r\n".encode()))
        return await peer.head(), client


class TestMessageRate:
    async def test_who_is_too_fast_is_read_more_slowly(self) -> None:
        async with running({"ws.max.message.rate": 100}) as gateway, gateway.client() as peer:
            started = time.monotonic()
            for number in range(130):
                peer.send(TEXT, str(number).encode())
            assert [int((await peer.receive())[1]) for _ in range(130)] == list(range(130))
            assert 0.25 < time.monotonic() - started < 1.5

    async def test_or_gets_1008(self) -> None:
        parameters = {"ws.max.message.rate": 10, "ws.message.rate.policy": "close"}
        async with running(parameters) as gateway, gateway.client() as peer:
            for _ in range(11):
                peer.send(TEXT, b"x")
            assert await closed_with(peer) == 1008


class Streaming(Recorder):
    """A back-end that sends numbered messages as long as they are taken, once it is told to begin."""

    SIZE = 4000

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.sent = 0

    def frame_received(self, message: object) -> None:
        self.go_on()

    def go_on(self) -> None:
        while self.connection.writable and not self.connection.closed and self.sent < 5000:
            self.connection.send(str(self.sent).zfill(self.SIZE))
            self.sent += 1

    def resume_writing(self) -> None:
        self.go_on()


class TestSlowClients:
    async def test_by_default_their_backend_waits_and_nothing_is_lost(self) -> None:
        async with running(backend=Streaming) as gateway, gateway.client() as peer:
            peer.writer.transport.pause_reading()
            peer.send(TEXT, b"begin")
            assert gateway.backend is not None
            backend = await gateway.backend.handler()
            await until(lambda: not backend.connection.writable)
            before = memory()
            await asyncio.wait([backend.lost], timeout=0.2)
            assert memory() - before < 2 * MIB
            assert backend.sent < 5000  # type: ignore[attr-defined]

            peer.writer.transport.resume_reading()
            assert [int((await peer.receive())[1]) for _ in range(5000)] == list(range(5000))

    async def test_or_the_oldest_messages_are_dropped(self) -> None:
        parameters = {"ws.queue.policy": "drop", "ws.max.queue.size": 100_000}
        async with running(parameters, backend=Streaming) as gateway, gateway.client() as peer:
            peer.writer.transport.pause_reading()
            peer.send(TEXT, b"begin")
            assert gateway.backend is not None
            backend = await gateway.backend.handler()
            await until(lambda: backend.sent == 5000)  # type: ignore[attr-defined]
            peer.writer.transport.resume_reading()

            numbers = [-1]
            while numbers[-1] != 4999:
                numbers.append(int((await peer.receive())[1]))
            assert numbers == sorted(set(numbers))
            assert len(numbers) < 5000

    async def test_or_they_get_1013(self) -> None:
        parameters = {"ws.queue.policy": "close", "ws.max.queue.size": 100_000}
        async with running(parameters, backend=Streaming) as gateway, gateway.client() as peer:
            peer.writer.transport.pause_reading()
            peer.send(TEXT, b"begin")
            [connection] = gateway.listener.connections
            await until(lambda: connection.closed)
            peer.writer.transport.resume_reading()

            assert await closed_with(peer) == 1013

    async def test_one_that_never_reads_is_given_up_and_good_ones_do_not_notice(self) -> None:
        async with running(backend=Streaming) as gateway:
            gateway.runtime.limits = Limits(stall_timeout=0.3)
            async with gateway.client() as bad:
                bad.writer.transport.pause_reading()
                bad.send(TEXT, b"begin")
                assert gateway.backend is not None
                backend = await gateway.backend.handler()
                started = time.monotonic()
                assert (await backend.end())[0] != 1006
                assert time.monotonic() - started < 2


class TestSlowBackends:
    async def test_that_read_nothing_stop_the_reading_of_their_client(self) -> None:
        class Deaf(Recorder):
            def __init__(self, connection: Connection) -> None:
                super().__init__(connection)
                connection.pause_reading()

        async with running(backend=Deaf) as gateway, gateway.client() as peer:
            await flood(peer, frame(BINARY, b"x" * 65_536), seconds=0.5)
            assert peer.writer.transport.get_write_buffer_size() >= MIB
            before = memory()
            await flood(peer, frame(BINARY, b"x" * 65_536), seconds=0.2)
            assert memory() - before < MIB

    async def test_that_accept_and_never_answer_are_given_up(self) -> None:
        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(-1)
            writer.close()

        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        uri = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with running(backend=uri, sender={"ws.handshake.timeout": "0.2"}) as gateway:
            started = time.monotonic()
            async with gateway.client() as peer:
                assert await peer.receive_close() == 1014
            assert time.monotonic() - started < 0.5
            await gateway.idle()
        server.close()


class TestKeepAlive:
    """Who is gone without a word is noticed, and the other leg is told."""

    PINGING = {"ws.ping.interval": "0.05", "ws.pong.timeout": "0.15"}

    async def test_a_client_that_answers_no_ping_is_given_up_and_its_backend_told(self) -> None:
        async with running(self.PINGING, backend=Recorder) as gateway, gateway.client():
            assert gateway.backend is not None
            backend = await gateway.backend.handler()
            assert await backend.end() == (1005, "")
            await until(lambda: not gateway.runtime.sessions)

    async def test_a_backend_that_answers_no_ping_is_given_up_and_its_client_told(self) -> None:
        async with (
            answering(lambda peer: peer.rest()) as port,
            running(backend=f"ws://127.0.0.1:{port}/", sender=self.PINGING) as gateway,
            gateway.client() as peer,
        ):
            assert await peer.receive_close() == 1014

    async def test_a_client_that_hangs_up_takes_its_backend_with_it(self) -> None:
        async with running(backend=Recorder) as gateway:
            async with gateway.client() as peer:
                assert gateway.backend is not None
                backend = await gateway.backend.handler()
                peer.hang_up()
                started = time.monotonic()
                await backend.end()
            assert time.monotonic() - started < 1

    async def test_an_idle_client_gets_1001(self) -> None:
        async with running({"ws.dispatch.idleTime": "0.1"}) as gateway, gateway.client() as peer:
            assert await peer.receive_close() == 1001

    @pytest.mark.parametrize(
        ("inbound", "sender"),
        [({"ws.outflow.dispatch.idleTime": 0.1}, {}), ({}, {"ws.outflow.dispatch.idleTime": "0.1"})],
    )
    async def test_an_idle_backend_connection_is_closed(
        self, inbound: dict[str, object], sender: dict[str, str]
    ) -> None:
        async with running(inbound, sender=sender, backend=Recorder) as gateway, gateway.client() as peer:
            assert gateway.backend is not None
            assert (await (await gateway.backend.handler()).end())[0] == 1001
            assert await peer.receive_close() == 1001

    async def test_a_quiet_pair_stays_open_while_it_answers(self) -> None:
        async with running(self.PINGING, sender=self.PINGING, backend=Echo) as gateway, gateway.client() as peer:
            for _ in range(6):
                opcode, payload = await peer.receive()
                assert opcode == PING
                peer.send(PONG, payload)
            peer.send(TEXT, b"hi")
            while (received := await peer.receive())[0] == PING:
                peer.send(PONG, received[1])
            assert received == (TEXT, b"hi")


@pytest.mark.parametrize("clients_leg", [True, False])
async def test_compression_is_agreed_on_each_leg_by_itself(clients_leg: bool) -> None:
    compressed: list[bool] = []

    class Noting(Echo):
        def __init__(self, connection: Connection) -> None:
            super().__init__(connection)
            compressed.append(connection._receiver._inflater is not None)

    request = UPGRADE.replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
    async with (
        running(
            {"ws.deflate": clients_leg},
            sender={"ws.deflate": str(not clients_leg)},
            backend=Noting,
            backend_limits=Limits(deflate=Deflate()),
        ) as gateway,
        gateway.dial() as peer,
    ):
        peer.write(request)
        assert (b"permessage-deflate" in await peer.head()) is clients_leg
        await echoes(peer)
    assert compressed == [not clients_leg]


async def flood(peer: Peer, data: bytes, *, seconds: float = 3) -> None:
    """Write as much as goes through, until the connection has gone or the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not peer.writer.transport.is_closing():
        if peer.writer.transport.get_write_buffer_size() < MIB:
            peer.write(data)
        await asyncio.sleep(0)


async def idle_within_a_second() -> None:
    """The loop has its turns without a delay."""
    deadline = time.monotonic() + 1
    while True:
        started = time.monotonic()
        for _ in range(10):
            await asyncio.sleep(0)
        if time.monotonic() - started < 0.01:
            return
        assert time.monotonic() < deadline


class TestTheMainPort:
    """An ASGI server has limits of its own; those of the endpoint that are about numbers hold too."""

    def client(self, gateway: Gateway) -> WebsocketCommunicator:
        application = URLRouter([path("inbound/<name>/", InboundConsumer.as_asgi(runtime=gateway.runtime))])
        return WebsocketCommunicator(application, "/inbound/test/")

    async def test_takes_no_more_clients_than_the_endpoint(self) -> None:
        async with running({"ws.max.connections": 1}) as gateway:
            first, second = self.client(gateway), self.client(gateway)
            assert await first.connect() == (True, None)
            assert await second.connect() == (False, 1013)
            await first.disconnect()

    async def test_refuses_too_many_messages(self) -> None:
        parameters = {"ws.max.message.rate": 2, "ws.message.rate.policy": "close"}
        async with running(parameters) as gateway:
            client = self.client(gateway)
            await client.connect()
            for _ in range(3):
                await client.send_to(text_data="hi")
            while (event := await client.receive_output())["type"] == "websocket.send":
                pass
            assert (event["code"], event["reason"]) == (1008, "too many messages")
            await client.disconnect()
