"""The thread in which the engine talks to the database, so that the event loop never waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from django.db import DatabaseError, InterfaceError, connection

T = TypeVar("T")


class DatabaseThread:
    """
    Runs work in a thread of its own, one piece after the other, with a database connection of its own.

    A connection that failed is closed, so that the next piece of work connects anew.
    """

    def __init__(self) -> None:
        self._executor: ThreadPoolExecutor | None = None

    async def run(self, work: Callable[[], T]) -> T:
        """
        Do ``work`` after what was asked for before. Work that has begun is finished even if the caller gives up.

        Raises:
            DatabaseError: and whatever else ``work`` raises.
        """
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="database")
        return await asyncio.get_running_loop().run_in_executor(self._executor, _connected, work)

    def close(self) -> None:
        """Finish what was asked for, and end the thread. The next :meth:`run` starts another one."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.submit(connection.close)
            executor.shutdown()


def _connected(work: Callable[[], T]) -> T:
    try:
        return work()
    except (DatabaseError, InterfaceError):
        connection.close()
        raise


DATABASE_THREAD: Final = DatabaseThread()
"""The one of this process."""
