"""
Endpoints: where messages go. One file per kind; what they share is in ``leaf``, ``group`` and ``suspension``.

``address``, ``http``, ``wsdl``, ``default`` and ``member`` talk to one back-end. ``failover`` and ``loadbalance``
choose one of several endpoints for each message, ``recipients`` sends to all. ``indirect`` and ``template`` stand for
another endpoint, ``on_error`` gives one a fault sequence.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Final, Protocol

from mediation.endpoints.address import read_address
from mediation.endpoints.default import read_default, send_to_address
from mediation.endpoints.dynamic_loadbalance import read_dynamic_loadbalance
from mediation.endpoints.failover import read_failover
from mediation.endpoints.http import read_http
from mediation.endpoints.indirect import IndirectEndpoint, ResolvingEndpoint
from mediation.endpoints.leaf import EndpointProperty, Leaf
from mediation.endpoints.loadbalance import read_loadbalance
from mediation.endpoints.on_error import GuardedEndpoint
from mediation.endpoints.recipients import Recipients, read_recipient_list
from mediation.endpoints.remarks import remark_on_unknown
from mediation.endpoints.template import read_template_endpoint
from mediation.endpoints.wsdl import read_wsdl
from mediation.errors import GrammarError, Needs, NotRunnable
from mediation.grammar import artifact, elements, local_name
from mediation.transports import Answer

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler
    from mediation.message import MessageContext

__all__ = ["Endpoint", "IndirectEndpoint", "Recipients", "compile_endpoint", "read_endpoint", "send_to_address"]


class Endpoint(Protocol):
    """Where messages go. Shared by all messages."""

    def send(self, ctx: MessageContext) -> Answer | Awaitable[Answer | None] | None:
        """
        Deliver the message.

        Returns:
            The answer, ``None`` if none will come, or an awaitable of that; :class:`Recipients` are one that ``<send>``
            treats in its own way.

        Raises:
            EndpointError: it could not be delivered.
        """

    def is_ready(self, ctx: MessageContext) -> bool:
        """Whether a message may be sent now: a group leaves out what is suspended or switched off."""

    def leaves(self) -> Iterator[Leaf]:
        """The endpoints in this one that have a state, itself or those inside; without those it refers to by name."""


_Reader = Callable[["etree._Element", "Compiler", str, tuple[EndpointProperty, ...]], Endpoint]

READERS: Final[dict[str, _Reader]] = {
    "address": read_address,
    "wsdl": read_wsdl,
    "default": read_default,
    "loadbalance": read_loadbalance,
    "dynamicLoadbalance": read_dynamic_loadbalance,
    "failover": read_failover,
    "recipientlist": read_recipient_list,
    "http": read_http,
}
"""By the child element that says what an endpoint is."""

NOT_RUNNING: Final = {
    "serviceDynamicLoadbalance": "use <loadbalance> with a list of members",
    "class": "it names a Java class",
}

ANONYMOUS: Final = "AnonymousEndpoint"


def compile_endpoint(element: etree._Element, compiler: Compiler) -> Endpoint:
    """
    Read an ``<endpoint>``: a definition, an inline one, or a reference.

    Raises:
        ConfigurationError: it is none that could run.
    """
    remark_on_unknown(element, compiler)
    key = element.get("key")
    if key is not None:
        compiler.refer("endpoint", key, element)
        return IndirectEndpoint(key)
    expression = element.get("key-expression")
    if expression is not None:
        return ResolvingEndpoint(compiler.expression(expression, element))
    endpoint = _definition(element, compiler)
    on_error = element.get("onError")
    if not on_error:
        return endpoint
    compiler.refer("sequence", on_error, element)
    return GuardedEndpoint(endpoint, on_error)


def _definition(element: etree._Element, compiler: Compiler) -> Endpoint:
    name = element.get("name") or ANONYMOUS
    if element.get("template") is not None:
        return read_template_endpoint(element, compiler, name)
    properties = tuple(
        EndpointProperty.from_xml(part, compiler) for part in elements(element) if local_name(part) == "property"
    )
    parts = {local_name(part): part for part in elements(element)}
    for tag, read in READERS.items():
        if tag in parts:
            remark_on_unknown(parts[tag], compiler)
            return read(parts[tag], compiler, name, properties)
    for tag, hint in NOT_RUNNING.items():
        if tag in parts:
            raise NotRunnable(f"the endpoint kind <{tag}>", hint, line=parts[tag].sourceline, needs=Needs.JAVA)
    raise GrammarError("Invalid endpoint configuration.", element.sourceline)


@artifact("endpoint")
def read_endpoint(element: etree._Element, compiler: Compiler) -> Endpoint:
    """
    Read an endpoint artifact.

    Raises:
        ConfigurationError: it has no name, or is none that could run.
    """
    if not element.get("name"):
        raise GrammarError.missing("endpoint", 'the attribute "name"', element.sourceline)
    return compile_endpoint(element, compiler)
