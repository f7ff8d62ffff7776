from __future__ import annotations

import asyncio
import errno
import logging
import os
import resource
import socket
from pathlib import Path

import pytest

from mediation.transports.websocket import Handshake, listen, tcp

from .support import TEXT, UPGRADE, Echo, Peer, dialing, serving


def accept(request: object) -> Handshake:
    return Handshake(Echo)


async def test_a_port_that_is_taken_is_an_error() -> None:
    async with serving() as server:
        with pytest.raises(OSError) as caught:
            await listen("127.0.0.1", server.port, accept)

        assert caught.value.errno == errno.EADDRINUSE


async def test_an_address_of_another_machine_is_an_error() -> None:
    with pytest.raises(OSError) as caught:
        await listen("192.0.2.1", 0, accept)

    assert caught.value.errno == errno.EADDRNOTAVAIL


async def test_all_addresses_of_a_name_have_the_same_port() -> None:
    listener = await listen(None, 0, accept)
    async with dialing(listener.port):
        pass
    if Path("/proc/net/if_inet6").exists():  # noqa: ASYNC240
        reader, writer = await asyncio.open_connection("::1", listener.port)
        writer.write(UPGRADE)
        assert (await Peer(reader, writer, masks=True).head()).startswith(b"HTTP/1.1 101 ")
        writer.close()
    await listener.close(timeout=1)


async def test_many_ports_may_be_one() -> None:
    one = await listen("127.0.0.1", 0, accept, reuse_port=True)
    two = await listen("127.0.0.1", one.port, accept, reuse_port=True)

    assert two.port == one.port
    await one.close()
    async with dialing(two.port):
        pass
    await two.close(timeout=1)


async def test_goes_on_when_file_descriptors_are_there_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tcp, "_RETRY", 0.05)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with serving(Echo) as server:
        client = socket.socket()
        lowest_free = os.open(os.devnull, os.O_RDONLY)
        os.close(lowest_free)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
            client.connect(("127.0.0.1", server.port))
            client.setblocking(False)
            while not caplog.records:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(client, UPGRADE)

        assert (await asyncio.wait_for(loop.sock_recv(client, 1000), 5)).startswith(b"HTTP/1.1 101 ")
        client.close()
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    assert len(caplog.records) < 5


async def test_refuses_politely_before_file_descriptors_run_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(Echo) as server, dialing(server.port) as earlier:
        lowest_free = os.open(os.devnull, os.O_RDONLY)
        os.close(lowest_free)
        monkeypatch.setattr(tcp, "_most_descriptors", lambda: lowest_free)
        for _ in range(20):
            async with dialing(server.port, None) as peer:
                peer.write(UPGRADE)
                assert (await peer.rest()).startswith(b"HTTP/1.1 503 ")

        earlier.send(TEXT, b"still here")
        assert await earlier.receive() == (TEXT, b"still here")
    assert len(caplog.records) < 5
