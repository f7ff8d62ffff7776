"""Kinds of artifacts."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator
from typing import Final

from mediation.api import Resource
from mediation.compiler import KEPT_KINDS
from mediation.grammar import ARTIFACTS, Node
from mediation.inbound_endpoint import PROTOCOLS, READERS, InboundEndpoint
from mediation.proxy_service import Target

from .fields import fields, parameters
from .markdown import literal, page, prose, table

RULES: Final = {
    "api": "rest-apis",
    "endpoint": "endpoints",
    "import": "connectors",
    "inboundEndpoint": "inbound-endpoints",
    "messageProcessor": "message-processors",
    "messageStore": "message-stores",
    "registry": "registry",
    "task": "tasks",
    "template": "templates",
}
"""Sections of ``docs/compatibility.md``."""


PARTS: Final[dict[str, tuple[type[Node], ...]]] = {"api": (Resource,), "proxy": (Target,)}
"""Elements that artifacts have inside, and that are read as classes of their own."""


def artifacts_page() -> str:
    kinds = sorted({*ARTIFACTS, *KEPT_KINDS})
    return page(
        "Artifacts",
        "Elements of `<definitions>`, or files of their own. What does not run is stored, exported and reported.",
        table(("Artifact", "State"), [(literal(f"<{kind}>"), _state(kind)) for kind in kinds]),
        *(part for kind in kinds if kind in ARTIFACTS for part in _section(kind)),
    )


def _state(kind: str) -> str:
    return "runs" if kind in ARTIFACTS else "does not run"


def _section(kind: str) -> Iterator[str]:
    yield f"## {kind}"
    if kind in RULES:
        yield f"The rules are [here](../compatibility.md#{RULES[kind]})."
    if kind == "inboundEndpoint":
        yield from _inbound_endpoints()
        return
    for cls in _made_by(ARTIFACTS[kind]):
        yield from _class(cls)
    for part in PARTS.get(kind, ()):
        yield f"**`<{part.tag}>`** {prose(part)}"
        yield from fields(part)


def _inbound_endpoints() -> Iterator[str]:
    """By protocol, for each has parameters of its own."""
    classes: dict[type, list[str]] = {InboundEndpoint: sorted(PROTOCOLS)}
    for protocol, read in sorted(READERS.items()):
        for cls in _made_by(read):
            classes.setdefault(cls, []).append(protocol)
    for cls, protocols in classes.items():
        yield f"### {', '.join(protocols)}"
        yield from _class(cls)


def _class(cls: type) -> Iterator[str]:
    yield prose(cls)
    if issubclass(cls, Node):
        yield from fields(cls)
    elif dataclasses.is_dataclass(cls):
        yield parameters(cls)


def _made_by(read: Callable[..., object]) -> list[type]:
    """The classes that a reader makes, by its annotation."""
    found = vars(sys.modules[read.__module__])
    names = [name.strip() for name in str(read.__annotations__["return"]).split("|")]
    return [found[name] for name in names if isinstance(found.get(name), type)]
