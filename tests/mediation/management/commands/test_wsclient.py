import asyncio
import io

import pytest
from django.core.management import CommandError, call_command

from mediation.transports.websocket import Connection, Handshake, Rejection, Request, listen, select_subprotocol


class Peer:
    """Echoes; closes when it is told ``die``."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def frame_received(self, frame):
        if frame == "die":
            self.connection.close(4001, "as told")
        elif frame != "silence":
            self.connection.send(frame)

    def connection_lost(self, code, reason): ...
    def pause_writing(self): ...
    def resume_writing(self): ...


@pytest.fixture
async def peer():
    """The URL of a server; requests that came are in ``requests``."""

    def accept(request: Request) -> Handshake:
        peer.requests.append(request)
        if request.path == "/closed":
            raise Rejection(403)
        return Handshake(Peer, select_subprotocol(request.subprotocols, request.subprotocols[-1:]))

    listener = await listen("127.0.0.1", 0, accept)
    peer = listener
    peer.requests = []
    peer.url = f"ws://127.0.0.1:{listener.port}/"
    yield peer
    await listener.close()


async def run(url: str, *arguments: str) -> list[str]:
    told = io.StringIO()
    await asyncio.to_thread(call_command, "wsclient", url, *arguments, stdout=told)
    return told.getvalue().splitlines()


async def test_each_message_is_sent_and_its_answer_printed(peer):
    assert await run(peer.url, "-m", "one", "-m", "two") == [
        "WebSocket Client connected!",
        "WebSocket Client received message: one",
        "WebSocket Client received message: two",
        "WebSocket Client disconnected!",
    ]


async def test_subprotocols_of_this_world_and_headers_are_sent(peer):
    await run(peer.url, "-m", "hi", "--subprotocol", "synapse(contentType='text/xml')", "--header", "X-Key: 1")

    [request] = peer.requests
    assert request.subprotocols == ["synapse(contentType='text/xml')"]
    assert request.get("X-Key") == "1"
    assert request.get("Origin") is None


async def test_lines_of_standard_input_are_a_conversation(peer, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("one\nping\nbye\nnot sent\n"))

    assert await run(peer.url) == [
        "WebSocket Client connected!",
        "WebSocket Client received message: one",
        "WebSocket Client received pong",
        "WebSocket Client received closing: 1000",
        "WebSocket Client disconnected!",
    ]


async def test_a_close_of_the_server_is_printed_and_a_failure(peer):
    told = io.StringIO()
    with pytest.raises(CommandError, match="the server closed the connection"):
        await asyncio.to_thread(call_command, "wsclient", peer.url, "-m", "die", stdout=told)
    assert "WebSocket Client received closing: 4001 as told\n" in told.getvalue()


async def test_a_server_that_does_not_answer_is_a_failure(peer):
    with pytest.raises(CommandError, match="no answer in time"):
        await run(peer.url, "-m", "silence", "--timeout", "0.1")


async def test_a_refused_handshake_is_a_failure_that_says_so(peer):
    with pytest.raises(CommandError, match="403"):
        await run(f"{peer.url}closed")


async def test_nobody_there_is_a_failure_that_names_the_address(free_port):
    url = f"ws://127.0.0.1:{free_port()}/"
    with pytest.raises(CommandError, match=f"cannot connect to {url}: .*refused"):
        await run(url)
