"""What a sequence of frames may be; every case on both legs, with bytes as they are on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from mediation.transports.websocket import Limits, connect, is_close_code
from mediation.transports.websocket.strict import cut_reason

from .support import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Echo,
    Peer,
    Recorder,
    answering,
    dialing,
    frame,
    serving,
)

LIMITS = Limits(max_message=100, max_fragments=8, last_answers=0.001)
Leg = Callable[[type[Recorder]], AbstractAsyncContextManager[tuple[Peer, Recorder]]]


@asynccontextmanager
async def server_leg(handler: type[Recorder]) -> AsyncIterator[tuple[Peer, Recorder]]:
    async with serving(handler, LIMITS) as server, dialing(server.port) as peer:
        yield peer, await server.handler()


@asynccontextmanager
async def client_leg(handler: type[Recorder]) -> AsyncIterator[tuple[Peer, Recorder]]:
    peers: asyncio.Queue[Peer] = asyncio.Queue()
    handlers: list[Recorder] = []
    done = asyncio.Event()

    async def serve(peer: Peer) -> None:
        peers.put_nowait(peer)
        await done.wait()

    async with answering(serve) as port:
        connection = await connect(
            f"ws://127.0.0.1:{port}/", lambda it: handlers.append(handler(it)) or handlers[0], limits=LIMITS
        )
        yield await peers.get(), handlers[0]
        connection.abort()
        done.set()


@pytest.fixture(params=[server_leg, client_leg], ids=["server", "client"])
def leg(request: pytest.FixtureRequest) -> Leg:
    return request.param


ZWEI = "zwölf €".encode()

GOOD = {
    "text": ([(TEXT, b"hi", {})], "hi"),
    "empty text": ([(TEXT, b"", {})], ""),
    "binary": ([(BINARY, b"\x00\xff", {})], b"\x00\xff"),
    "empty binary": ([(BINARY, b"", {})], b""),
    "fragments": (
        [(TEXT, b"a", {"fin": False}), (CONTINUATION, b"b", {"fin": False}), (CONTINUATION, b"c", {})],
        "abc",
    ),
    "empty fragments": ([(BINARY, b"", {"fin": False}), (CONTINUATION, b"", {})], b""),
    "a character in two fragments": (
        [(TEXT, ZWEI[:3], {"fin": False}), (CONTINUATION, ZWEI[3:], {})],
        "zwölf €",
    ),
    "control frames between fragments": (
        [(TEXT, b"a", {"fin": False}), (PONG, b"x", {}), (CONTINUATION, b"b", {})],
        "ab",
    ),
    "as long as allowed": ([(BINARY, b"x" * 100, {})], b"x" * 100),
    "fragments as long as allowed": (
        [(BINARY, b"x" * 50, {"fin": False}), (CONTINUATION, b"x" * 50, {})],
        b"x" * 100,
    ),
}


@pytest.mark.parametrize("name", GOOD)
async def test_is_a_message(leg: Leg, name: str) -> None:
    frames, message = GOOD[name]
    async with leg(Recorder) as (peer, handler):
        for opcode, payload, bits in frames:
            peer.send(opcode, payload, **bits)

        assert await handler.next() == message


BAD = {
    "rsv1": ([(TEXT, b"x", {"rsv": 4})], 1002),
    "rsv2": ([(BINARY, b"x", {"rsv": 2})], 1002),
    "rsv3 of a ping": ([(PING, b"x", {"rsv": 1})], 1002),
    "an unknown data frame": ([(3, b"x", {})], 1002),
    "an unknown control frame": ([(11, b"x", {})], 1002),
    "a fragmented ping": ([(PING, b"x", {"fin": False})], 1002),
    "a long ping": ([(PING, b"x" * 126, {})], 1002),
    "a continuation of nothing": ([(CONTINUATION, b"x", {})], 1002),
    "a continuation of nothing, to be continued": ([(CONTINUATION, b"x", {"fin": False})], 1002),
    "a message within a message": ([(TEXT, b"x", {"fin": False}), (TEXT, b"x", {})], 1002),
    "text that is not UTF-8": ([(TEXT, b"\xc3\x28", {})], 1007),
    "text with a surrogate": ([(TEXT, b"\xed\xa0\x80", {})], 1007),
    "text that ends within a character": ([(TEXT, ZWEI[:3], {})], 1007),
    "a first fragment that is not UTF-8": ([(TEXT, b"\xff", {"fin": False})], 1007),
    "fragments that end within a character": ([(TEXT, b"x", {"fin": False}), (CONTINUATION, b"\xc3", {})], 1007),
    "a long frame": ([(BINARY, b"x" * 101, {})], 1009),
    "a long message": ([(BINARY, b"x" * 60, {"fin": False}), (CONTINUATION, b"x" * 60, {"fin": False})], 1009),
    "too many fragments": ([(TEXT, b"", {"fin": False}), *[(CONTINUATION, b"", {"fin": False})] * 8], 1008),
    "a Close of one byte": ([(CLOSE, b"\x03", {})], 1002),
    "a Close whose reason is not UTF-8": ([(CLOSE, b"\x03\xe8\xff", {})], 1007),
    **{
        f"a Close with {code}": ([(CLOSE, code.to_bytes(2, "big"), {})], 1002)
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535)
    },
}


@pytest.mark.parametrize("name", BAD)
async def test_breaks_the_connection(leg: Leg, name: str) -> None:
    frames, code = BAD[name]
    async with leg(Recorder) as (peer, handler):
        for opcode, payload, bits in frames:
            peer.send(opcode, payload, **bits)

        assert await peer.receive_close() == code
        assert await peer.rest() == b""
        lost, reason = await handler.end()
        assert lost == 1006
        assert reason
        assert handler.frames.empty()


async def test_masks_are_those_of_the_leg(leg: Leg) -> None:
    async with leg(Recorder) as (peer, _):
        peer.send(TEXT, b"x", mask=not peer._masks)

        assert await peer.receive_close() == 1002


@pytest.mark.parametrize("size", [2**63, 2**63 - 1, 2**40, 101], ids=str)
async def test_size_is_decided_when_it_is_announced(size: int) -> None:
    async with server_leg(Recorder) as (peer, _):
        peer.write(b"\x82\xff" + size.to_bytes(8, "big"))

        # The most significant bit, and a length in more bytes than it needs, are protocol errors.
        assert await peer.receive_close() == (1009 if 65536 <= size < 2**63 else 1002)


async def test_frames_before_a_bad_one_are_answered_before_the_close(leg: Leg) -> None:
    async with leg(Echo) as (peer, _):
        mask = peer._masks
        peer.write(
            frame(TEXT, b"good", mask=mask) + frame(TEXT, b"bad", rsv=4, mask=mask) + frame(TEXT, b"x", mask=mask)
        )
        assert await peer.receive() == (TEXT, b"good")
        assert await peer.receive_close() == 1002

    async with leg(Echo) as (peer, _):
        peer.write(frame(TEXT, b"good", mask=mask) + frame(3, b"bad", mask=mask) + frame(TEXT, b"x", mask=mask))
        assert await peer.receive() == (TEXT, b"good")
        assert await peer.receive_close() == 1002


class TestControlFrames:
    async def test_a_ping_is_answered_with_its_payload(self, leg: Leg) -> None:
        async with leg(Recorder) as (peer, _):
            peer.send(PING, b"x" * 125)
            peer.send(PING, b"")

            assert await peer.receive() == (PONG, b"x" * 125)
            assert await peer.receive() == (PONG, b"")

    async def test_a_ping_within_a_message_is_answered_at_once(self, leg: Leg) -> None:
        async with leg(Echo) as (peer, _):
            peer.send(TEXT, b"a", fin=False)
            peer.send(PING, b"p")
            assert await peer.receive() == (PONG, b"p")
            peer.send(CONTINUATION, b"b")
            assert await peer.receive() == (TEXT, b"ab")

    @pytest.mark.parametrize(
        ("payload", "echoed", "lost"),
        [
            (b"", None, (1005, "")),
            (b"\x03\xe8", 1000, (1000, "")),
            (b"\x0f\xa0bye \xe2\x82\xac", 4000, (4000, "bye €")),
            (b"\x03\xf6", 1014, (1014, "")),
        ],
    )
    async def test_a_close_is_echoed_with_its_code(
        self, leg: Leg, payload: bytes, echoed: int | None, lost: tuple[int, str]
    ) -> None:
        async with leg(Recorder) as (peer, handler):
            peer.send(CLOSE, payload)

            assert await peer.receive_close() == echoed
            assert await handler.end() == lost

    async def test_what_follows_a_close_is_ignored(self, leg: Leg) -> None:
        async with leg(Echo) as (peer, handler):
            close, mask = b"\x03\xe8", peer._masks
            after = [(CLOSE, close), (PING, b""), (TEXT, b"x"), (3, b"")]
            peer.write(b"".join(frame(opcode, payload, mask=mask) for opcode, payload in [(CLOSE, close), *after]))

            assert await peer.receive_close() == 1000
            assert await handler.end() == (1000, "")
            peer.writer.write_eof()
            assert await peer.rest() == b""

    async def test_a_message_that_is_not_complete_is_dropped_at_a_close(self, leg: Leg) -> None:
        async with leg(Recorder) as (peer, handler):
            peer.send(TEXT, b"a", fin=False)
            peer.send(CLOSE, b"\x03\xe8")

            assert await peer.receive_close() == 1000
            assert handler.frames.empty()


async def test_a_failing_handler_is_a_1011(leg: Leg, caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Recorder):
        def frame_received(self, frame: str | bytes) -> None:
            super().frame_received(frame)
            raise RuntimeError("a bug")

    async with leg(Failing) as (peer, handler):
        peer.write(frame(TEXT, b"1", mask=peer._masks) + frame(TEXT, b"2", mask=peer._masks))

        assert await peer.receive_close() == 1011
        assert await handler.end() == (1006, "internal error")
    assert handler.frames.qsize() == 1
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [RuntimeError]


def test_codes_that_may_be_sent() -> None:
    codes = [code for code in range(5100) if is_close_code(code)]

    assert codes[:12] == [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]
    assert (codes[12], codes[-1], len(codes)) == (3000, 4999, 2012)


def test_reasons_are_cut_between_characters() -> None:
    assert cut_reason("x" * 200) == b"x" * 123
    assert cut_reason("€" * 100) == "€".encode() * 41
    assert cut_reason("x€" * 100) == ("x€" * 30 + "x").encode()
    assert cut_reason("\ud800") == b"?"
