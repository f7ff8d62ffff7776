"""The parts that ``<dblookup>`` and ``<dbreport>`` have in common: a connection pool and its statements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final, TypeVar

from django.db import DatabaseError, InterfaceError
from django.utils import timezone
from lxml import etree

from mediation import grammar
from mediation.errors import GrammarError, MediationError
from mediation.expressions import Expression
from mediation.grammar import Node, elements, find, local_name, node

from .data_source import DEFAULT_SIZE, DataSource, data_source, with_placeholders
from .transactions import current_transaction
from .urls import UnknownDatabase

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from mediation.compiler import Compiler
    from mediation.message import MessageContext

_T = TypeVar("_T")

# -- parameters


def _integer(text: str) -> int:
    return int(Decimal(text.strip()))


def _bit(text: str) -> bool:
    return text.strip().lower() in ("true", "1", "yes")


def _timestamp(text: str) -> datetime:
    moment = datetime.fromisoformat(text.strip())
    return moment if timezone.is_aware(moment) else moment.replace(tzinfo=None)


TYPES: Final[dict[str, Callable[[str], Any]]] = {
    **dict.fromkeys(("CHAR", "VARCHAR", "LONGVARCHAR"), str),
    **dict.fromkeys(("NUMERIC", "DECIMAL"), Decimal),
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT"), _integer),
    **dict.fromkeys(("REAL", "FLOAT", "DOUBLE"), float),
    "BIT": _bit,
    "DATE": date.fromisoformat,
    "TIME": time.fromisoformat,
    "TIMESTAMP": _timestamp,
}
"""What makes a value for the database of a text, by JDBC's name of the type."""


def _type(text: str) -> str:
    if text not in TYPES:
        raise ValueError(f"is not one of {', '.join(TYPES)}")
    return text


@node("parameter")
class Parameter(Node):
    """The value of one ``?`` of a statement; nothing and an empty text are NULL."""

    value: str | None = grammar.attribute(None, name="value")
    expression: Expression | None = grammar.expression()
    type: str = grammar.attribute(name="type", convert=_type)

    def check(self) -> None:
        if self.value is None and self.expression is None:
            raise GrammarError("Unable to create a new parameter: it needs a value or an expression")

    def evaluate(self, ctx: MessageContext) -> Any:
        """
        Raises:
            MediationError: the text is no value of that type.
        """
        text = self.value if self.expression is None else self.expression.string(ctx)
        if text is None or not text.strip():
            return None
        try:
            return TYPES[self.type](text)
        except (ValueError, InvalidOperation) as exc:
            raise MediationError(f'the parameter "{text}" of a statement is not of the type {self.type}') from exc


@node("result")
class Result(Node):
    """A property that gets the value of a column, which is a name or a number from 1."""

    name: str = grammar.attribute(name="name")
    column: str = grammar.attribute(name="column")

    def pick(self, columns: Sequence[str], row: Sequence[Any]) -> Any:
        """
        Raises:
            MediationError: there is no such column.
        """
        wanted = self.column.lower()
        for index, name in enumerate(columns):
            if name.lower() == wanted:
                return row[index]
        if self.column.isdecimal() and 1 <= int(self.column) <= len(row):
            return row[int(self.column) - 1]
        raise MediationError(f'a statement has no column "{self.column}", but {", ".join(columns)}')


@node("sql")
class Sql(Node):
    text: str | None = grammar.text()

    def check(self) -> None:
        if not (self.text or "").strip():
            raise GrammarError("Unable to create a new statement: <sql> is empty")


@node("statement")
class Statement(Node):
    """One SQL statement with its parameters and results."""

    sql: Sql = grammar.child("sql", Sql, required=True)
    parameters: tuple[Parameter, ...] = grammar.children("parameter", Parameter)
    results: tuple[Result, ...] = grammar.children("result", Result)

    def prepared(self, ctx: MessageContext) -> tuple[str, list[Any]]:
        """The statement and its values, as Django's connections take them."""
        return with_placeholders((self.sql.text or "").strip()), [each.evaluate(ctx) for each in self.parameters]


# -- the pool


class PoolRule(grammar.Rule):
    """``<connection>``: a data source by name, or a URL with a login."""

    tags = ("connection",)

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> ConnectionPool:
        connection = find(element, "connection")
        pool = None if connection is None else find(connection, "pool")
        if pool is None:
            raise GrammarError.missing(node.tag, "a child <connection> with a <pool>", element.sourceline)
        values = {local_name(each): (each.text or "").strip() for each in elements(pool)}
        keys = {local_name(each): key for each in elements(pool) if (key := each.get("key")) is not None}
        for name, key in keys.items():
            compiler.refer("localEntry", key, pool)
            values.pop(name, None)
        if not (values.get("dsName") or values.get("url") or {"dsName", "url"} & keys.keys()):
            raise GrammarError("<pool> needs a <dsName>, or a <driver> and a <url>", pool.sourceline)
        found = ConnectionPool(values, keys, _size(pool))
        if not keys:
            try:
                found.source(None)
            except UnknownDatabase as exc:
                compiler.warning(str(exc), pool, "database.unknown")
        return found


def _size(pool: etree._Element) -> int:
    """Of the properties of the pool, the one that we need."""
    for each in elements(pool):
        if local_name(each) == "property" and each.get("name") == "maxactive" and each.get("value", "").isdecimal():
            return max(1, min(int(each.get("value", "")), 64))
    return DEFAULT_SIZE


class ConnectionPool:
    """What the pool says; its database is looked up when it is needed."""

    def __init__(self, values: dict[str, str], keys: dict[str, str], size: int) -> None:
        self._values = values
        self._keys = keys
        self._size = size

    def source(self, ctx: MessageContext | None) -> DataSource:
        """
        Raises:
            UnknownDatabase: nobody knows the database.
            MediationError: a value is to come from an entry that is not there.
        """
        values = dict(self._values)
        for name, key in self._keys.items():
            entry = None if ctx is None else ctx.environment.local_entry(key)
            if entry is None:
                raise MediationError(f'the value of <{name}> is to come from "{key}", which is not deployed')
            values[name] = str(entry.value)
        return data_source(
            values.get("dsName") or values.get("url", ""),
            values.get("user", ""),
            values.get("password", ""),
            size=self._size,
        )


async def run_statement(
    ctx: MessageContext,
    pool: ConnectionPool,
    statement: Statement,
    in_transaction: bool,
    work: Callable[[BaseDatabaseWrapper, str, list[Any]], _T],
) -> _T:
    """
    Run one statement in the message's transaction, if it is in one and ``in_transaction`` is set.

    Raises:
        MediationError: the database refuses, or nobody knows it.
    """
    sql, values = statement.prepared(ctx)
    transaction = current_transaction(ctx) if in_transaction else None

    def in_thread(connection: BaseDatabaseWrapper) -> _T:
        if transaction is not None and connection.get_autocommit():
            connection.set_autocommit(False)
        return work(connection, sql, values)

    try:
        source = pool.source(ctx)
        return await (source if transaction is None else transaction.enlist(source)).run(in_thread)
    except UnknownDatabase as exc:
        raise MediationError(str(exc)) from exc
    except (DatabaseError, InterfaceError, ImportError) as exc:
        text = (statement.sql.text or "").strip()
        raise MediationError(
            f"SQL Exception occurred while executing statement : {text}: {exc}", detail=str(exc)
        ) from exc
