"""``<dbreport>``: statements that write, committed at once or with a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mediation.databases.data_source import close_data_sources
from mediation.errors import MediationError
from mediation.message import MessageContext
from tests.mediation.mediators.databases import Database, mediated
from tests.mediation.mediators.support import mediator, message


@pytest.fixture
def database(tmp_path: Path, django_db_blocker: Any) -> Iterator[Database]:
    with django_db_blocker.unblock():  # it is not Django's own
        yield Database(tmp_path / "a.db")
        close_data_sources()


def report(database: Database, *sqls: str, transaction: bool = False) -> str:
    statements = "".join(f"<statement><sql>{sql}</sql></statement>" for sql in sqls)
    attribute = ' useTransaction="true"' if transaction else ""
    return f"<dbreport{attribute}>{database.connection}{statements}</dbreport>"


async def test_rows_are_written_and_counted(database: Database) -> None:
    ctx = message()
    assert await mediated(mediator(report(database, "update company set price = 1")), ctx) is True
    assert ctx.properties["DBREPORT_MODIFIED_RAW_COUNT"] == 2
    assert database.execute("select price from company") == [(1.0,), (1.0,)]


async def test_typed_parameters_arrive_as_they_are(database: Database) -> None:
    values = "".join(
        f'<parameter value="{value}" type="{kind}"/>'
        for value, kind in (("3", "INTEGER"), ("X", "VARCHAR"), ("4.5", "DECIMAL"), ("", "TIMESTAMP"))
    )
    statement = f"<statement><sql>insert into company values (?, ?, ?, ?)</sql>{values}</statement>"
    await mediated(mediator(f"<dbreport>{database.connection}{statement}</dbreport>"), message())
    assert database.execute("select * from company where id = 3") == [(3, "X", 4.5, None)]


async def test_what_came_before_a_statement_that_fails_is_committed(database: Database) -> None:
    with pytest.raises(MediationError, match="SQL Exception"):
        await mediated(mediator(report(database, "delete from company where id = 1", "nonsense")), message())
    assert database.execute("select count(*) from company") == [(1,)]


async def transacted(database: Database, ctx: MessageContext, *steps: str) -> None:
    for step in steps:
        xml = f'<transaction action="{step}"/>' if " " not in step else report(database, step, transaction=True)
        await mediated(mediator(xml), ctx)


@pytest.mark.parametrize(("end", "left"), [("commit", 0), ("rollback", 2)])
async def test_a_transaction_is_committed_or_undone(database: Database, end: str, left: int) -> None:
    ctx = message()
    await transacted(database, ctx, "new", "delete from company where id = 1", "delete from company where id = 2")
    assert database.execute("select count(*) from company") == [(2,)]
    await transacted(database, ctx, end)
    assert database.execute("select count(*) from company") == [(left,)]


async def test_a_suspended_transaction_is_left_alone(database: Database) -> None:
    ctx = message()
    await transacted(database, ctx, "new", "suspend")
    await transacted(database, ctx, "update company set price = 7 where id = 1", "resume", "rollback")
    assert database.execute("select price from company where id = 1") == [(7.0,)]


@pytest.mark.parametrize("action", ["commit", "rollback", "fault-if-no-tx", "suspend", "resume"])
async def test_without_a_transaction_they_are_faults(database: Database, action: str) -> None:
    with pytest.raises(MediationError):
        await transacted(database, message(), action)


async def test_two_messages_have_transactions_of_their_own(database: Database) -> None:
    first, second = message(), message()
    await transacted(database, first, "new", "delete from company where id = 1")
    await transacted(database, second, "use-existing-or-new", "rollback")
    await transacted(database, first, "commit")
    assert database.execute("select count(*) from company") == [(1,)]
