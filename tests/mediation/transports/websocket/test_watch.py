from __future__ import annotations

import asyncio
from dataclasses import replace

from mediation.transports.websocket import Connection, HandlerFactory, Limits, connect

from .support import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Echo,
    Recorder,
    answering,
    dialing,
    frame,
    serving,
)

PINGING = Limits(ping_interval=0.05, pong_timeout=0.1, message_timeout=0.4, close_timeout=0.2)
IDLE = Limits(idle_timeout=0.15, close_timeout=0.2)


class TestPing:
    async def test_is_sent_in_its_interval_and_answered(self) -> None:
        async with serving(limits=PINGING) as server, dialing(server.port) as peer:
            for _ in range(5):
                opcode, payload = await peer.receive()
                assert opcode == PING
                peer.send(PONG, payload)
            assert not (await server.handler()).connection.closed

    async def test_a_peer_that_does_not_answer_is_given_up(self) -> None:
        async with serving(limits=PINGING) as server, dialing(server.port) as peer:
            started = asyncio.get_running_loop().time()
            assert (await peer.receive())[0] == PING
            assert await (await server.handler()).end() == (1006, "no pong within 0.1 s")
            assert 0.14 <= asyncio.get_running_loop().time() - started < 0.35
            assert await peer.receive_close() == 1011

    async def test_a_backend_that_does_not_answer_is_given_up(self) -> None:
        async with answering(lambda peer: peer.rest()) as port:
            handlers: list[Recorder] = []
            await connect(f"ws://127.0.0.1:{port}/", collecting(handlers), limits=PINGING)
            assert await handlers[0].end() == (1006, "no pong within 0.1 s")

    async def test_an_old_pong_is_no_answer(self) -> None:
        async with serving(limits=PINGING) as server, dialing(server.port) as peer:
            handler = await server.handler()
            while not handler.lost.done():
                peer.send(PONG, b"old")
                await asyncio.wait([handler.lost], timeout=0.01)
            # Something is heard of it all the time, so it has the longer time.
            assert await handler.end() == (1006, "no pong within 0.1 s")

    async def test_a_peer_in_the_middle_of_a_long_frame_has_the_longer_time(self) -> None:
        async with serving(limits=PINGING) as server, dialing(server.port) as peer:
            data = frame(BINARY, b"x" * 20)
            handler = await server.handler()
            for index in range(len(data)):  # about 0.3 s
                peer.write(data[index : index + 1])
                await asyncio.wait([handler.lost], timeout=0.012)
            assert await handler.next() == b"x" * 20

    async def test_a_connection_that_we_do_not_read_is_not_given_up(self) -> None:
        async with serving(limits=PINGING) as server, dialing(server.port) as peer:
            handler = await server.handler()
            handler.connection.pause_reading()
            _, payload = await peer.receive()
            await asyncio.wait([handler.lost], timeout=0.3)
            assert not handler.lost.done()

            handler.connection.resume_reading()
            peer.send(PONG, payload)
            peer.send(TEXT, b"still here")
            assert await handler.next() == "still here"

    async def test_is_not_sent_when_nobody_asks(self) -> None:
        async with serving() as server, dialing(server.port):
            assert (await server.handler()).connection._watch._timer is None


class TestIdleTime:
    async def test_ends_the_connection_with_1001(self) -> None:
        async with serving(limits=IDLE) as server, dialing(server.port) as peer:
            opcode, payload = await peer.receive()
            assert (opcode, payload) == (CLOSE, (1001).to_bytes(2, "big") + b"idle for 0.15 s")
            peer.send(CLOSE, payload[:2])
            assert (await (await server.handler()).end())[0] == 1001

    async def test_begins_anew_with_each_message_of_either_side(self) -> None:
        async with serving(limits=IDLE) as server, dialing(server.port) as peer:
            handler = await server.handler()
            started = asyncio.get_running_loop().time()
            for index in range(6):
                await asyncio.wait([handler.lost], timeout=0.06)
                if index % 2:
                    peer.send(TEXT, b"a")
                else:
                    handler.connection.send("b")
                    assert await peer.receive() == (TEXT, b"b")
            assert await peer.receive_close() == 1001
            assert asyncio.get_running_loop().time() - started > 0.45

    async def test_pings_do_not_count(self) -> None:
        async with serving(limits=replace(IDLE, ping_interval=0.03)) as server, dialing(server.port) as peer:
            while (received := await peer.receive())[0] == PING:
                peer.send(PONG, received[1])
            assert received[0] == CLOSE


async def test_a_message_that_is_never_complete_ends_the_connection() -> None:
    limits = Limits(message_timeout=0.2, close_timeout=0.2)
    async with serving(limits=limits) as server, dialing(server.port) as peer:
        handler = await server.handler()
        peer.send(TEXT, b"a", fin=False)
        peer.send(CONTINUATION, b"b")
        assert await handler.next() == "ab"

        peer.send(TEXT, b"a", fin=False)
        while not handler.lost.done():
            peer.send(CONTINUATION, b"b", fin=False)
            await asyncio.wait([handler.lost], timeout=0.02)
        assert await handler.end() == (1006, "a message was not complete after 0.2 s")
        assert await peer.receive_close() == 1008


async def test_a_flood_does_not_keep_others_from_their_turn() -> None:
    async with serving(Echo) as server, dialing(server.port) as flooding, dialing(server.port) as good:
        flooder = await server.handler()
        turns: list[int] = []
        delivered = 0

        def slow(message: object) -> None:
            nonlocal delivered
            delivered += 1

        flooder.connection._receiver.deliver_to(slow)
        flooding.write(frame(TEXT, b"") * 2000)
        while delivered < 2000:
            before = delivered
            await asyncio.sleep(0)
            turns.append(delivered - before)
        assert max(turns) <= 2 * 64  # what was held, and what a read brings
        good.send(TEXT, b"hi")
        assert await good.receive() == (TEXT, b"hi")


async def test_more_control_frames_than_the_limit_end_the_connection() -> None:
    async with serving(limits=Limits(max_control_rate=50)) as server, dialing(server.port) as peer:
        peer.write(frame(PING, b"") * 25 + frame(PONG, b"") * 26)
        for _ in range(25):
            assert await peer.receive() == (PONG, b"")
        assert await peer.receive_close() == 1008
        assert (await (await server.handler()).end())[0] == 1006


def collecting(handlers: list[Recorder]) -> HandlerFactory:
    def factory(connection: Connection) -> Recorder:
        handlers.append(Recorder(connection))
        return handlers[-1]

    return factory
