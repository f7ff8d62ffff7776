from __future__ import annotations

import asyncio
import gc
import weakref
from dataclasses import replace

import pytest

from mediation.transports.websocket import Connection, Frame, Limits, connect

from .support import BINARY, CLOSE, PING, PONG, TEXT, Echo, Peer, Recorder, answering, dialing, frame, serving

FAST = Limits(close_timeout=0.2, stall_timeout=0.2)


class TestSending:
    async def test_text_and_binary_keep_their_kind(self) -> None:
        async with serving() as server, dialing(server.port) as peer:
            connection = (await server.handler()).connection
            connection.send("zwölf €")
            connection.send("")
            connection.send(b"\x00\xff")
            connection.send("x" * 70_000)

            assert await peer.receive() == (TEXT, "zwölf €".encode())
            assert await peer.receive() == (TEXT, b"")
            assert await peer.receive() == (BINARY, b"\x00\xff")
            assert await peer.receive() == (TEXT, b"x" * 70_000)

    async def test_a_surrogate_is_the_senders_mistake(self) -> None:
        async with serving() as server, dialing(server.port) as peer:
            connection = (await server.handler()).connection
            with pytest.raises(UnicodeEncodeError):
                connection.send("\ud800")
            connection.send("fine")

            assert await peer.receive() == (TEXT, b"fine")

    async def test_after_the_end_is_dropped(self) -> None:
        async with serving() as server:
            async with dialing(server.port):
                handler = await server.handler()
            await handler.end()

            handler.connection.send("too late")
            handler.connection.close()
            handler.connection.abort()
            handler.connection.pause_reading()
            handler.connection.resume_reading()
            await handler.connection.drain()
            await handler.connection.wait_closed()
            assert handler.connection.closed

    async def test_from_the_factory_on(self) -> None:
        class Greeter(Recorder):
            def __init__(self, connection: Connection) -> None:
                super().__init__(connection)
                connection.send("welcome")

        async with serving(Greeter) as server, dialing(server.port) as peer:
            assert await peer.receive() == (TEXT, b"welcome")

    async def test_order_is_kept_under_pressure(self) -> None:
        async with serving(Echo) as server, dialing(server.port) as peer:
            numbers = [str(number).encode() * 50 for number in range(3000)]
            for number in numbers:
                peer.send(TEXT, number)

            assert [await peer.receive() for _ in numbers] == [(TEXT, number) for number in numbers]


async def test_memory_of_a_large_message_is_given_back() -> None:
    async with serving(Echo) as server, dialing(server.port) as peer:
        handler = await server.handler()
        for _ in range(3):
            peer.send(BINARY, b"x" * 1_000_000)
            assert await peer.receive() == (BINARY, b"x" * 1_000_000)
            peer.send(TEXT, b"small")
            assert await peer.receive() == (TEXT, b"small")

            reader = handler.connection._transport.get_protocol()
            assert len(reader.get_buffer(-1)) < 20_000


class TestBackPressure:
    async def test_of_a_connection_that_is_paused_no_more_is_kept_than_a_read_buffer(self) -> None:
        class Busy(Recorder):
            def frame_received(self, frame: Frame) -> None:
                super().frame_received(frame)
                if self.frames.qsize() == 1:
                    self.connection.pause_reading()

        async with serving(Busy) as server, dialing(server.port) as peer:
            handler = await server.handler()
            sent = 0
            while not peer.writer.transport.get_write_buffer_size():  # until the kernel takes no more
                peer.send(BINARY, b"x" * 1000)
                sent += 1
                await asyncio.sleep(0)
            receiver = handler.connection._receiver
            assert sum(len(each) for each in receiver._held) < 16 * 1024
            assert len(handler.connection._transport.get_protocol().get_buffer(-1)) <= 16 * 1024
            assert handler.frames.qsize() == 1

            handler.connection.resume_reading()
            assert [len(await handler.next()) for _ in range(sent)] == [1000] * sent

    async def test_a_peer_that_does_not_read_stops_the_writer(self) -> None:
        limits = Limits(write_high_water=32_768, write_low_water=1024)
        async with serving(limits=limits) as server, dialing(server.port) as peer:
            peer.writer.transport.pause_reading()
            handler = await server.handler()
            connection = handler.connection
            sent = flood(connection)

            assert handler.paused.is_set()
            draining = asyncio.create_task(connection.drain())
            await asyncio.sleep(0)
            assert not draining.done()
            peer.writer.transport.resume_reading()
            for _ in range(sent):
                assert (await peer.receive())[1] == b"x" * 16_384
            await asyncio.wait_for(draining, 5)
            await asyncio.wait_for(handler.resumed.wait(), 5)
            assert connection.writable

    async def test_a_handler_that_is_made_on_a_full_connection_is_told(self) -> None:
        class Eager(Recorder):
            def __init__(self, connection: Connection) -> None:
                super().__init__(connection)
                while connection.writable:
                    connection.send(b"x" * 65_536)

        async with serving(Eager) as server, dialing(server.port):
            assert (await server.handler()).paused.is_set()

    async def test_a_peer_that_never_reads_again_is_dropped(self) -> None:
        async with serving(limits=FAST) as server, dialing(server.port) as peer:
            peer.writer.transport.pause_reading()
            handler = await server.handler()
            flood(handler.connection)

            assert await handler.end() == (1006, "the peer has not read for 0.2 s")
            await asyncio.wait_for(handler.connection.wait_closed(), 5)
            await asyncio.wait_for(handler.connection.drain(), 5)

    async def test_pings_of_a_peer_that_reads_no_pongs_are_not_read(self) -> None:
        async with serving(limits=Limits(max_control_rate=10**9)) as server, dialing(server.port) as peer:
            peer.writer.transport.pause_reading()
            handler = await server.handler()
            pings = frame(PING, b"x" * 125) * 500
            while handler.connection.writable:
                peer.write(pings)
                await asyncio.sleep(0)

            written = handler.connection._transport.get_write_buffer_size()
            for _ in range(50):
                peer.write(pings)
                await asyncio.sleep(0)
            # What was read before: at most a read buffer more.
            assert handler.connection._transport.get_write_buffer_size() <= written + 32_768
            peer.writer.transport.resume_reading()
            while not handler.resumed.is_set():
                assert await peer.receive() == (PONG, b"x" * 125)


def flood(connection: Connection) -> int:
    """Fill the buffers of the system and of the connection. Returns how many messages that took."""
    sent = 0
    while connection.writable:
        connection.send(b"x" * 16_384)
        sent += 1
    return sent


class TestPausedReading:
    async def test_delivers_nothing_until_it_is_resumed(self) -> None:
        async with serving(PauseAfterEach) as server, dialing(server.port) as peer:
            peer.write(b"".join(frame(TEXT, b"%d" % number) for number in range(100)))
            handler = await server.handler()

            for number in range(100):
                assert await handler.next() == str(number)
                assert handler.frames.empty()
                handler.connection.resume_reading()

    async def test_does_not_deliver_from_within_resume(self) -> None:
        async with serving(PauseAfterEach) as server, dialing(server.port) as peer:
            peer.write(frame(TEXT, b"1") + frame(TEXT, b"2"))
            handler = await server.handler()
            assert await handler.next() == "1"

            handler.connection.resume_reading()

            assert handler.frames.empty()
            assert await handler.next() == "2"

    async def test_stops_the_peer(self) -> None:
        async with serving() as server, dialing(server.port) as peer:
            handler = await server.handler()
            handler.connection.pause_reading()
            handler.connection.pause_reading()
            while not peer.writer.transport.get_write_buffer_size():
                peer.write(frame(BINARY, b"x" * 16_384))
                await asyncio.sleep(0)
            assert handler.frames.empty()

            handler.connection.resume_reading()

            await asyncio.wait_for(peer.writer.drain(), 5)
            assert await handler.next() == b"x" * 16_384

    async def test_keeps_the_close_behind_the_messages(self) -> None:
        async with serving(PauseAfterEach) as server, dialing(server.port) as peer:
            peer.write(frame(TEXT, b"1") + frame(TEXT, b"2") + frame(CLOSE, b"\x0f\xa0bye"))
            handler = await server.handler()
            assert await handler.next() == "1"
            assert not handler.lost.done()

            handler.connection.resume_reading()
            assert await handler.next() == "2"
            handler.connection.resume_reading()

            assert await peer.receive_close() == 4000
            assert await handler.end() == (4000, "bye")

    async def test_loses_nothing_when_the_connection_breaks(self) -> None:
        async with serving(PauseAfterEach) as server, dialing(server.port) as peer:
            peer.write(frame(TEXT, b"1") + frame(TEXT, b"2") + frame(CLOSE, b"\x0f\xa0bye"))
            handler = await server.handler()
            assert await handler.next() == "1"

            handler.connection._transport.abort()

            assert await handler.next() == "2"
            assert await handler.end() == (4000, "bye")

    async def test_forgets_what_is_held_when_we_close(self) -> None:
        async with serving(PauseAfterEach) as server, dialing(server.port) as peer:
            peer.write(frame(TEXT, b"1") + frame(TEXT, b"2"))
            handler = await server.handler()
            assert await handler.next() == "1"

            handler.connection.close(1000)
            assert await peer.receive() == (CLOSE, b"\x03\xe8")
            peer.send(CLOSE, b"\x03\xe8")

            assert await handler.end() == (1000, "")
            assert handler.frames.empty()


class PauseAfterEach(Recorder):
    def frame_received(self, frame: str | bytes) -> None:
        super().frame_received(frame)
        self.connection.pause_reading()


class TestClosing:
    async def test_says_code_and_reason_and_waits_for_the_answer(self) -> None:
        async with serving() as server, dialing(server.port) as peer:
            handler = await server.handler()
            handler.connection.close(3001, "€" * 100)
            handler.connection.close(1000, "only the first counts")
            handler.connection.send("too late")

            assert await peer.receive() == (CLOSE, (3001).to_bytes(2, "big") + "€".encode() * 41)
            assert not handler.lost.done()
            peer.send(TEXT, b"on its way")
            peer.send(CLOSE, b"\x0b\xb9")
            assert await handler.end() == (3001, "")
            assert await peer.rest() == b""
            assert handler.frames.empty()

    async def test_without_a_code(self) -> None:
        async with serving() as server, dialing(server.port) as peer:
            (await server.handler()).connection.close(None)

            assert await peer.receive() == (CLOSE, b"")

    @pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 2000, 5000])
    async def test_with_a_code_that_cannot_be_sent(self, code: int) -> None:
        async with serving() as server, dialing(server.port) as peer:
            connection = (await server.handler()).connection
            with pytest.raises(ValueError, match=str(code)):
                connection.close(code)
            connection.send("still here")

            assert await peer.receive() == (TEXT, b"still here")

    async def test_of_a_peer_that_does_not_answer(self) -> None:
        async with serving(limits=FAST) as server, dialing(server.port):
            handler = await server.handler()
            handler.connection.close()

            assert await handler.end() == (1006, "")

    async def test_of_a_peer_that_reads_nothing(self) -> None:
        async with serving(limits=replace(FAST, stall_timeout=30)) as server, dialing(server.port) as peer:
            peer.writer.transport.pause_reading()
            handler = await server.handler()
            flood(handler.connection)
            handler.connection.close()

            assert await handler.end() == (1006, "")
            await asyncio.wait_for(handler.connection.wait_closed(), 5)

    async def test_of_a_peer_that_breaks_the_protocol_instead(self) -> None:
        async with serving() as server, dialing(server.port) as peer:
            handler = await server.handler()
            handler.connection.close()
            peer.send(3)

            assert await peer.receive() == (CLOSE, b"\x03\xe8")
            assert await peer.rest() == b""
            assert (await handler.end())[0] == 1006

    async def test_reaches_a_peer_that_is_still_sending(self) -> None:
        """A socket that is closed with unread data resets the connection; the peer would not see our Close."""
        async with serving(limits=Limits(max_message=1000)) as server, dialing(server.port) as peer:
            peer.send(BINARY, b"x" * 4_000_000)

            assert await peer.receive_close() == 1009
            await asyncio.wait_for(peer.writer.drain(), 5)

    async def test_with_no_close_at_all_is_a_1006(self) -> None:
        async with serving() as server, dialing(server.port) as peer:
            peer.hang_up()

            assert await (await server.handler()).end() == (1006, "")

    async def test_by_an_end_of_file_is_a_1006(self) -> None:
        async with serving() as server, dialing(server.port) as peer:
            peer.writer.write_eof()

            assert await (await server.handler()).end() == (1006, "")
            assert await peer.rest() == b""

    async def test_aborting_hangs_up_at_once(self) -> None:
        async with serving() as server, dialing(server.port) as peer:
            handler = await server.handler()
            handler.connection.abort()
            handler.connection.abort()

            assert await peer.rest() == b""
            assert await handler.end() == (1006, "")

    async def test_a_client_lets_the_server_hang_up_first(self) -> None:
        async def serve(peer: Peer) -> None:
            peer.send(CLOSE, b"\x03\xe8")
            echoed.set_result(await peer.receive())
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(peer.reader.read(1), 0.05)

        echoed: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()
        async with answering(serve) as port:
            connection = await connect(f"ws://127.0.0.1:{port}/", Recorder)

            await asyncio.wait_for(connection.wait_closed(), 5)
            assert await echoed == (CLOSE, b"\x03\xe8")

    async def test_in_the_factory(self) -> None:
        def refuse(connection: Connection) -> Recorder:
            connection.close(1013, "not now")
            return Recorder(connection)

        async with serving(refuse) as server, dialing(server.port) as peer:
            peer.write(frame(TEXT, b"hi"))
            handler = await server.handler()

            assert await peer.receive() == (CLOSE, b"\x03\xf5not now")
            peer.send(CLOSE, b"\x03\xf5")
            assert await handler.end() == (1013, "")
            assert handler.frames.empty()

    async def test_by_a_factory_that_fails(self) -> None:
        def fail(connection: Connection) -> Recorder:
            raise RuntimeError("a bug")

        async with serving(fail) as server, dialing(server.port) as peer:
            assert await peer.receive_close() == 1011

    async def test_frees_the_connection(self) -> None:
        async with serving() as server:
            async with dialing(server.port) as peer:
                handler = await server.handler()
                peer.send(CLOSE, b"\x03\xe8")
                await peer.receive_close()
            connection = weakref.ref(handler.connection)
            await handler.connection.wait_closed()
            del handler
            gc.collect()

            assert connection() is None
