"""What a message store has accepted is delivered, however often the process is killed."""

import asyncio
import contextlib
import itertools
import sys

import aiohttp
from aiohttp import web

from tests.esbsite.serving import PATIENCE, ROOT, Process, Product
from tests.mediation.http_backend import http_backend

KILLS = 5


def artifacts(url: str) -> dict[str, str]:
    return {
        "Orders": '<messageStore name="Orders"/>',
        "BackEnd": f"""<endpoint name="BackEnd"><http method="post" uri-template="{url}">
            <suspendOnFailure><errorCodes>1</errorCodes></suspendOnFailure></http></endpoint>""",
        "Forward": """<messageProcessor name="Forward" messageStore="Orders" targetEndpoint="BackEnd"
            class="org.apache.synapse.message.processor.impl.forwarder.ScheduledMessageForwardingProcessor">
            <parameter name="interval">0</parameter><parameter name="max.delivery.attempts">-1</parameter>
            <parameter name="client.retry.interval">50</parameter></messageProcessor>""",
        "Accept": """<proxy name="Accept"><target><inSequence>
            <store messageStore="Orders"/><respond/></inSequence></target></proxy>""",
    }


class Publisher:
    """Sends numbers to the proxy service one after the other, and keeps those that were accepted."""

    def __init__(self, port: int) -> None:
        self.accepted: list[int] = []
        self._url = f"http://127.0.0.1:{port}/services/Accept"

    async def run(self) -> None:
        async with aiohttp.ClientSession() as session:
            for number in itertools.count():
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.post(
                        self._url, data=str(number), headers={"Content-Type": "text/plain"}
                    ) as answer:
                        if answer.status == 200:
                            self.accepted.append(number)
                            continue
                await asyncio.sleep(0.02)


async def until(condition, process: Process) -> None:
    deadline = asyncio.get_running_loop().time() + 2 * PATIENCE
    while not condition():
        assert process.poll() is None, process.said()
        assert asyncio.get_running_loop().time() < deadline, process.said()
        await asyncio.sleep(0.01)


async def test_nothing_that_was_accepted_is_lost_and_the_order_is_kept(product: Product, free_port):
    """Each kill costs at most one message a second delivery, which says that it may be one."""
    async with http_backend() as back_end:

        async def accept(request: web.BaseRequest) -> web.StreamResponse:
            await asyncio.sleep(0.002)
            return web.Response(status=202)

        back_end.answer = accept
        await asyncio.to_thread(product.deploy, artifacts(back_end.url))
        publisher = Publisher(product.http_port)
        publishing = asyncio.ensure_future(publisher.run())
        serve = (sys.executable, ROOT / "manage.py", "serve")
        for _ in range(KILLS):
            with product.run(*serve, str(free_port())) as process:
                accepted, delivered = len(publisher.accepted) + 30, len(back_end.seen) + 15
                await until(
                    lambda a=accepted, d=delivered: len(publisher.accepted) > a and len(back_end.seen) > d, process
                )
                process.kill()
        publishing.cancel()
        await asyncio.gather(publishing, return_exceptions=True)
        with product.run(*serve, str(free_port())) as process:
            await until(lambda: {int(each.body) for each in back_end.seen} >= set(publisher.accepted), process)

    numbers = [int(each.body) for each in back_end.seen]
    first = list(dict.fromkeys(numbers))
    assert first == sorted(first)
    again = [each for index, each in enumerate(back_end.seen) if int(each.body) in numbers[:index]]
    assert len(again) <= KILLS
    assert {each.get("X-Redelivered") for each in again} <= {"true"}
