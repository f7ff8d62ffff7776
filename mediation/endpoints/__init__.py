"""
Endpoints: where messages go. One file per kind; what they share is in ``leaf`` and ``suspension``.

``address``, ``http`` and ``default`` talk to one back-end, ``indirect`` stands for another endpoint by name.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Final, Protocol

from mediation.endpoints.address import read_address
from mediation.endpoints.default import read_default, send_to_address
from mediation.endpoints.http import read_http
from mediation.endpoints.indirect import IndirectEndpoint
from mediation.endpoints.leaf import EndpointProperty
from mediation.errors import GrammarError, NotRunnable
from mediation.grammar import artifact, elements, local_name
from mediation.transports import Answer

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler
    from mediation.message import MessageContext

__all__ = ["Endpoint", "IndirectEndpoint", "compile_endpoint", "read_endpoint", "send_to_address"]


class Endpoint(Protocol):
    """Where messages go. Shared by all messages."""

    def send(self, ctx: MessageContext) -> Answer | Awaitable[Answer | None] | None:
        """
        Deliver the message.

        Returns:
            The answer, ``None`` if none will come, or an awaitable of that.

        Raises:
            EndpointError: it could not be delivered.
        """


READERS: Final = {"address": read_address, "http": read_http, "default": read_default}

NOT_RUNNING: Final = (
    "wsdl",
    "loadbalance",
    "dynamicLoadbalance",
    "serviceDynamicLoadbalance",
    "failover",
    "recipientlist",
    "class",
)

ANONYMOUS: Final = "AnonymousEndpoint"


def compile_endpoint(element: etree._Element, compiler: Compiler) -> Endpoint:
    """
    Read an ``<endpoint>``: a definition, an inline one, or a reference.

    Raises:
        ConfigurationError: it is none that could run.
    """
    key = element.get("key")
    if key is not None:
        compiler.refer("endpoint", key, element)
        return IndirectEndpoint(key)
    for attribute in ("key-expression", "template"):
        if element.get(attribute) is not None:
            raise NotRunnable(f'<endpoint> with the attribute "{attribute}"', line=element.sourceline)
    if element.get("onError") is not None:
        raise NotRunnable('<endpoint> with the attribute "onError"', line=element.sourceline)
    name = element.get("name") or ANONYMOUS
    properties = tuple(
        EndpointProperty.from_xml(part, compiler) for part in elements(element) if local_name(part) == "property"
    )
    for part in elements(element):
        tag = local_name(part)
        if tag in READERS:
            return READERS[tag](part, compiler, name, properties)
        if tag in NOT_RUNNING or tag == "session":
            raise NotRunnable(f"the endpoint kind <{tag}>", line=part.sourceline)
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
