"""Every mediator of the language."""

from __future__ import annotations

from collections.abc import Iterator

from mediation.alternatives import ALTERNATIVES
from mediation.errors import Needs
from mediation.grammar import COMMON_ATTRIBUTES, KNOWN_MEDIATORS, MEDIATORS

from .fields import fields
from .markdown import literal, page, prose, table, tagged

COMMON = ", ".join(map(literal, sorted(COMMON_ATTRIBUTES)))


def mediators_page() -> str:
    names = sorted(KNOWN_MEDIATORS | MEDIATORS.keys(), key=str.lower)
    return page(
        "Mediators",
        f"Every mediator also takes a child `<description>` and the attributes {COMMON}, which have no effect.",
        table(("Mediator", "State"), [(_link(name), _state(name)) for name in names]),
        *(part for name in names if name in MEDIATORS for part in _section(name)),
    )


def _link(name: str) -> str:
    return f"[`{name}`](#{name.lower()})" if name in MEDIATORS else literal(name)


def _state(name: str) -> str:
    if name in MEDIATORS:
        return "runs"
    alternative = ALTERNATIVES.get(name)
    if alternative is None:
        return "does not run"
    needs = f", needs {alternative.needs}" if alternative.needs is not Needs.NOTHING else ""
    return f"does not run{needs}: {tagged(alternative.hint)}"


def _section(name: str) -> Iterator[str]:
    mediator = MEDIATORS[name]
    yield f"## {name}"
    yield prose(mediator)
    yield from fields(mediator)
