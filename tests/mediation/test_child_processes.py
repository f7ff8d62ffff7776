"""Children answer, are used again, are killed when they take too long, and never mix answers up."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mediation.child_processes import ChildError, ChildPool, ChildrenBusy, ChildTimeout
from tests.mediation.support import until

WORKER = """
import os, sys, time
read, write = sys.stdin.buffer, sys.stdout.buffer
while head := read.read(4):
    request = read.read(int.from_bytes(head, "big"))
    if request == b"sleep": time.sleep(60)
    if request == b"die": os._exit(1)
    if request == b"drip": write.write((9_000_000).to_bytes(4, "big") + bytes(8_000_000)); write.flush(); time.sleep(60)
    answer = {b"pid": str(os.getpid()).encode(), b"env": str(sorted(os.environ)).encode()}.get(request, request)
    write.write(len(answer).to_bytes(4, "big") + answer); write.flush()
"""


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncIterator[ChildPool]:
    worker = tmp_path / "worker.py"
    worker.write_text(WORKER)
    pool = ChildPool((sys.executable, "-I", str(worker)), size=2, max_waiting=3)
    yield pool
    await pool.aclose()


async def test_a_child_answers_and_is_used_again(pool: ChildPool) -> None:
    first = await pool.call(b"pid", seconds=30)
    assert int(first) != os.getpid()
    assert await pool.call(b"pid", seconds=30) == first


async def test_large_requests_and_answers_pass(pool: ChildPool) -> None:
    request = os.urandom(3_000_000)
    assert await pool.call(request, seconds=30) == request


async def test_one_that_takes_too_long_is_killed_and_the_next_request_gets_another(pool: ChildPool) -> None:
    first = await pool.call(b"pid", seconds=30)
    with pytest.raises(ChildTimeout):
        await pool.call(b"sleep", seconds=0.2)
    assert await pool.call(b"pid", seconds=30) != first


async def test_one_that_dies_is_an_error_of_its_request_alone(pool: ChildPool) -> None:
    with pytest.raises(ChildError, match="without an answer"):
        await pool.call(b"die", seconds=30)
    assert await pool.call(b"x", seconds=30) == b"x"


async def test_a_cancelled_request_leaves_its_answer_to_nobody(pool: ChildPool) -> None:
    await asyncio.gather(pool.call(b"a", seconds=30), pool.call(b"b", seconds=30))
    sleeping = asyncio.create_task(pool.call(b"sleep", seconds=30))
    await asyncio.sleep(0)
    sleeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeping
    assert [await pool.call(text, seconds=30) for text in (b"c", b"d", b"e")] == [b"c", b"d", b"e"]


async def test_no_more_requests_wait_than_are_allowed(pool: ChildPool) -> None:
    calls = [asyncio.create_task(pool.call(b"sleep", seconds=30)) for _ in range(5)]
    await asyncio.sleep(0)
    with pytest.raises(ChildrenBusy):
        await pool.call(b"x", seconds=30)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)


async def test_a_child_does_not_see_our_environment(pool: ChildPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "x")
    assert b"SECRET" not in await pool.call(b"env", seconds=30)


async def test_ends_of_children_leave_no_word_in_the_log(
    pool: ChildPool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever asks takes the exit status away from asyncio's watcher, which then, sometimes, logs a warning.
    asked: list[subprocess.Popen[bytes]] = []
    monkeypatch.setattr(subprocess.Popen, "poll", asked.append)
    for _ in range(5):
        with pytest.raises(ChildError):
            await pool.call(b"die", seconds=30)
        with pytest.raises(ChildTimeout):
            await pool.call(b"sleep", seconds=0.01)
    await pool.call(b"x", seconds=30)
    await pool.aclose()
    assert asked == []
    assert caplog.messages == []


async def test_a_child_in_the_middle_of_its_answer_is_let_go_with_its_pipes(pool: ChildPool) -> None:
    await pool.call(b"x", seconds=30)
    descriptors = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with pytest.raises(ChildTimeout):
            await pool.call(b"drip", seconds=0.2)
    await pool.aclose()
    assert len(os.listdir("/proc/self/fd")) < descriptors


async def test_one_that_died_while_it_waited_is_not_asked(pool: ChildPool) -> None:
    pid = int(await pool.call(b"pid", seconds=30))
    os.kill(pid, signal.SIGKILL)
    await until(lambda: not pool._idle[0].alive)
    assert int(await pool.call(b"pid", seconds=30)) != pid
