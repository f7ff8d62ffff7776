"""Statements of one message that are committed together."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Final

from .data_source import DataSource

if TYPE_CHECKING:
    from mediation.message import MessageContext

KEY: Final = "TRANSACTION"
"""In the operation scope: the transactions of a message, the current one last; ``None`` for a suspended one."""


class Transaction:
    """
    A connection of its own to each database that is used in it.

    Databases are committed one after the other: there is no second phase. A transaction that is given up without an
    end is rolled back.
    """

    def __init__(self) -> None:
        self._sources: dict[int, DataSource] = {}
        weakref.finalize(self, _close, self._sources)

    def enlist(self, source: DataSource) -> DataSource:
        """The connection of this transaction to that database."""
        own = self._sources.get(id(source))
        if own is None:
            own = self._sources[id(source)] = source.single()
        return own

    async def commit(self) -> None:
        """
        Raises:
            DatabaseError: a database refuses; those before it are committed.
        """
        for source in self._sources.values():
            await source.run(_commit)
        _close(self._sources)

    async def rollback(self) -> None:
        """Undo everything."""
        for source in self._sources.values():
            await source.run(_rollback)
        _close(self._sources)


def _close(sources: dict[int, DataSource]) -> None:
    # A connection that is closed without a commit is rolled back by its database.
    while sources:
        sources.popitem()[1].close()


def _commit(connection: Any) -> None:
    if connection.connection is not None:
        connection.commit()
        connection.set_autocommit(True)


def _rollback(connection: Any) -> None:
    if connection.connection is not None:
        connection.rollback()
        connection.set_autocommit(True)


def current_transaction(ctx: MessageContext) -> Transaction | None:
    """The transaction that the message is in."""
    stack: list[Transaction | None] = ctx.operation.get(KEY) or []
    return stack[-1] if stack else None
