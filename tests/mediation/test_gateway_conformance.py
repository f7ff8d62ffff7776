"""
The Autobahn cases through the whole gateway: client, inbound endpoint, a flow that passes frames on, back-end.

Large messages and compression take minutes. They are run by hand::

    ESB_CASES="9.* 12.* 13.*" python -m pytest tests/mediation/test_gateway_conformance.py

To back-ends, the categories 13.2, 13.5 and 13.6 ask for what is offered without context takeover alone::

    ESB_CASES="13.2.* 13.5.* 13.6.*" ESB_TAKEOVER=false python -m pytest tests/mediation/test_gateway_conformance.py
"""

from __future__ import annotations

import asyncio
import json
import os
from asyncio.subprocess import Process

import pytest

from mediation.options import Options
from mediation.transports.websocket import Connection, Deflate, Limits, connect
from tests.mediation.gateway import Gateway, running
from tests.mediation.transports.websocket.support import Echo
from tests.mediation.transports.websocket.test_conformance import (
    INFORMATIONAL,
    NON_STRICT,
    OK,
    autobahn,
    case_count,
    in_parallel,
    output,
)

CASES = os.environ.get("ESB_CASES", "").split()

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(3600 if CASES else 120)]

MANY = 64 * 1024 * 1024
TAKEOVER = os.environ.get("ESB_TAKEOVER", "true")
PARAMETERS = {"ws.deflate": "true", "ws.deflate.min.size": 0, "ws.deflate.context.takeover": TAKEOVER} if CASES else {}
# No pings: a case of the category 12 ends with the first one that it gets.
OPTIONS = Options(host="127.0.0.1", max_message_bytes=MANY if CASES else 1024 * 1024, ping_seconds=0)
PEER = Limits(max_message=MANY, deflate=Deflate(min_size=0) if CASES else None)
NOT_OFFERED = "UNIMPLEMENTED"
TO_THE_CLIENTS_PATH = """<header name="To" expression="fn:concat('{uri}', $ctx:websocket.subscriber.path)"/><send/>"""


async def test_server_leg() -> None:
    async with running(PARAMETERS, backend_limits=PEER, options=OPTIONS) as gateway:
        async with autobahn("client", gateway.uri, *CASES) as process:
            await assert_conformant(process)
        await gateway.idle()


async def test_backend_leg() -> None:
    async with autobahn("server", *CASES) as process:
        fuzzer = f"ws://127.0.0.1:{int(await output(process).readline())}"
        async with running(
            sender={name: str(value) for name, value in PARAMETERS.items()},
            backend=fuzzer,
            main=TO_THE_CLIENTS_PATH,
            options=OPTIONS,
        ) as gateway:
            cases = range(1, await case_count(fuzzer) + 1)
            runs = [run(gateway, f"runCase?case={case}&agent=mediation") for case in cases]
            await in_parallel(runs, at_a_time=2 if CASES else 8)
            await run(gateway, "updateReports?agent=mediation")
            await assert_conformant(process)
            await gateway.idle()


async def run(gateway: Gateway, path: str) -> None:
    """A client that echoes what the fuzzing server sends through the gateway."""
    connection: Connection = await connect(gateway.uri + path, Echo, limits=Limits(max_message=MANY))
    await asyncio.wait_for(connection.wait_closed(), 120)


async def assert_conformant(process: Process) -> None:
    results = json.loads(await output(process).read())
    assert len(results) == 247 or CASES
    fine = (OK, NON_STRICT, INFORMATIONAL, *([NOT_OFFERED] if CASES and TAKEOVER == "true" else []))
    assert [it for it in results if it[1] not in fine] == []
    assert [it for it in results if it[2] not in (OK, INFORMATIONAL)] == []
    non_strict = [case for case, behaviour, _ in results if behaviour == NON_STRICT]
    assert len(non_strict) <= 10, non_strict
