"""
Work that may run wild, in processes of its own.

::

    pool = ChildPool((sys.executable, "-I", "worker.py"), size=2)
    answer = await pool.call(request, seconds=5)

A child reads requests from its standard input and writes one answer to each to its standard output, both with their
length in front (4 bytes, big-endian). One that takes too long is killed, and the next request gets a new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from typing import Final

MAX_ANSWER: Final = 256 * 1024 * 1024
"""Bytes; a child that announces more is out of its mind."""


class ChildError(Exception):
    """The child gave no answer."""


class ChildTimeout(ChildError):
    """It took too long, and was killed."""


class ChildrenBusy(ChildError):
    """Too many requests wait already."""


class ChildPool:
    """
    Processes that are started when they are first needed, and used again.

    Belongs to the event loop that calls it; one that is called from another loop starts over there.

    Args:
        command: of a child.
        size: how many may run at a time.
        max_waiting: requests that may wait for a child; one more is refused.
    """

    def __init__(self, command: Sequence[str], *, size: int, max_waiting: int = 1000) -> None:
        self._command = tuple(command)
        self._size = size
        self._max_waiting = max_waiting
        self._loop: asyncio.AbstractEventLoop | None = None
        self._free = asyncio.Semaphore(size)
        self._idle: list[_Child] = []
        self._ending: set[asyncio.Task[None]] = set()
        self._waiting = 0

    async def call(self, request: bytes, *, seconds: float) -> bytes:
        """
        The answer to a request.

        Args:
            seconds: that the child may take, its start not counted.

        Raises:
            ChildTimeout: it took longer.
            ChildrenBusy: too many requests wait.
            ChildError: it ended without an answer.
        """
        self._follow_loop()
        if self._waiting >= self._max_waiting:
            raise ChildrenBusy(f"{self._waiting} requests wait already")
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        free = self._free
        try:
            child = self._take_idle() or await _Child.start(self._command)
            answered = False
            try:
                answer = await child.call(request, seconds)
                answered = True
            finally:
                # Whoever was cancelled leaves an answer behind that nobody would expect.
                if answered:
                    self._idle.append(child)
                else:
                    self._end(child)
            return answer
        finally:
            free.release()

    def _take_idle(self) -> _Child | None:
        """One that waits for work; those that have died since are no longer there."""
        while self._idle:
            child = self._idle.pop()
            if child.alive:
                return child
        return None

    def _follow_loop(self) -> None:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            while self._idle:
                self._idle.pop().kill()
            self._loop = loop
            self._free = asyncio.Semaphore(self._size)
            self._ending = set()

    def _end(self, child: _Child) -> None:
        child.kill()
        task = asyncio.get_running_loop().create_task(child.ended())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def aclose(self) -> None:
        """End the children that do nothing, and wait until they have; what runs ends by itself. May be used again."""
        self._follow_loop()
        while self._idle:
            self._end(self._idle.pop())
        await asyncio.gather(*self._ending)


class _Child:
    def __init__(self, process: Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, command: Sequence[str]) -> _Child:
        try:
            # An environment of its own: the secrets of ours are none of its business.
            return cls(
                await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, env={"LC_ALL": "C.UTF-8"})
            )
        except OSError as exc:
            raise ChildError(f"no process could be started: {exc}") from exc

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def call(self, request: bytes, seconds: float) -> bytes:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            async with asyncio.timeout(seconds):
                stdin.write(len(request).to_bytes(4, "big") + request)
                await stdin.drain()
                length = int.from_bytes(await stdout.readexactly(4), "big")
                if length > MAX_ANSWER:
                    raise ChildError(f"it answers with {length} bytes")
                return await stdout.readexactly(length)
        except TimeoutError as exc:
            raise ChildTimeout(f"it took longer than {seconds:g} s") from exc
        except (asyncio.IncompleteReadError, ConnectionError) as exc:
            raise ChildError("the process ended without an answer") from exc

    async def ended(self) -> None:
        await self._process.wait()

    def kill(self) -> None:
        """End it at once; the pipes to it are closed."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                # Not by the methods of the process or its transport: before they kill, they ask whether it has ended,
                # which takes its exit status away from asyncio's watcher, who logs "Unknown child process pid".
                os.kill(self._process.pid, signal.SIGKILL)
        transport: asyncio.SubprocessTransport = self._process._transport  # type: ignore[attr-defined]
        for descriptor in (0, 1):
            pipe = transport.get_pipe_transport(descriptor)
            if pipe is not None:
                with contextlib.suppress(RuntimeError):  # its loop is closed
                    pipe.close()
