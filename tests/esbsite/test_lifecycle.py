"""Start and stop of the product, as processes under each of the servers that it names."""

import asyncio
import signal
import socket
import sys
import time
from pathlib import Path

import aiohttp
import pytest
import websockets

from esbsite.lifecycle import Lifespan
from tests.esbsite.serving import PATIENCE, ROOT, Process, Product, accepts, until

BIN = Path(sys.executable).parent
MANAGE = (sys.executable, ROOT / "manage.py")
SERVERS = {
    "runserver": lambda port: (*MANAGE, "runserver", str(port), "--noreload"),
    "daphne": lambda port: (BIN / "daphne", "-p", str(port), "esbsite.asgi:application"),
    "serve": lambda port: (*MANAGE, "serve", str(port)),
}


@pytest.fixture(params=SERVERS)
def server(request):
    return SERVERS[request.param]


def artifacts(inbound_port: int, backend_port: int) -> dict[str, str]:
    return {
        "main": '<sequence name="main"><respond/></sequence>',
        "test": f"""<inboundEndpoint name="test" protocol="ws" sequence="main"><parameters>
            <parameter name="inbound.ws.port">{inbound_port}</parameter></parameters></inboundEndpoint>""",
        "Slow": f"""<proxy name="Slow"><target><inSequence>
            <call><endpoint><http method="post" uri-template="http://127.0.0.1:{backend_port}/"/></endpoint></call>
            <respond/></inSequence></target></proxy>""",
    }


class SlowBackend:
    """Answers when the test wants it to."""

    def __init__(self):
        self.waiting = 0
        self.asked = asyncio.Condition()
        self.answer = asyncio.Event()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc):
        self.answer.set()
        self._server.close()

    async def _serve(self, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        async with self.asked:
            self.waiting += 1
            self.asked.notify_all()
        await self.answer.wait()
        body = b"<done/>"
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    async def has(self, requests: int):
        async with asyncio.timeout(PATIENCE), self.asked:
            await self.asked.wait_for(lambda: self.waiting >= requests)


async def post(client: aiohttp.ClientSession, port: int) -> tuple[int, str]:
    url = f"http://127.0.0.1:{port}/services/Slow"
    async with client.post(url, data="<a/>", headers={"Content-Type": "text/xml"}) as answer:
        return answer.status, await answer.text()


async def ended(process: Process) -> int:
    return await asyncio.to_thread(process.ended)


async def test_requests_in_flight_are_answered_and_clients_told_when_the_process_is_stopped(
    product: Product, server, free_port
):
    main, inbound = free_port(), free_port()
    async with SlowBackend() as backend, aiohttp.ClientSession() as http:
        product.deploy(artifacts(inbound, backend.port))
        with product.run(*server(main), ports=(main, product.http_port, inbound)) as process:
            clients = [
                await websockets.connect(f"ws://127.0.0.1:{inbound}/"),
                await websockets.connect(f"ws://127.0.0.1:{main}/inbound/test/"),
            ]
            requests = [asyncio.create_task(post(http, port)) for port in (product.http_port, main)]
            await backend.has(2)

            process.terminate()
            for client in clients:
                with pytest.raises(websockets.ConnectionClosed):
                    await asyncio.wait_for(client.recv(), 5)
                assert (client.close_code, client.close_reason) == (1001, "shutdown")
            until(lambda: not any(map(accepts, (main, product.http_port, inbound))), "all ports are free")
            assert process.poll() is None, "it still has requests to answer"
            backend.answer.set()

            assert await asyncio.gather(*requests) == [(200, "<done/>")] * 2
            assert await ended(process) == 0
    assert "Traceback" not in process.said()
    assert "never" not in process.said()


async def test_a_second_signal_exits_now(product: Product, free_port):
    main, inbound = free_port(), free_port()
    async with SlowBackend() as backend, aiohttp.ClientSession() as http:
        product.deploy(artifacts(inbound, backend.port))
        with product.run(*SERVERS["serve"](main), ports=(main, product.http_port)) as process:
            request = asyncio.create_task(post(http, product.http_port))
            await backend.has(1)
            process.terminate()
            until(lambda: not accepts(product.http_port), "the first signal is obeyed")

            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            assert await ended(process) == 128 + signal.SIGINT
            assert time.monotonic() - began < 5
            with pytest.raises(aiohttp.ClientError):
                await request


async def test_requests_over_the_limit_are_cancelled_and_the_exit_is_still_clean(product: Product, server, free_port):
    main, inbound = free_port(), free_port()
    product.environment["ESB_DRAIN_SECONDS"] = "0.3"
    async with SlowBackend() as backend, aiohttp.ClientSession() as http:
        product.deploy(artifacts(inbound, backend.port))
        with product.run(*server(main), ports=(main, product.http_port)) as process:
            requests = [asyncio.create_task(post(http, port)) for port in (product.http_port, main)]
            await backend.has(2)

            process.terminate()

            assert await ended(process) == 0
            await asyncio.gather(*requests, return_exceptions=True)
    assert "Traceback" not in process.said()


def test_under_autoreload_the_ports_are_freed(product: Product, free_port):
    main = free_port()
    with product.run(*MANAGE, "runserver", str(main), ports=(main, product.http_port)) as process:
        process.terminate()
        process.ended()
        until(lambda: not accepts(main) and not accepts(product.http_port), "the ports are free")


@pytest.mark.parametrize("name", ["runserver", "serve"])
def test_a_main_port_that_is_taken_ends_the_process_with_its_holder_named(product: Product, free_port, name):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with product.run(*SERVERS[name](port)) as process:
            assert process.ended() == 1
    assert f"Cannot open port {port}, which process " in process.said()


async def test_a_port_of_the_engine_that_is_taken_is_retried_and_disturbs_nothing_else(product: Product, free_port):
    main, inbound = free_port(), free_port()
    product.deploy(artifacts(inbound, 1))
    with (
        socket.create_server(("127.0.0.1", inbound)) as holder,
        product.run(*SERVERS["serve"](main), ports=(main, product.http_port)) as process,
    ):
        until(lambda: f"port {inbound} is in use by process " in process.said(), "the holder is named")
        holder.close()
        until(lambda: f"ws port {inbound} open" in process.said(), "the port is retried")
        async with websockets.connect(f"ws://127.0.0.1:{inbound}/") as client:
            await client.send("hi")
            assert await client.recv() == "hi"


async def test_lifespan_starts_and_drains_under_other_servers():
    told = []
    events = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def note(what):
        told.append(what)

    async def receive():
        return next(events)

    async def send(event):
        told.append(event["type"])

    await Lifespan(lambda: note("start"), lambda: note("drain"))({"type": "lifespan"}, receive, send)

    assert told == ["start", "lifespan.startup.complete", "drain", "lifespan.shutdown.complete"]
