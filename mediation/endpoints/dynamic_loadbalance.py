"""``<dynamicLoadbalance>``: members that are listed elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mediation.endpoints.group import read_flag
from mediation.endpoints.indirect import Reference
from mediation.endpoints.leaf import EndpointProperty
from mediation.endpoints.loadbalance import LoadBalanceEndpoint, read_algorithm, read_sessions
from mediation.endpoints.member import MemberEndpoint, member_endpoint
from mediation.errors import GrammarError, NoEndpointReady
from mediation.grammar import elements, find
from mediation.message import MessageContext

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler
    from mediation.endpoints.algorithms import Algorithm
    from mediation.endpoints.leaf import Leaf
    from mediation.endpoints.sessions import Sessions

# host:httpPort or host:httpPort:httpsPort
_MEMBER: Final = re.compile(r"([^\s,:\[\]]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})(?::([0-9]{1,5}))?")


@dataclass(slots=True)
class _Members:
    """The group that was made last, and the list that it was made of."""

    listed: str | None = None
    group: LoadBalanceEndpoint | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamicLoadBalanceEndpoint(Reference):
    """
    Members that take turns, listed in a local entry.

    ::

        <endpoint name="cluster">
            <dynamicLoadbalance failover="true" algorithm="org.apache.synapse.endpoints.algorithms.RoundRobin">
                <membershipHandler class="org.apache.synapse.core.axis2.Axis2LoadBalanceMembershipHandler">
                    <property name="applicationDomain" value="shop"/>
                </membershipHandler>
            </dynamicLoadbalance>
        </endpoint>
        <localEntry key="shop">10.0.0.1:9001, 10.0.0.2:9001:9444</localEntry>

    There is no cluster here whose members come and go: the list stands in for it. A change of the list counts for the
    next message.
    """

    name: str
    domain: str
    properties: tuple[EndpointProperty, ...]
    fails_over: bool
    make_algorithm: Callable[[Sequence[int]], Algorithm]
    make_sessions: Callable[[], Sessions] | None
    members: _Members = field(default_factory=_Members, repr=False)

    def resolve(self, ctx: MessageContext) -> LoadBalanceEndpoint:
        """
        Raises:
            NoEndpointReady: there is no list, or it is none.
        """
        entry = ctx.environment.local_entry(self.domain)
        if entry is None or not isinstance(entry.value, str):
            raise NoEndpointReady(
                f"Loadbalance endpoint : {self.name} - no local entry {self.domain} lists its members"
            )
        if self.members.group is None or self.members.listed != entry.value:
            self.members.group = self._group(entry.value)
            self.members.listed = entry.value
        return self.members.group

    def _group(self, listed: str) -> LoadBalanceEndpoint:
        members = tuple(self._member(text) for text in listed.replace(",", " ").split())
        if not members:
            raise NoEndpointReady(f"Loadbalance endpoint : {self.name} - the local entry {self.domain} lists no member")
        return LoadBalanceEndpoint(
            kind="Loadbalance",
            name=self.name,
            children=members,
            properties=self.properties,
            fails_over=self.fails_over,
            algorithm=self.make_algorithm([1] * len(members)),
            sessions=None if self.make_sessions is None else self.make_sessions(),
        )

    def _member(self, text: str) -> MemberEndpoint:
        found = _MEMBER.fullmatch(text)
        if found is None:
            message = f"Loadbalance endpoint : {self.name} - {text} in the local entry {self.domain} is not host:port"
            raise NoEndpointReady(message)
        return member_endpoint(self.name, found[1], int(found[2]), int(found[3]) if found[3] else None)

    def leaves(self) -> Iterator[Leaf]:
        """The members that were listed last; they belong to this endpoint alone."""
        return iter(()) if self.members.group is None else self.members.group.leaves()


def read_dynamic_loadbalance(
    element: etree._Element, compiler: Compiler, name: str, properties: tuple[EndpointProperty, ...]
) -> DynamicLoadBalanceEndpoint:
    """
    Raises:
        ConfigurationError: it does not say which members, or has something that could not run.
    """
    handler = find(element, "membershipHandler")
    named = [] if handler is None else [part for part in elements(handler) if part.get("name") == "applicationDomain"]
    domain = (named[0].get("value") or "").strip() if named else ""
    if not domain:
        raise GrammarError.missing(
            "dynamicLoadbalance", 'a <membershipHandler> with the property "applicationDomain"', element.sourceline
        )
    compiler.refer("localEntry", domain, element)
    compiler.info(f'the members are those that the local entry "{domain}" lists', element)
    return DynamicLoadBalanceEndpoint(
        name=name,
        domain=domain,
        properties=properties,
        fails_over=read_flag(element, "failover", True),
        make_algorithm=read_algorithm(element),
        make_sessions=read_sessions(element),
    )
