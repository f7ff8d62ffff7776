"""
A database with its connections, each in a thread of its own.

::

    source = data_source("jdbc:postgresql://localhost/shop", "user", "password", size=4)
    rows = await source.run(lambda connection: select(connection, ...))
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, TypeVar

from django.db import DatabaseError, InterfaceError
from django.db.utils import ConnectionHandler

from .urls import database_settings

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

DEFAULT_SIZE: Final = 4
_QUOTED_OR_MARK: Final = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|\?|%", re.DOTALL)

_T = TypeVar("_T")


class DataSource:
    """
    One database. Shared by all messages; its threads start when they are needed.

    Args:
        database: Django's settings for it.
        size: connections at a time; what exceeds waits.
    """

    def __init__(self, database: dict[str, Any], size: int = DEFAULT_SIZE) -> None:
        self._database = database
        self._size = size
        self._handler = ConnectionHandler({"default": {**database, "CONN_HEALTH_CHECKS": True}})
        self._executor = ThreadPoolExecutor(size, thread_name_prefix="data-source")

    async def run(self, work: Callable[[BaseDatabaseWrapper], _T]) -> _T:
        """
        Run ``work`` with a connection, in the connection's thread.

        Raises:
            DatabaseError: as Django's connections do; the connection is made anew for the next work.
        """
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._with_connection, work)

    def _with_connection(self, work: Callable[[BaseDatabaseWrapper], _T]) -> _T:
        connection: Any = self._handler["default"]
        try:
            return work(connection)
        except (DatabaseError, InterfaceError):
            if not connection.in_atomic_block and connection.get_autocommit():
                connection.close()
            raise

    def single(self) -> DataSource:
        """The same database with one connection of its own, for a transaction."""
        return DataSource(self._database, size=1)

    def close(self) -> None:
        """Close the connections; does not wait for what runs."""
        for _ in range(self._size):
            self._executor.submit(self._handler.close_all)
        self._executor.shutdown(wait=False)


_sources: Final[dict[tuple[str, str, str], DataSource]] = {}
_lock: Final = threading.Lock()


def data_source(source: str, user: str = "", password: str = "", *, size: int = DEFAULT_SIZE) -> DataSource:
    """
    The data source of this process for a URL or name; all mediators that name the same one share it.

    Args:
        size: of its pool, when it is the first that asks.

    Raises:
        UnknownDatabase: nobody knows it.
    """
    key = (source, user, password)
    with _lock:
        if key not in _sources:
            _sources[key] = DataSource(database_settings(source, user, password), size)
        return _sources[key]


def close_data_sources() -> None:
    """Close all that are open; who asks again gets new ones."""
    with _lock:
        for source in _sources.values():
            source.close()
        _sources.clear()


def with_placeholders(sql: str) -> str:
    """A statement of JDBC (``?``) as Django's connections take it (``%s``)."""
    return _QUOTED_OR_MARK.sub(lambda match: {"?": "%s"}.get(match[0], match[0].replace("%", "%%")), sql)
