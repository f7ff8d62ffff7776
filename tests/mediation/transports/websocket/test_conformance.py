"""The Autobahn cases, both legs: what any WebSocket library is measured by."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from mediation.transports.websocket import connect

from .support import Echo, Recorder, serving

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(120)]

ROOT = Path(__file__).parents[4]
OK, NON_STRICT, INFORMATIONAL = "OK", "NON-STRICT", "INFORMATIONAL"


async def test_server_leg() -> None:
    async with serving(Echo) as server, autobahn("client", server.uri) as process:
        await assert_conformant(process)


async def test_client_leg() -> None:
    async with autobahn("server") as process:
        base = f"ws://127.0.0.1:{int(await output(process).readline())}"
        cases = range(1, await case_count(base) + 1)
        await in_parallel([run(f"{base}/runCase?case={case}&agent=mediation") for case in cases])
        await run(f"{base}/updateReports?agent=mediation")
        await assert_conformant(process)


async def assert_conformant(process: Process) -> None:
    results = json.loads(await output(process).read())
    assert len(results) == 247
    assert [it for it in results if it[1] not in (OK, NON_STRICT, INFORMATIONAL)] == []
    assert [it for it in results if it[2] not in (OK, INFORMATIONAL)] == []
    # These want invalid UTF-8 to be noticed in a frame that has not arrived as a whole.
    assert {case for case, behaviour, _ in results if behaviour == NON_STRICT} <= {"6.4.3", "6.4.4"}


@asynccontextmanager
async def autobahn(*arguments: str) -> AsyncIterator[Process]:
    command = [sys.executable, "-m", f"{__package__}.autobahn_cases", *arguments]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def output(process: Process) -> asyncio.StreamReader:
    assert process.stdout is not None
    return process.stdout


async def in_parallel(runs: list[Coroutine[Any, Any, None]], at_a_time: int = 8) -> None:
    waiting = iter(runs)

    async def one_after_the_other() -> None:
        for each in waiting:
            await each

    await asyncio.gather(*(one_after_the_other() for _ in range(at_a_time)))


async def case_count(base: str) -> int:
    handlers: list[Recorder] = []
    connection = await connect(f"{base}/getCaseCount", lambda it: handlers.append(Recorder(it)) or handlers[0])
    count = await handlers[0].next()
    await connection.wait_closed()
    return int(count)


async def run(uri: str) -> None:
    connection = await connect(uri, Echo)
    await connection.wait_closed()
