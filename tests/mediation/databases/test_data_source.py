"""Statements run in threads, with connections that are used again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError

from mediation.databases.data_source import DataSource, with_placeholders
from mediation.databases.urls import database_settings


@pytest.fixture
def source(tmp_path: Path, django_db_blocker: Any) -> Iterator[DataSource]:
    found = DataSource(database_settings(f"jdbc:sqlite:{tmp_path / 'a.db'}"), size=2)
    with django_db_blocker.unblock():  # it is not Django's own
        yield found
        found.close()


def execute(sql: str) -> Any:
    def work(connection: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else threading.current_thread().name

    return work


async def test_work_runs_in_a_thread_of_the_source(source: DataSource) -> None:
    assert await source.run(execute("create table t (a int)")) != threading.main_thread().name
    assert await source.run(execute("select count(*) from t")) == [(0,)]


async def test_no_more_connections_than_its_size(source: DataSource) -> None:
    seen: set[int] = set()
    await asyncio.gather(*(source.run(lambda connection: seen.add(id(connection))) for _ in range(20)))
    assert len(seen) <= 2


async def test_a_statement_that_fails_does_not_spoil_the_connection(source: DataSource) -> None:
    with pytest.raises(DatabaseError):
        await source.run(execute("select nonsense"))
    assert await source.run(execute("select 1")) == [(1,)]


@pytest.mark.parametrize(
    ("sql", "plain"),
    [
        ("select ? from t where a = ?", "select %s from t where a = %s"),
        ("select '?' || ? from t -- ?", "select '?' || %s from t -- ?"),
        ("a like 'x%' and b = ?", "a like 'x%%' and b = %s"),
    ],
)
def test_placeholders(sql: str, plain: str) -> None:
    assert with_placeholders(sql) == plain
