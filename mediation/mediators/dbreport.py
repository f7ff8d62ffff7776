"""``<dbreport>``: write to a database."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from mediation import grammar
from mediation.databases.statements import ConnectionPool, PoolRule, Statement, run_statement
from mediation.grammar import Mediator, mediator

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from django.db.backends.base.base import BaseDatabaseWrapper

    from mediation.message import MessageContext

MODIFIED_ROWS: Final = "DBREPORT_MODIFIED_RAW_COUNT"
"""Property: how many rows the last statement has changed. The name is the originals'."""


@mediator("dbreport")
class DBReportMediator(Mediator):
    """
    Run statements that write, each committed at once.

    ::

        <dbreport>
            <connection><pool><dsName>default</dsName></pool></connection>
            <statement>
                <sql>update company set price = ? where name = ?</sql>
                <parameter expression="//m:last" type="DOUBLE"/>
                <parameter expression="//m:symbol" type="VARCHAR"/>
            </statement>
        </dbreport>

    ``useTransaction="true"`` leaves the commit to ``<transaction action="commit"/>`` if the message is in one.
    """

    use_transaction: bool = grammar.attribute(False, name="useTransaction", convert=grammar.boolean)
    connection: ConnectionPool = dataclasses.field(metadata={"rule": PoolRule()})
    statements: tuple[Statement, ...] = grammar.children("statement", Statement, required=True)

    def mediate(self, ctx: MessageContext) -> Coroutine[Any, Any, bool]:
        return self._run(ctx)

    async def _run(self, ctx: MessageContext) -> bool:
        for statement in self.statements:
            rows = await run_statement(ctx, self.connection, statement, self.use_transaction, _execute)
            ctx.set(MODIFIED_ROWS, rows)
        return True


def _execute(connection: BaseDatabaseWrapper, sql: str, values: list[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return max(0, int(cursor.rowcount))
