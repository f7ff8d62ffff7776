"""The Autobahn cases, both legs: what any WebSocket library is measured by."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from kosoku import run_fuzzingclient, run_fuzzingserver

from mediation.transports.websocket import connect

from .support import Echo, Recorder, serving

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(120)]

QUICK = ["9.*", "12.*", "13.*"]
"""Not run here: large messages (the default limit is 1 MiB) and compression."""


def assert_conformant(results: list[Any]) -> None:
    behaviour = Counter(result.behavior.value for result in results)
    closing = Counter(result.behavior_close.value for result in results)
    assert len(results) == 247
    assert set(behaviour) <= {"OK", "NON-STRICT", "INFORMATIONAL"}
    assert set(closing) <= {"OK", "INFORMATIONAL"}
    # 6.4.3 and 6.4.4 want invalid UTF-8 to be noticed within a frame that has not arrived as a whole.
    assert {result.case_id for result in results if result.behavior.value == "NON-STRICT"} <= {"6.4.3", "6.4.4"}


async def test_server_leg() -> None:
    async with serving(Echo) as server:
        assert_conformant(await run_fuzzingclient(server.uri, exclude_cases=QUICK))


async def test_client_leg() -> None:
    async with run_fuzzingserver(exclude_cases=QUICK, port=0) as fuzzing_server:
        base = f"ws://127.0.0.1:{fuzzing_server.port}"
        for case in range(1, await case_count(base) + 1):
            await run(f"{base}/runCase?case={case}&agent=mediation")
        await run(f"{base}/updateReports?agent=mediation")
        assert_conformant(await fuzzing_server.get_result())


async def case_count(base: str) -> int:
    handlers: list[Recorder] = []
    connection = await connect(f"{base}/getCaseCount", lambda it: handlers.append(Recorder(it)) or handlers[0])
    count = await handlers[0].next()
    await connection.wait_closed()
    return int(count)


async def run(uri: str) -> None:
    connection = await connect(uri, Echo)
    await connection.wait_closed()
