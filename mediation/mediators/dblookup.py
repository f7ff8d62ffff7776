"""``<dblookup>``: properties from a row of a database."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from mediation import grammar
from mediation.databases.statements import ConnectionPool, PoolRule, Statement, run_statement
from mediation.expressions.results import string_value
from mediation.grammar import Mediator, mediator

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from django.db.backends.base.base import BaseDatabaseWrapper

    from mediation.message import MessageContext


@mediator("dblookup")
class DBLookupMediator(Mediator):
    """
    Read properties from the first row that each statement finds.

    ::

        <dblookup>
            <connection><pool>
                <driver>org.postgresql.Driver</driver><url>jdbc:postgresql://localhost/shop</url>
                <user>esb</user><password>secret</password>
            </pool></connection>
            <statement>
                <sql>select id from company where name = ?</sql>
                <parameter expression="//m:symbol" type="VARCHAR"/>
                <result name="company_id" column="id"/>
            </statement>
        </dblookup>

    Each ``<result>`` becomes a property of the default scope, as text. A column that is NULL, and a statement that
    finds no row, set none. Which databases there are: ``docs/compatibility.md``, databases.
    """

    use_transaction: bool = grammar.attribute(False, name="useTransaction", convert=grammar.boolean)
    connection: ConnectionPool = dataclasses.field(metadata={"rule": PoolRule()})
    statements: tuple[Statement, ...] = grammar.children("statement", Statement, required=True)

    def mediate(self, ctx: MessageContext) -> Coroutine[Any, Any, bool]:
        return self._run(ctx)

    async def _run(self, ctx: MessageContext) -> bool:
        for statement in self.statements:
            found = await run_statement(ctx, self.connection, statement, self.use_transaction, _first_row)
            if found is None:
                continue
            columns, row = found
            for result in statement.results:
                value = result.pick(columns, row)
                if value is not None:
                    ctx.set(result.name, _text(value))
        return True


def _first_row(connection: BaseDatabaseWrapper, sql: str, values: list[Any]) -> tuple[list[str], Any] | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        if cursor.description is None:
            return None
        row = cursor.fetchone()
        return None if row is None else ([each[0] for each in cursor.description], row)


def _text(value: Any) -> str:
    """As JDBC's ``getString`` gives it."""
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, bool | float):
        return string_value(value) or ""  # Java writes true and 1.0E7
    return str(value)
