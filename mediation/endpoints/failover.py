"""``<failover>``: the first of several endpoints that works."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mediation.endpoints.group import Group, read_children, read_flag
from mediation.endpoints.leaf import EndpointProperty
from mediation.errors import GrammarError
from mediation.message import MessageContext

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler


@dataclass(slots=True)
class _Current:
    """The endpoint that is in use, by its place among its siblings."""

    index: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FailoverEndpoint(Group):
    """
    The first of several endpoints that works.

    ::

        <endpoint name="stock">
            <failover>
                <endpoint><address uri="http://localhost:9001/stock"/></endpoint>
                <endpoint><address uri="http://localhost:9002/stock"/></endpoint>
            </failover>
        </endpoint>

    The first that is ready is tried, and the next one when it fails. With ``dynamic="false"`` messages stay with the
    endpoint that took the last one, also when those before it are back.
    """

    dynamic: bool
    current: _Current = field(default_factory=_Current)

    def choose(self, ctx: MessageContext, tried: set[int]) -> int | None:
        start = 0 if self.dynamic else self.current.index
        for index in (*range(start, len(self.children)), *range(start)):
            if index not in tried and self.children[index].is_ready(ctx):
                self.current.index = index
                return index
        return None


def read_failover(
    element: etree._Element, compiler: Compiler, name: str, properties: tuple[EndpointProperty, ...]
) -> FailoverEndpoint:
    """
    Raises:
        ConfigurationError: it has no endpoints, or one that could not run.
    """
    children = read_children(element, compiler)
    if not children:
        raise GrammarError.missing("failover", "a child <endpoint>", element.sourceline)
    dynamic = read_flag(element, "dynamic", True)
    return FailoverEndpoint(kind="Failover", name=name, children=children, properties=properties, dynamic=dynamic)
