"""The contract with picows, whose protocol class is not public: look here first after an update."""

from __future__ import annotations

import asyncio
import ctypes
import importlib.metadata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiofastnet
import pytest
from picows import WSFrame, WSListener, WSMsgType, WSTransport

from mediation.transports.websocket import connect
from mediation.transports.websocket.engine import feed, open_reader, open_writer

from .support import BINARY, CLOSE, PING, TEXT, Peer, Recorder, answering, frame


def test_is_the_pinned_version() -> None:
    assert importlib.metadata.version("picows") == "2.3.1"


class Listener(WSListener):
    def __init__(self) -> None:
        self.events: list[Any] = []

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self.events.append((frame.msg_type, frame.get_payload_as_bytes(), bool(frame.fin), bool(frame.rsv1)))

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.events.append("disconnected")

    def pause_writing(self) -> None:
        self.events.append("paused")

    def resume_writing(self) -> None:
        self.events.append("resumed")


@pytest.mark.parametrize("client_side", [False, True], ids=["server", "client"])
class TestReader:
    async def test_reports_frames_and_writes_nothing(self, client_side: bool) -> None:
        async with transport() as (ours, peer):
            listener, failures = Listener(), []
            reader = open_reader(
                ours, listener, client_side=client_side, max_frame=100, failed=lambda *args: failures.append(args)
            )
            mask = not client_side
            feed(reader, frame(TEXT, b"a", fin=False, rsv=4, mask=mask) + frame(PING, b"p", mask=mask))
            feed(reader, frame(CLOSE, b"\x03\xe8", mask=mask))

            assert listener.events == [
                (WSMsgType.TEXT, b"a", False, True),
                (WSMsgType.PING, b"p", True, False),
                (WSMsgType.CLOSE, b"\x03\xe8", True, False),
            ]
            assert ours.get_protocol() is reader
            ours.close()
            assert await peer.rest() == b""
            assert listener.events[-1] == "disconnected"
            assert not failures

    @pytest.mark.parametrize(("opcode", "size", "code"), [(3, 1, 1002), (BINARY, 101, 1009), (PING, 126, 1002)])
    async def test_reports_a_bad_frame_after_the_good_one_before_it(
        self, client_side: bool, opcode: int, size: int, code: int
    ) -> None:
        async with transport() as (ours, peer):
            listener, events = Listener(), []
            listener.events = events
            reader = open_reader(
                ours, listener, client_side=client_side, max_frame=100, failed=lambda code, _: events.append(code)
            )
            mask = not client_side
            feed(reader, frame(TEXT, b"a", mask=mask) + frame(opcode, b"x" * size, mask=mask))
            await asyncio.sleep(0)

            assert events == [(WSMsgType.TEXT, b"a", True, False), code]
            ours.close()
            assert await peer.rest() == b""

    async def test_passes_flow_control_on(self, client_side: bool) -> None:
        async with transport() as (ours, _):
            listener = Listener()
            reader: Any = open_reader(ours, listener, client_side=client_side, max_frame=100, failed=lambda *_: None)

            reader.pause_writing()
            reader.resume_writing()

            assert listener.events == ["paused", "resumed"]

    async def test_has_a_buffer_for_frames_and_not_for_floods(self, client_side: bool) -> None:
        async with transport() as (ours, _):
            reader = open_reader(ours, Listener(), client_side=client_side, max_frame=2**20, failed=lambda *_: None)
            mask = not client_side
            feed(reader, frame(BINARY, b"x" * 100, mask=mask) * 100_000)
            assert len(reader.get_buffer(-1)) < 32_768

            feed(reader, frame(BINARY, b"x" * 100_000, mask=mask) * 100)
            assert len(reader.get_buffer(-1)) < 400_000


class TestWriter:
    async def test_writes_frames_of_any_size(self) -> None:
        async with transport() as (ours, peer):
            writer = open_writer(ours, client_side=True)
            for size in (0, 1, 125, 126, 65_535, 65_536):
                writer.send(WSMsgType.BINARY, b"x" * size)

                assert await peer.receive() == (BINARY, b"x" * size)

    async def test_can_send_a_close_without_a_code(self) -> None:
        async with transport() as (ours, peer):
            open_writer(ours, client_side=False).send(WSMsgType.CLOSE, b"")

            assert await peer.receive() == (CLOSE, b"")

    async def test_masks_of_a_connection_do_not_follow_from_the_state_of_the_process(self) -> None:
        async def serve(peer: Peer) -> None:
            masks.append((await peer.reader.readexactly(7))[2:6])

        masks: list[bytes] = []
        async with answering(serve) as port:
            for _ in range(2):
                ctypes.CDLL(None).srand(1)
                connection = await connect(f"ws://127.0.0.1:{port}/", Recorder)
                connection.send("x")
                await connection.wait_closed()

        assert masks[0] != masks[1]


@asynccontextmanager
async def transport() -> AsyncIterator[tuple[Any, Peer]]:
    """An open TCP connection: its transport on our side, and the peer."""
    peers: asyncio.Queue[Peer] = asyncio.Queue()
    server = await asyncio.start_server(lambda *streams: peers.put_nowait(Peer(*streams, masks=False)), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    ours, _ = await aiofastnet.create_connection(asyncio.get_running_loop(), asyncio.Protocol, "127.0.0.1", port)
    peer = await peers.get()
    try:
        yield ours, peer
    finally:
        ours.abort()
        peer.hang_up()
        server.close()
