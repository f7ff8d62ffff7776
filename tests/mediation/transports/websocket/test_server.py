from __future__ import annotations

import asyncio
import gc
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect as independent_connect

from mediation.transports.websocket import (
    Accept,
    Handshake,
    Limits,
    Listener,
    Rejection,
    Request,
    connect,
    listen,
    select_subprotocol,
)

from .support import CLOSE, TEXT, UPGRADE, Echo, Recorder, dialing, frame, serving

JSON = "synapse(contentType='application/json')"


@asynccontextmanager
async def accepting(accept: Accept, limits: Limits | None = None) -> AsyncIterator[Listener]:
    listener = await listen("127.0.0.1", 0, accept, limits=limits)
    try:
        yield listener
    finally:
        await listener.close(timeout=2)


async def answer(listener: Listener, request: bytes) -> bytes:
    async with dialing(listener.port, None) as peer:
        peer.write(request)
        return await peer.rest()


class TestRequests:
    async def test_an_independent_client_gets_through(self) -> None:
        async with serving(Echo) as server, independent_connect(server.uri) as client:
            await client.send("zwölf")
            assert await client.recv() == "zwölf"
            await client.send(b"\x00")
            assert await client.recv() == b"\x00"
            await client.close(4001, "bye")

            assert await (await server.handler()).end() == (4001, "bye")

    async def test_the_application_sees_the_request_and_chooses(self) -> None:
        def accept(request: Request) -> Handshake:
            seen.append(request)
            return Handshake(Recorder, select_subprotocol(request.subprotocols, [JSON]), (("X-Node", "1"),))

        seen: list[Request] = []
        async with accepting(accept) as listener, dialing(listener.port, None) as peer:
            peer.write(UPGRADE[:-2] + f"Sec-WebSocket-Protocol: chat, {JSON}\r\nCookie: a=b\r\n\r\n".encode())
            head = (await peer.head()).decode()

            assert head.startswith("HTTP/1.1 101 Switching Protocols\r\n")
            assert f"Sec-WebSocket-Protocol: {JSON}\r\n" in head
            assert "X-Node: 1\r\n" in head
            assert (seen[0].path, seen[0].query, seen[0].scheme) == ("/chat", "a=1", "ws")
            assert seen[0].get("cookie") == "a=b"
            assert seen[0].remote == peer.writer.get_extra_info("sockname")
            assert seen[0].local == ("127.0.0.1", listener.port)
            assert {connection.subprotocol for connection in listener.connections} == {JSON}

    async def test_frames_that_come_with_the_request_are_delivered_after_the_answer(self) -> None:
        async with serving(Echo) as server, dialing(server.port, UPGRADE + frame(TEXT, b"early")) as peer:
            assert await peer.receive() == (TEXT, b"early")

    async def test_a_request_may_come_byte_by_byte(self) -> None:
        async with serving(Echo) as server, dialing(server.port, None) as peer:
            for byte in UPGRADE:
                peer.write(bytes([byte]))
                await asyncio.sleep(0)

            assert (await peer.head()).startswith(b"HTTP/1.1 101 ")

    @pytest.mark.parametrize(
        ("request_", "response"),
        [
            (b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"),
            (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 426 Upgrade Required\r\n"),
            (UPGRADE.replace(b"Version: 13", b"Version: 8"), b"HTTP/1.1 426 Upgrade Required\r\n"),
            (UPGRADE.replace(b"\r\n", b"\n"), b"HTTP/1.1 400 Bad Request\r\n"),
            (UPGRADE.replace(b"HTTP/1.1", b"HTTP/1.0"), b"HTTP/1.1 400 Bad Request\r\n"),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"HTTP/1.1 400 Bad Request\r\n"),
            (b"GET /" + b"x" * 70_000, b"HTTP/1.1 431 Request Header Fields Too Large\r\n"),
        ],
    )
    async def test_others_are_answered_and_hung_up_on(self, request_: bytes, response: bytes) -> None:
        async with serving() as server:
            received = await answer(server.listener, request_)

            assert received.startswith(response)
            assert b"Connection: close\r\n" in received
            assert server.handlers.empty()

    @pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n"])
    async def test_must_be_complete_in_time(self, sent: bytes) -> None:
        async with serving(limits=Limits(head_timeout=0.1)) as server:
            assert (await answer(server.listener, sent)).startswith(b"HTTP/1.1 408 Request Timeout\r\n")

    async def test_time_is_not_extended_by_drops(self) -> None:
        async with serving(limits=Limits(head_timeout=0.2)) as server, dialing(server.port, None) as peer:
            started = asyncio.get_running_loop().time()
            ended = asyncio.create_task(peer.rest())
            peer.write(b"GET / HTTP/1.1\r\nX: ")
            while not ended.done():
                peer.write(b"x")
                await asyncio.wait([ended], timeout=0.02)

            assert (await ended).startswith(b"HTTP/1.1 408 ")
            assert asyncio.get_running_loop().time() - started < 1


class TestAccepting:
    async def test_may_wait(self) -> None:
        async def accept(request: Request) -> Handshake:
            asked.set()
            await allowed.wait()
            return Handshake(Echo)

        asked, allowed = asyncio.Event(), asyncio.Event()
        async with accepting(accept) as listener, dialing(listener.port, None) as peer:
            peer.write(UPGRADE + frame(TEXT, b"1"))
            await asked.wait()
            peer.write(frame(TEXT, b"2"))
            await asyncio.sleep(0)
            allowed.set()

            assert (await peer.head()).startswith(b"HTTP/1.1 101 ")
            assert await peer.receive() == (TEXT, b"1")
            assert await peer.receive() == (TEXT, b"2")

    async def test_takes_only_so_much_while_it_waits(self) -> None:
        async def accept(request: Request) -> Handshake:
            await allowed.wait()
            return Handshake(Echo)

        allowed = asyncio.Event()
        async with accepting(accept) as listener, dialing(listener.port, None) as peer:
            peer.write(UPGRADE)
            messages = [frame(TEXT, b"x" * 50_000)] * 400
            for message in messages:
                peer.write(message)
                await asyncio.sleep(0)
            assert peer.writer.transport.get_write_buffer_size() > 1_000_000

            allowed.set()

            await peer.head()
            for _ in messages:
                assert await peer.receive() == (TEXT, b"x" * 50_000)

    async def test_is_cancelled_when_the_client_goes(self) -> None:
        async def accept(request: Request) -> Handshake:
            asked.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()
            raise AssertionError

        asked, cancelled = asyncio.Event(), asyncio.Event()
        async with accepting(accept) as listener:
            async with dialing(listener.port, None) as peer:
                peer.write(UPGRADE)
                await asked.wait()
            await asyncio.wait_for(cancelled.wait(), 5)

    async def test_has_a_limit(self) -> None:
        async def accept(request: Request) -> Handshake:
            await asyncio.Event().wait()
            raise AssertionError

        async with accepting(accept, Limits(accept_timeout=0.1)) as listener:
            assert (await answer(listener, UPGRADE)).startswith(b"HTTP/1.1 503 Service Unavailable\r\n")

    @pytest.mark.parametrize("waiting", [False, True])
    async def test_may_refuse(self, waiting: bool) -> None:
        def refuse(request: Request) -> Handshake:
            raise Rejection(401, "Who are you?", [("WWW-Authenticate", "Basic")])

        async def refuse_later(request: Request) -> Handshake:
            return refuse(request)

        async with accepting(refuse_later if waiting else refuse) as listener:
            received = await answer(listener, UPGRADE)

            assert received.startswith(b"HTTP/1.1 401 Unauthorized\r\n")
            assert b"WWW-Authenticate: Basic\r\n" in received
            assert received.endswith(b"\r\n\r\nWho are you?")

    @pytest.mark.parametrize("waiting", [False, True])
    async def test_that_fails_is_a_500_which_tells_nothing(
        self, waiting: bool, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(request: Request) -> Handshake:
            raise RuntimeError("the password is 123")

        async def fail_later(request: Request) -> Handshake:
            return fail(request)

        async with accepting(fail_later if waiting else fail) as listener:
            received = await answer(listener, UPGRADE)

            assert received.startswith(b"HTTP/1.1 500 ")
            assert b"123" not in received
        assert [record.levelno for record in caplog.records] == [logging.ERROR]

    @pytest.mark.parametrize(
        "handshake",
        [
            Handshake(Recorder, headers=(("X-Name", "a\r\nX-Injected: 1"),)),
            Handshake(Recorder, subprotocol="a\r\nX-Injected: 1"),
            Handshake(Recorder, headers=(("Upgrade", "h2c"),)),
        ],
    )
    async def test_with_a_header_that_cannot_be_sent_is_a_500(self, handshake: Handshake) -> None:
        async with accepting(lambda request: handshake) as listener:
            received = await answer(listener, UPGRADE)

            assert received.startswith(b"HTTP/1.1 500 ")
            assert b"Injected" not in received


class TestTheEnd:
    async def test_of_accepting_frees_the_port_and_leaves_connections_alone(self) -> None:
        async with serving(Echo) as server, dialing(server.port) as peer:
            server.listener.close_accepting()
            server.listener.close_accepting()

            again = await listen("127.0.0.1", server.port, server.accept)
            await again.close()
            peer.send(TEXT, b"still here")
            assert await peer.receive() == (TEXT, b"still here")

    async def test_closes_connections_with_the_code(self) -> None:
        async with serving() as server, dialing(server.port) as one, dialing(server.port) as two:
            handlers = [await server.handler(), await server.handler()]
            closing = asyncio.create_task(server.listener.close(1012, "back soon"))
            for peer in (one, two):
                assert await peer.receive() == (CLOSE, b"\x03\xf4back soon")
                peer.send(CLOSE, b"\x03\xf4")
                assert await peer.rest() == b""
                peer.writer.close()
            await asyncio.wait_for(closing, 5)

            assert [await handler.end() for handler in handlers] == [(1012, ""), (1012, "")]
            assert not server.listener.connections

    async def test_with_a_code_that_cannot_be_sent_closes_nothing(self) -> None:
        async with serving(Echo) as server, dialing(server.port) as peer:
            with pytest.raises(ValueError, match="1006"):
                await server.listener.close(1006)
            peer.send(TEXT, b"still here")

            assert await peer.receive() == (TEXT, b"still here")

    async def test_is_bounded(self) -> None:
        async with serving() as server, dialing(server.port), dialing(server.port, None):
            handler = await server.handler()

            await asyncio.wait_for(server.listener.close(timeout=0.1), 1)

            assert handler.lost.done()

    async def test_refuses_handshakes_that_have_begun(self) -> None:
        async with serving() as server, dialing(server.port, None) as peer:
            peer.write(b"GET / HT")
            while not server.listener._opening:  # noqa: ASYNC110
                await asyncio.sleep(0)
            closing = asyncio.create_task(server.listener.close())

            assert (await peer.rest()).startswith(b"HTTP/1.1 503 ")
            peer.writer.close()
            await asyncio.wait_for(closing, 2)

    async def test_leaves_nothing_behind(self) -> None:
        async def cycle(number: int) -> None:
            handlers: list[Recorder] = []
            match number % 5:
                case 0:  # a whole conversation
                    connection = await connect(server.uri, lambda it: handlers.append(Recorder(it)) or handlers[0])
                    connection.send("x")
                    await handlers[0].next()
                    connection.close()
                    await connection.wait_closed()
                case 1:
                    connection = await connect(server.uri, Recorder)
                    connection.abort()
                    await connection.wait_closed()
                case 2:
                    assert (await answer(server.listener, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")).startswith(
                        b"HTTP/1.1 426"
                    )
                case 3:
                    async with dialing(server.port, None):
                        pass
                case 4:  # protocol error
                    async with dialing(server.port) as peer:
                        peer.send(3)
                        await peer.receive_close()

        async with serving(Echo) as server:
            for number in range(5):
                await cycle(number)
            server.handlers = asyncio.Queue()
            await nothing_left()
            before = tasks_and_files()
            for number in range(200):
                await cycle(number)
            server.handlers = asyncio.Queue()
            await nothing_left()

            assert tasks_and_files() == before


def tasks_and_files() -> tuple[int, int]:
    return len(asyncio.all_tasks()), len(os.listdir("/proc/self/fd"))


async def nothing_left() -> None:
    """Return when no connection is in memory."""
    deadline = asyncio.get_running_loop().time() + 5
    while left := connections_in_memory():
        assert asyncio.get_running_loop().time() < deadline, left
        await asyncio.sleep(0.01)  # the frame engine holds what it has given up for 10 ms


def connections_in_memory() -> list[str]:
    """What they are, not they themselves: that would keep them."""
    gc.collect()
    names = {"Connection", "Recorder", "WSProtocol", "WSTransport", "_Opening"}
    ours = ("mediation.", "picows.", "tests.")  # a database has its Connections, too
    kinds = (type(thing) for thing in gc.get_objects())
    return [str(kind) for kind in kinds if kind.__name__ in names and kind.__module__.startswith(ours)]
