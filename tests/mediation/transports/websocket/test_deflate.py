from __future__ import annotations

import os
import zlib

import pytest

from mediation.errors import ConnectionFailed
from mediation.transports.websocket import Connection, Deflate, Limits, connect
from mediation.transports.websocket.assembly import Violation
from mediation.transports.websocket.deflate import Agreement, Inflater, agree, offer, read_answer

from .support import (
    BINARY,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    UPGRADE,
    Echo,
    Peer,
    Recorder,
    acceptance,
    answering,
    dialing,
    serving,
)

OURS = Deflate(window_bits=12)
ALONE = Deflate(context_takeover=False)
ON = Limits(deflate=Deflate(min_size=1))
PMD = "permessage-deflate"


def deflated(*messages: bytes, bits: int = 15) -> list[bytes]:
    compressor = zlib.compressobj(wbits=-bits)
    return [(compressor.compress(it) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4] for it in messages]


def offering(value: str) -> bytes:
    return UPGRADE.replace(b"\r\n\r\n", f"\r\nSec-WebSocket-Extensions: {value}\r\n\r\n".encode())


class TestServersAnswer:
    @pytest.mark.parametrize(
        ("ours", "offered", "answer"),
        [
            (OURS, PMD, PMD),
            (OURS, "Permessage-Deflate", PMD),
            (OURS, f"{PMD}; client_max_window_bits", f"{PMD}; client_max_window_bits=12"),
            (OURS, f"{PMD}; client_max_window_bits=9", f"{PMD}; client_max_window_bits=9"),
            (OURS, f"{PMD}; server_max_window_bits=15", f"{PMD}; server_max_window_bits=12"),
            (OURS, f'{PMD}; server_max_window_bits="10"', f"{PMD}; server_max_window_bits=10"),
            (OURS, f"{PMD}; server_no_context_takeover", f"{PMD}; server_no_context_takeover"),
            (OURS, f"{PMD};client_no_context_takeover", f"{PMD}; client_no_context_takeover"),
            (ALONE, PMD, f"{PMD}; server_no_context_takeover; client_no_context_takeover"),
            (OURS, f"x-other; a=1, {PMD}", PMD),
            # An offer that cannot be kept to is declined, and the next one is looked at.
            (OURS, f"{PMD}; server_max_window_bits=8, {PMD}", PMD),
            (OURS, f"{PMD}; server_max_window_bits=8", None),
            (OURS, f"{PMD}; server_max_window_bits", None),
            (OURS, f"{PMD}; server_max_window_bits=16", None),
            (OURS, f"{PMD}; client_max_window_bits=08", None),
            (OURS, f"{PMD}; server_no_context_takeover=1", None),
            (OURS, f"{PMD}; client_no_context_takeover; client_no_context_takeover", None),
            (OURS, f"{PMD}; level=9", None),
            (OURS, f"{PMD};", None),
            (OURS, "x-webkit-deflate-frame", None),
            (OURS, "", None),
        ],
    )
    def test_takes_the_first_offer_that_it_can_keep_to(self, ours: Deflate, offered: str, answer: str | None) -> None:
        agreed = agree(ours, [offered])
        assert (agreed and agreed[1]) == answer

    def test_offers_may_come_in_several_headers(self) -> None:
        assert agree(OURS, ["x-other", PMD]) == (Agreement(server_max_window_bits=12), PMD)

    async def test_is_in_the_handshake_when_it_is_asked_for(self) -> None:
        async with serving(limits=ON) as server, dialing(server.port, None) as peer:
            peer.write(offering(f"{PMD}; client_max_window_bits"))
            assert f"\r\nSec-WebSocket-Extensions: {PMD}; client_max_window_bits=12\r\n".encode() in await peer.head()

    async def test_is_not_in_the_handshake_otherwise(self) -> None:
        async with serving() as server, dialing(server.port, None) as peer:
            peer.write(offering(PMD))
            assert b"Extensions" not in await peer.head()


class TestClientsOffer:
    def test_hints_at_windows_and_asks_for_no_takeover_when_told_to(self) -> None:
        assert offer(OURS) == f"{PMD}; client_max_window_bits"
        assert offer(ALONE) == f"{PMD}; client_no_context_takeover; server_no_context_takeover; client_max_window_bits"

    @pytest.mark.parametrize(
        ("answer", "agreed"),
        [
            ([], None),
            ([PMD], Agreement(client_max_window_bits=12)),
            ([f"{PMD}; client_max_window_bits=10"], Agreement(client_max_window_bits=10)),
            ([f"{PMD}; server_max_window_bits=8"], Agreement(server_max_window_bits=8, client_max_window_bits=12)),
            (
                [f"{PMD}; server_no_context_takeover"],
                Agreement(server_no_context_takeover=True, client_max_window_bits=12),
            ),
        ],
    )
    def test_reads_the_answer(self, answer: list[str], agreed: Agreement | None) -> None:
        assert read_answer(OURS, answer) == agreed

    @pytest.mark.parametrize(
        "answer",
        [
            "x-other",
            f"{PMD}, {PMD}",
            f"{PMD}; client_max_window_bits",
            f"{PMD}; client_max_window_bits=8",
            f"{PMD}; level=9",
        ],
    )
    def test_refuses_an_answer_to_something_else(self, answer: str) -> None:
        with pytest.raises(ValueError):
            read_answer(OURS, [answer])

    def test_insists_on_no_takeover(self) -> None:
        with pytest.raises(ValueError):
            read_answer(ALONE, [PMD])

    @pytest.mark.parametrize("limits", [Limits(), ON], ids=["none offered", "another offered"])
    async def test_an_unexpected_extension_fails_the_connection(self, limits: Limits) -> None:
        answer = acceptance("").replace(b"Accept: ", b"Accept: $ACCEPT\r\nX-Was: ")
        answer = answer.replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: x-other\r\n\r\n")
        async with answering(lambda peer: peer.rest(), answer) as port:
            with pytest.raises(ConnectionFailed, match="Invalid extension"):
                await connect(f"ws://127.0.0.1:{port}/", Recorder, limits=limits)


class TestMessages:
    @pytest.mark.parametrize("theirs", [ON, Limits(deflate=Deflate(context_takeover=False, window_bits=9)), Limits()])
    @pytest.mark.parametrize("ours", [ON, Limits(deflate=Deflate(context_takeover=False, min_size=1000)), Limits()])
    async def test_arrive_as_they_were_sent(self, ours: Limits, theirs: Limits) -> None:
        async with serving(Echo, theirs) as server:
            handlers: list[Recorder] = []

            def factory(connection: Connection) -> Recorder:
                handlers.append(Recorder(connection))
                return handlers[0]

            connection = await connect(server.uri, factory, limits=ours)
            for message in ["", "hi", "zwölf €" * 1000, b"", b"\x00" * 100_000, os.urandom(50_000), "hi"]:
                connection.send(message)
                assert await handlers[0].next() == message
            connection.close()
            assert await handlers[0].end() == (1000, "")

    async def test_are_compressed_with_what_came_before(self) -> None:
        async with compressed(Recorder) as (server, peer):
            connection = (await server.handler()).connection
            inflate = zlib.decompressobj(-15)
            text = os.urandom(200).hex()
            sizes = []
            for _ in range(2):
                connection.send(text)
                size, message = await receive(peer, inflate)
                sizes.append(size)
                assert message == text.encode()
            assert sizes[1] < sizes[0] / 5

    async def test_that_are_short_are_not_compressed(self) -> None:
        limits = Limits(deflate=Deflate(min_size=100))
        async with compressed(Recorder, limits) as (server, peer):
            (await server.handler()).connection.send("x" * 99)
            assert await peer.receive() == (TEXT, b"x" * 99)

    async def test_may_come_in_fragments_with_pings_between(self) -> None:
        async with compressed(Recorder) as (server, peer):
            [payload] = deflated("zwölf €".encode() * 100)
            peer.send(TEXT, payload[:3], rsv=4, fin=False)
            peer.send(PING, b"p")
            peer.send(CONTINUATION, payload[3:10], fin=False)
            peer.send(CONTINUATION, payload[10:])

            assert await (await server.handler()).next() == "zwölf €" * 100
            assert await peer.receive() == (PONG, b"p")

    async def test_with_a_block_marked_as_the_last_are_understood(self) -> None:
        # RFC 7692, 7.2.3.4 and 7.2.3.5
        async with compressed(Recorder) as (server, peer):
            peer.send(TEXT, bytes.fromhex("f348cdc9c90700" + "00"), rsv=4)
            peer.send(TEXT, bytes.fromhex("f248cdc9c90700"), rsv=4)
            handler = await server.handler()
            assert [await handler.next(), await handler.next()] == ["Hello", "Hello"]

    async def test_uncompressed_ones_may_come_between(self) -> None:
        async with compressed(Recorder) as (server, peer):
            first, second = deflated(b"hello hello", b"hello hello")
            peer.send(TEXT, first, rsv=4)
            peer.send(TEXT, b"plain")
            peer.send(BINARY, second, rsv=4)
            handler = await server.handler()
            assert [await handler.next() for _ in range(3)] == ["hello hello", "plain", b"hello hello"]


class TestBadInput:
    @pytest.mark.parametrize(
        ("frames", "code"),
        [
            ([(TEXT, b"\xff\xff\xff\xff", {"rsv": 4})], 1007),
            ([(TEXT, deflated(b"\xff")[0], {"rsv": 4})], 1007),
            ([(TEXT, deflated(b"a")[0], {"rsv": 2})], 1002),
            ([(PING, b"", {"rsv": 4})], 1002),
            ([(TEXT, b"", {"rsv": 4, "fin": False}), (CONTINUATION, b"", {"rsv": 4})], 1002),
            ([(BINARY, deflated(b"\x00" * 2000)[0], {"rsv": 4})], 1009),
            ([(BINARY, b"\x00" * 1001, {})], 1009),
        ],
        ids=["garbage", "no UTF-8", "second bit", "ping", "continuation", "bomb", "plain"],
    )
    async def test_is_refused(self, frames: list[tuple[int, bytes, dict[str, int]]], code: int) -> None:
        limits = Limits(max_message=1000, deflate=Deflate())
        async with compressed(Recorder, limits) as (_, peer):
            for opcode, payload, bits in frames:
                peer.send(opcode, payload, **bits)
            assert await peer.receive_close() == code

    async def test_a_bit_without_an_agreement_is_refused(self) -> None:
        async with serving(limits=ON) as server, dialing(server.port) as peer:
            peer.send(TEXT, deflated(b"a")[0], rsv=4)
            assert await peer.receive_close() == 1002

    def test_a_bomb_is_inflated_no_further_than_its_limit(self) -> None:
        [bomb] = deflated(b"\x00" * 64_000_000)
        inflater = Inflater(15, context_takeover=True)
        produced = 0
        original = inflater._inflate

        class Counting:
            def decompress(self, data: bytes, limit: int) -> bytes:
                nonlocal produced
                made = original.decompress(data, limit)
                produced += len(made)
                return made

            def __getattr__(self, name: str) -> object:
                return getattr(original, name)

        inflater._inflate = Counting()  # type: ignore[assignment]
        with pytest.raises(Violation) as caught:
            inflater.inflate(bomb, 1_000_000, last=True)
        assert (caught.value.code, produced) == (1009, 1_000_001)

    async def test_a_bomb_over_two_messages_is_two_messages(self) -> None:
        async with compressed(Recorder, Limits(max_message=100_000, deflate=Deflate())) as (server, peer):
            first, second, third = deflated(b"\x00" * 100_000, b"\x00" * 100_000, b"\x00" * 100_001)
            for payload in (first, second, third):
                peer.send(BINARY, payload, rsv=4)
            handler = await server.handler()
            assert [len(await handler.next()), len(await handler.next())] == [100_000, 100_000]
            assert await peer.receive_close() == 1009


class compressed:
    """A server, and a client with which it has agreed to compress."""

    def __init__(self, handler: type[Recorder], limits: Limits = ON) -> None:
        self._serving = serving(handler, limits)

    async def __aenter__(self) -> tuple[object, Peer]:
        server = await self._serving.__aenter__()
        self._dialing = dialing(server.port, None)
        peer = await self._dialing.__aenter__()
        peer.write(offering(PMD))
        assert PMD.encode() in await peer.head()
        return server, peer

    async def __aexit__(self, *exc: object) -> None:
        await self._dialing.__aexit__(*exc)
        await self._serving.__aexit__(*exc)


async def receive(peer: Peer, inflate: zlib._Decompress) -> tuple[int, bytes]:
    """Size on the wire, and content, of the next message."""
    _, payload = await peer.receive()
    return len(payload), inflate.decompress(payload + b"\x00\x00\xff\xff")
