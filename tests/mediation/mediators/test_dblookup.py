"""``<dblookup>``: the first row becomes properties."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mediation.databases.data_source import close_data_sources
from mediation.errors import MediationError
from tests.mediation.mediators.databases import Database, mediated
from tests.mediation.mediators.support import mediator, message, mistakes, warnings


@pytest.fixture
def database(tmp_path: Path, django_db_blocker: Any) -> Iterator[Database]:
    with django_db_blocker.unblock():  # it is not Django's own
        yield Database(tmp_path / "a.db")
        close_data_sources()


def lookup(database: Database, sql: str, rest: str = "") -> str:
    return f"<dblookup>{database.connection}<statement><sql><![CDATA[{sql}]]></sql>{rest}</statement></dblookup>"


NAME = '<parameter expression="get-property(\'symbol\')" type="VARCHAR"/>'


async def test_columns_by_name_and_number_become_text_properties(database: Database) -> None:
    ctx = message(symbol="IBM")
    results = '<result name="id" column="ID"/><result name="price" column="3"/>'
    found = mediator(lookup(database, "select id, name, price from company where name = ?", NAME + results))
    assert await mediated(found, ctx) is True
    assert (ctx.properties["id"], ctx.properties["price"]) == ("1", "82.5")


async def test_numbers_are_written_as_java_writes_them(database: Database) -> None:
    ctx = message()
    results = '<result name="a" column="a"/><result name="b" column="b"/>'
    await mediated(mediator(lookup(database, "select 1e7 as a, 3 as b", results)), ctx)
    assert (ctx.properties["a"], ctx.properties["b"]) == ("1.0E7", "3")


async def test_no_row_and_null_set_nothing(database: Database) -> None:
    result = '<result name="price" column="price"/>'
    found = mediator(lookup(database, "select price from company where name = ?", NAME + result))
    for symbol in ("SUN", "nobody"):
        ctx = message(symbol=symbol, price="before")
        await mediated(found, ctx)
        assert ctx.properties["price"] == "before"


async def test_only_the_first_row_counts(database: Database) -> None:
    ctx = message()
    result = '<result name="n" column="name"/>'
    await mediated(mediator(lookup(database, "select name from company order by name desc", result)), ctx)
    assert ctx.properties["n"] == "SUN"


async def test_a_statement_that_fails_is_a_fault_that_names_it(database: Database) -> None:
    with pytest.raises(
        MediationError, match="SQL Exception occurred while executing statement : select x from nothing"
    ):
        await mediated(mediator(lookup(database, "select x from nothing")), message())


async def test_a_column_that_is_not_there_is_a_fault(database: Database) -> None:
    found = mediator(lookup(database, "select id from company", '<result name="n" column="nothing"/>'))
    with pytest.raises(MediationError, match='no column "nothing", but id'):
        await mediated(found, message())


async def test_a_value_of_another_type_is_a_fault(database: Database) -> None:
    rest = '<parameter expression="get-property(\'symbol\')" type="INTEGER"/>'
    with pytest.raises(MediationError, match='"IBM" of a statement is not of the type INTEGER'):
        await mediated(mediator(lookup(database, "select id from company where id = ?", rest)), message(symbol="IBM"))


async def test_text_of_a_message_is_no_sql(database: Database) -> None:
    ctx = message(symbol="x' or '1'='1")
    found = mediator(lookup(database, "select id from company where name = ?", NAME + '<result name="i" column="id"/>'))
    await mediated(found, ctx)
    assert "i" not in ctx.properties


@pytest.mark.parametrize(
    ("xml", "mistake"),
    [
        ("<dblookup><statement><sql>x</sql></statement></dblookup>", "<connection>"),
        ("<dblookup><connection><pool/></connection><statement><sql>x</sql></statement></dblookup>", "<pool> needs"),
        ("<dblookup><connection><pool><dsName>default</dsName></pool></connection></dblookup>", "<statement>"),
        (
            "<dblookup><connection><pool><dsName>default</dsName></pool></connection>"
            '<statement><sql>x</sql><parameter value="1" type="BLOB"/></statement></dblookup>',
            '"BLOB" is not one of',
        ),
    ],
)
def test_mistakes_are_found_at_deployment(xml: str, mistake: str) -> None:
    assert mistake in mistakes(xml)[0]


async def test_a_database_that_nobody_knows_is_said_at_deployment_and_is_a_fault() -> None:
    pool = "<connection><pool><driver>x</driver><url>jdbc:derby://h/db</url></pool></connection>"
    xml = f"<dblookup>{pool}<statement><sql>select 1</sql></statement></dblookup>"
    assert "ESB_DATA_SOURCES" in warnings(xml)[0]
    with pytest.raises(MediationError, match="ESB_DATA_SOURCES"):
        await mediated(mediator(xml), message())
