"""``<loadbalance>``: endpoints that take turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mediation.endpoints.algorithms import ALGORITHMS, Algorithm
from mediation.endpoints.group import Group, endpoint_elements, read_children, read_flag
from mediation.endpoints.leaf import EndpointProperty
from mediation.endpoints.member import read_member
from mediation.endpoints.sessions import DEFAULT_SECONDS, SESSIONS, Sessions
from mediation.endpoints.settings import number
from mediation.errors import EndpointNotReady, GrammarError, NotRunnable
from mediation.grammar import elements, find, local_name
from mediation.message import MessageContext
from mediation.transports import Answer

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler
    from mediation.endpoints import Endpoint


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoadBalanceEndpoint(Group):
    """
    Endpoints that take turns.

    ::

        <endpoint name="stock">
            <loadbalance algorithm="org.apache.synapse.endpoints.algorithms.RoundRobin">
                <endpoint><address uri="http://localhost:9001/stock"/></endpoint>
                <endpoint><address uri="http://localhost:9002/stock"/></endpoint>
            </loadbalance>
            <session type="http"/>
        </endpoint>

    When one fails the next one gets the message, unless ``failover="false"``. With ``<session>`` a client stays with
    the endpoint that its session began with, and is not sent elsewhere.
    """

    algorithm: Algorithm
    sessions: Sessions | None = None

    def choose(self, ctx: MessageContext, tried: set[int]) -> int | None:
        bound = None if self.sessions is None else self.sessions.child_for(ctx)
        if bound is None:
            return self.algorithm.next(lambda index: index not in tried and self.children[index].is_ready(ctx))
        if tried:
            return None
        if not self.children[bound].is_ready(ctx):
            raise EndpointNotReady(
                f"{self.kind} endpoint : {self.name} - the endpoint of the session is not ready", code=309001
            )
        return bound

    def delivered(self, index: int, ctx: MessageContext, answer: Answer | None) -> None:
        if self.sessions is not None:
            self.sessions.delivered(index, ctx, answer)

    def started(self, index: int) -> None:
        self.algorithm.started(index)

    def finished(self, index: int) -> None:
        self.algorithm.finished(index)


def read_loadbalance(
    element: etree._Element, compiler: Compiler, name: str, properties: tuple[EndpointProperty, ...]
) -> LoadBalanceEndpoint:
    """
    Raises:
        ConfigurationError: it has no endpoints, or something that could not run.
    """
    members = [part for part in elements(element) if local_name(part) == "member"]
    parts = endpoint_elements(element)
    if members and parts:
        raise GrammarError("<loadbalance> has <endpoint> or <member> children, not both", element.sourceline)
    children: tuple[Endpoint, ...] = tuple(read_member(part, name) for part in members)
    children = children or read_children(element, compiler)
    if not children:
        raise GrammarError.missing("loadbalance", "children <endpoint> or <member>", element.sourceline)
    make_algorithm = read_algorithm(element)
    weights = [_weight(part) for part in parts] or [1] * len(children)
    return LoadBalanceEndpoint(
        kind="Loadbalance",
        name=name,
        children=children,
        properties=properties,
        fails_over=read_flag(element, "failover", True),
        algorithm=make_algorithm(weights),
        sessions=None if (begin := read_sessions(element)) is None else begin(),
    )


def read_algorithm(element: etree._Element) -> Callable[[Sequence[int]], Algorithm]:
    """
    Who has its turn; to be called with the weights of the endpoints.

    Raises:
        NotRunnable: it is a class that is not known here.
    """
    algorithm = element.get("algorithm") or element.get("policy") or "roundRobin"
    if algorithm not in ALGORITHMS:
        known = ", ".join(each.rpartition(".")[2] for each in ALGORITHMS)
        raise NotRunnable(f'the algorithm "{algorithm}"', f"those known here are {known}", line=element.sourceline)
    return ALGORITHMS[algorithm]


def _weight(element: etree._Element) -> int:
    for part in elements(element):
        if local_name(part) == "property" and part.get("name") == "loadbalance.weight":
            text = (part.get("value") or "").strip()
            if not text.isdecimal() or int(text) < 1:
                raise GrammarError(f'loadbalance.weight "{text}" is not a number above zero', part.sourceline)
            return int(text)
    return 1


def read_sessions(element: etree._Element) -> Callable[[], Sessions] | None:
    """
    The ``<session>`` beside the element, if there is one; makes sessions of which none has begun.

    Raises:
        GrammarError: there is no such kind of sessions.
    """
    parent = element.getparent()
    found = None if parent is None else find(parent, "session")
    if found is None:
        return None
    kind = found.get("type", "")
    if kind not in SESSIONS:
        raise GrammarError.choice("session", "type", kind, SESSIONS, found.sourceline)
    timeout = find(found, "sessionTimeout")
    seconds = 0.0 if timeout is None else number(timeout, int) / 1000
    return partial(Sessions, SESSIONS[kind](), seconds if seconds > 0 else DEFAULT_SECONDS)
