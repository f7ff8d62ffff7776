"""Kinds of endpoints."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from mediation.endpoints import NOT_RUNNING, READERS, settings
from mediation.endpoints.indirect import IndirectEndpoint, ResolvingEndpoint
from mediation.endpoints.template import TemplateEndpoint

from .markdown import literal, page, prose, table, tagged

REFERENCES = {"key": IndirectEndpoint, "key-expression": ResolvingEndpoint, "template": TemplateEndpoint}
"""What stands for another endpoint, by the attribute that says so."""

INTRODUCTION = """\
What an `<endpoint>` is, its child says, or one of the attributes `key`, `key-expression` and `template`. Time-outs,
suspension and other settings are described [here](../compatibility.md#endpoints)."""


def endpoints_page() -> str:
    kinds = sorted({*READERS, *NOT_RUNNING})
    attributes = [(literal(f'{name}="..."'), "runs") for name in REFERENCES]
    return page(
        "Endpoints",
        INTRODUCTION,
        table(
            ("Kind", "State"), [*((literal(f"<{kind}>"), _state(NOT_RUNNING.get(kind))) for kind in kinds), *attributes]
        ),
        table(
            ("Setting", "State"), [(literal(f"<{tag}>"), _state(hint)) for tag, hint in settings.NOT_RUNNING.items()]
        ),
        *(part for kind in kinds if kind in READERS for part in _section(kind)),
        *(part for name, cls in REFERENCES.items() for part in (f"## {name}", prose(cls))),
    )


def _state(hint: str | None) -> str:
    return "runs" if hint is None else f"does not run: {tagged(hint)}"


def _section(kind: str) -> Iterator[str]:
    module = sys.modules[READERS[kind].__module__]
    yield f"## {kind}"
    for name, value in vars(module).items():
        if name.endswith("Endpoint") and getattr(value, "__module__", None) == module.__name__:
            yield prose(value)
