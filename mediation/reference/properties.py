"""Properties with a meaning of their own, from the module that names them."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from typing import Final

from mediation import properties

from .markdown import inline, literal, page, table

_SECTION: Final = "# -- "
"""What begins the comment above properties that belong together, as in ``# -- faults: set by ...``."""

Row = tuple[str, str, str]
"""Property, scope and meaning."""


def properties_page() -> str:
    return page(
        "Properties",
        "Properties that the engine sets or reads. Any other name is the configuration's own.",
        *(part for title, rows in _sections().items() if rows for part in _section(title, rows)),
    )


def _section(title: str, rows: list[Row]) -> Iterator[str]:
    name, colon, text = title.partition(":")
    yield f"## {name[:1].upper()}{name[1:]}"
    yield f"{text.strip()[:1].upper()}{inline(text.strip()[1:])}." if colon else ""
    yield table(("Property", "Scope", "Meaning"), rows)


def _sections() -> dict[str, list[Row]]:
    source = inspect.getsource(properties)
    starts = {number: line for number, line in enumerate(source.split("\n"), 1) if line.startswith(_SECTION)}
    titles = sorted(starts)
    sections: dict[str, list[Row]] = {starts[number].removeprefix(_SECTION): [] for number in titles}
    for line, row in _rows(source):
        above = [number for number in titles if number < line]
        if above:
            sections[starts[above[-1]].removeprefix(_SECTION)].append(row)
    return sections


def _rows(source: str) -> Iterator[tuple[int, Row]]:
    """Line and row of each constant that is a text; its docstring stands behind it."""
    statements = ast.parse(source).body
    for statement, after in zip(statements, [*statements[1:], None], strict=True):
        match statement:
            case ast.AnnAssign(value=ast.Constant(value=str(name))) | ast.Assign(value=ast.Constant(value=str(name))):
                scope, _, meaning = _documentation(after).partition("; ")
                yield statement.lineno, (literal(name), *((scope, inline(meaning)) if meaning else ("", inline(scope))))


def _documentation(statement: ast.stmt | None) -> str:
    match statement:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return text
    return ""
