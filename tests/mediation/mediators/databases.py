"""A database for the mediators that use one."""

from __future__ import annotations

import inspect
import sqlite3
from pathlib import Path
from typing import Any

from mediation.grammar import Mediator
from mediation.message import MessageContext


class Database:
    """An SQLite file with the table ``company``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.execute("create table company (id integer primary key, name text, price real, founded timestamp)")
        self.execute("insert into company values (1, 'IBM', 82.5, '1911-06-16 00:00:00'), (2, 'SUN', null, null)")

    def execute(self, sql: str) -> list[Any]:
        with sqlite3.connect(self.path) as connection:
            return connection.execute(sql).fetchall()

    @property
    def connection(self) -> str:
        url = f"<driver>org.sqlite.JDBC</driver><url>jdbc:sqlite:{self.path}</url><user>u</user><password>p</password>"
        return f"<connection><pool>{url}</pool></connection>"


async def mediated(found: Mediator, ctx: MessageContext) -> bool:
    outcome = found.mediate(ctx)
    return await outcome if inspect.isawaitable(outcome) else outcome
