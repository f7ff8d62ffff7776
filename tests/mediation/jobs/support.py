"""A back-end that keeps what it gets, and jobs that may work."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Callable
from typing import Any

from mediation.jobs.leases import Claim, Lease
from mediation.payloads import Payload
from mediation.payloads.xml import SYNAPSE_NS
from mediation.runtime import Runtime
from mediation.transports import Answer
from tests.mediation.support import DictEnvironment

MEMORY = "org.apache.synapse.message.store.impl.memory.InMemoryStore"
FORWARDING = "org.apache.synapse.message.processor.impl.forwarder.ScheduledMessageForwardingProcessor"
SAMPLING = "org.apache.synapse.message.processor.impl.sampler.SamplingProcessor"

ENDPOINT = f"""<endpoint xmlns="{SYNAPSE_NS}" name="E"><http uri-template="http://back-end/" method="post">
    <suspendOnFailure><errorCodes>1</errorCodes></suspendOnFailure></http></endpoint>"""


def store(name: str = "S") -> str:
    return f'<messageStore xmlns="{SYNAPSE_NS}" name="{name}" class="{MEMORY}"/>'


def processor(cls: str = FORWARDING, *, target: str = 'targetEndpoint="E"', **parameters: object) -> str:
    """A processor named ``P`` of the store ``S`` that wastes no time; a dot in a name is written ``__``."""
    settings = {"interval": 0, "client__retry__interval": 0} | parameters
    texts = "".join(
        f'<parameter name="{name.replace("__", ".")}">{value}</parameter>' for name, value in settings.items()
    )
    attributes = f'name="P" class="{cls}" messageStore="S" {target}'
    return f'<messageProcessor xmlns="{SYNAPSE_NS}" {attributes}>{texts}</messageProcessor>'


class BackEnd:
    """In place of the HTTP transport: keeps messages, and answers as it is told."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.contexts: list[Any] = []
        self.answer: Callable[[bytes], Answer | Exception] = lambda body: Answer(Payload(), 202)

    async def send(self, ctx: Any, uri: str, options: object) -> Answer:
        body, _ = ctx.payload.format()
        self.bodies.append(body)
        self.contexts.append(ctx)
        await asyncio.sleep(0)
        answer = self.answer(body)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def texts(self) -> list[str]:
        return [body.decode() for body in self.bodies]


def answers(status: int, body: bytes | None = None) -> Callable[[bytes], Answer]:
    return lambda request: Answer(Payload(body, "text/plain" if body else None), status)


@contextlib.asynccontextmanager
async def at_work(job: Any) -> AsyncIterator[Lease]:
    """The job with a lease that nobody takes away."""
    lease = Lease(Claim(("kind", "name"), ""))
    lease.grant(math.inf)
    task = asyncio.ensure_future(job.work(lease))
    try:
        yield lease
    finally:
        lease.end()
        await asyncio.wait_for(task, 10)


def runtime(*artifacts: str, **sequences: str) -> Runtime:
    return Runtime(DictEnvironment(*artifacts, **sequences))
