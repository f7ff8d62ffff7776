import asyncio
import io

import pytest
import websocket
from django.core.management import CommandError, call_command

from mediation.management.commands.echo_backend import ANSWERS, Command
from mediation.transports.websocket import listen


@pytest.fixture
async def url():
    command = Command(stdout=io.StringIO())
    listener = await listen("127.0.0.1", 0, command._accept)
    yield f"ws://127.0.0.1:{listener.port}/websocket"
    await listener.close()


def talk(url: str, *messages: str | bytes, subprotocol: str | None = None) -> tuple[str | None, list[str | bytes]]:
    """What the seed's kind of client sees: the sub-protocol and the answers."""
    client = websocket.create_connection(url, timeout=5, subprotocols=subprotocol and [subprotocol])
    answers = []
    for message in messages:
        client.send(message, websocket.ABNF.OPCODE_TEXT if isinstance(message, str) else websocket.ABNF.OPCODE_BINARY)
        answers.append(client.recv())
    client.close()
    return client.getsubprotocol(), answers


async def test_text_and_binary_come_back_unchanged(url):
    sent = ["hi", "", b"\x00\xff", "ü" * 100_000]
    assert await asyncio.to_thread(talk, url, *sent) == (None, sent)


@pytest.mark.parametrize(("subprotocol", "answer"), ANSWERS.items())
async def test_a_synapse_subprotocol_is_echoed_and_answered_with_a_constant(url, subprotocol, answer):
    negotiated, answers = await asyncio.to_thread(talk, url, "hi", "ho", subprotocol=subprotocol)
    assert answers == [answer, answer]
    assert negotiated == subprotocol.lower()  # so the client shows it


async def test_another_subprotocol_is_not_accepted(url):
    with pytest.raises(websocket.WebSocketException):
        await asyncio.to_thread(talk, url, "hi", subprotocol="synapse(contentType='text/xml')")


async def test_a_port_that_is_taken_is_named_with_its_holder():
    holder = await listen("127.0.0.1", 0, Command()._accept)
    with pytest.raises(CommandError, match=f"cannot open port {holder.port}: process .* holds it"):
        await asyncio.to_thread(call_command, "echo_backend", str(holder.port))
    await holder.close()
