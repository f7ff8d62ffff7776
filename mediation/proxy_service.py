"""``<proxy>``: a service at ``/services/NAME``; and what takes the requests that are for none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from lxml import etree

from mediation import grammar
from mediation.access import AccessRules, read_service_access
from mediation.endpoints import Endpoint, IndirectEndpoint
from mediation.errors import GrammarError, NotRunnable
from mediation.grammar import Node, artifact, boolean, elements, find, local_name, node
from mediation.mediators.sequence import NamedSequence, SequenceMediator
from mediation.polled_files import PolledFiles, read_polled_files
from mediation.service_description import PublishedWsdl, read_publish_wsdl

if TYPE_CHECKING:
    from mediation.compiler import Compiler

RUNNING_TRANSPORTS: Final = frozenset({"http", "https"})
WRAPPER: Final = "Wrapper"
"""Parameter: the element that text and binary content become, as ``{namespace}name`` or ``name``."""

FILES: Final = "vfs"
"""The transport whose messages are files."""


@dataclass(frozen=True, slots=True)
class ProxyService:
    """
    A service at ``/services/NAME``.

    ::

        <proxy name="StockQuote" transports="http https" startOnLoad="true">
            <target>
                <inSequence>...</inSequence>
                <outSequence>...</outSequence>
                <faultSequence>...</faultSequence>
            </target>
            <publishWSDL key="stock-wsdl"/>
        </proxy>

    Attributes:
        in_sequence: the request leg; ``None`` sends the request straight to the endpoint.
        out_sequence: the response leg of a ``<send>``; ``None`` passes the answer straight to the client.
        fault_sequence: runs when either leg fails.
        endpoint: gets what the in sequence lets through.
        transports: of ``http`` and ``https``, those that it is offered on.
        start_on_load: ``False`` keeps it deployed, but not served.
        parameters: ``<parameter>`` values by name; XML values as text.
        wrapper: tag of the element that text and binary content of requests become; ``None`` for the usual ones.
        wsdl: what it publishes; ``None`` for a generated description.
        files: of a local directory, which are its messages, too.
        access: who may call it, and read its description.
    """

    name: str
    in_sequence: SequenceMediator | NamedSequence | None
    out_sequence: SequenceMediator | NamedSequence | None
    fault_sequence: SequenceMediator | NamedSequence
    endpoint: Endpoint | None
    transports: frozenset[str]
    start_on_load: bool
    parameters: Mapping[str, str]
    wrapper: str | None = None
    wsdl: PublishedWsdl | None = None
    files: PolledFiles | None = None
    access: AccessRules = field(default_factory=AccessRules)

    @property
    def label(self) -> str:
        """For log lines."""
        return f"proxy:{self.name}"

    @property
    def caption(self) -> str:
        """How the warning of a second answer names it."""
        return f"Proxy Name : {self.name}"


class MainSequence:
    """The sequence ``main`` as a service, in both directions, with ``fault`` for its failures."""

    name: ClassVar = "main"
    label: ClassVar = "main"
    caption: ClassVar = "Proxy Name : main"
    in_sequence: ClassVar = NamedSequence(None, "main")
    out_sequence: ClassVar = NamedSequence(None, "main")
    fault_sequence: ClassVar = NamedSequence(None, "fault")
    endpoint: ClassVar = None


@node("target")
class Target(Node):
    """What a proxy service does with messages; a name in an attribute goes before an inline child."""

    in_sequence_name: str | None = grammar.sequence_name("inSequence")
    out_sequence_name: str | None = grammar.sequence_name("outSequence")
    fault_sequence_name: str | None = grammar.sequence_name("faultSequence")
    endpoint_name: str | None = grammar.attribute(None, name="endpoint")
    in_sequence: SequenceMediator | None = grammar.child("inSequence", SequenceMediator)
    out_sequence: SequenceMediator | None = grammar.child("outSequence", SequenceMediator)
    fault_sequence: SequenceMediator | None = grammar.child("faultSequence", SequenceMediator)
    endpoint: Endpoint | None = grammar.endpoint()

    def check(self) -> None:
        if not (self.in_sequence_name or self.in_sequence or self.endpoint_name or self.endpoint):
            raise GrammarError("Target of the proxy service must declare either an inSequence or endpoint or both")


PROXY_ATTRIBUTES: Final = frozenset(
    {"name", "transports", "startOnLoad", "pinnedServers", "serviceGroup", "statistics", "trace", "traceFilter"}
)
PROXY_CHILDREN: Final = frozenset(
    {"description", "target", "publishWSDL", "policy", "parameter", "enableAddressing", "enableSec", "enableRM"}
)
WITHOUT_EFFECT: Final = frozenset({"policy", "enableAddressing", "enableRM"})


@artifact("proxy")
def read_proxy(element: etree._Element, compiler: Compiler) -> ProxyService:
    """
    Raises:
        ConfigurationError: it has no name, no target, or nothing that it could do.
    """
    name = element.get("name")
    if not name:
        raise GrammarError.missing("proxy", 'the attribute "name"', element.sourceline)
    for attribute in element.attrib:
        if not str(attribute).startswith("{") and attribute not in PROXY_ATTRIBUTES:
            compiler.warning(f'<proxy> does not know the attribute "{attribute}"; it is ignored', element)
    for part in elements(element):
        tag = local_name(part)
        if tag not in PROXY_CHILDREN:
            compiler.warning(f"<proxy> does not know the child <{tag}>; it is ignored", part)
        elif tag == "enableSec":
            # To serve it anyway would be to serve it unprotected.
            raise NotRunnable("<enableSec> of a proxy service", line=part.sourceline)
        elif tag in WITHOUT_EFFECT:
            compiler.warning(f"<{tag}> has no effect in this version", part, "proxy.without-effect")
    published = find(element, "publishWSDL")
    found = find(element, "target")
    if found is None:
        raise GrammarError.missing("proxy", "a child <target>", element.sourceline)
    target = Target.from_xml(found, compiler)
    if target.endpoint_name:
        compiler.refer("endpoint", target.endpoint_name, found)
    parameters = _parameters(element, compiler)
    files = _files(element, parameters, compiler)
    transports = _transports(element, compiler, files is not None)
    return ProxyService(
        name=name,
        in_sequence=_sequence(target.in_sequence_name, target.in_sequence, "main"),
        out_sequence=_sequence(target.out_sequence_name, target.out_sequence, "main"),
        fault_sequence=_sequence(target.fault_sequence_name, target.fault_sequence, "fault")
        or NamedSequence(None, "fault"),
        endpoint=IndirectEndpoint(target.endpoint_name) if target.endpoint_name else target.endpoint,
        transports=transports,
        start_on_load=_start_on_load(element, compiler),
        parameters=parameters,
        wrapper=_wrapper(element, parameters),
        files=files,
        wsdl=None if published is None else read_publish_wsdl(published, compiler),
        access=read_service_access(element, transports, compiler),
    )


def _sequence(
    name: str | None, inline: SequenceMediator | None, fallback: Literal["main", "fault"]
) -> SequenceMediator | NamedSequence | None:
    return NamedSequence(name, fallback) if name else inline


def _names_of_transports(element: etree._Element) -> frozenset[str]:
    """They are separated by commas or spaces; none at all means every transport."""
    return frozenset((element.get("transports") or "").replace(",", " ").split())


def _files(element: etree._Element, parameters: Mapping[str, str], compiler: Compiler) -> PolledFiles | None:
    names = _names_of_transports(element)
    if names and FILES not in names:
        return None
    return read_polled_files(parameters, lambda mistake: compiler.warning(mistake, element, "proxy.transport"))


def _transports(element: etree._Element, compiler: Compiler, has_files: bool) -> frozenset[str]:
    names = _names_of_transports(element)
    if not names:
        return RUNNING_TRANSPORTS
    for name in sorted(names - RUNNING_TRANSPORTS - ({FILES} if has_files else set())):
        compiler.warning(
            f'transport "{name}" of the proxy service does not run in this version', element, "proxy.transport"
        )
    return names & RUNNING_TRANSPORTS


def _start_on_load(element: etree._Element, compiler: Compiler) -> bool:
    text = element.get("startOnLoad", "true")
    try:
        return boolean(text)
    except ValueError as exc:
        compiler.warning(f'<proxy> startOnLoad "{text}" {exc}; it counts as true', element)
        return True


def _wrapper(element: etree._Element, parameters: Mapping[str, str]) -> str | None:
    name = parameters.get(WRAPPER)
    if name is None:
        return None
    try:
        return etree.QName(name).text
    except ValueError:
        raise GrammarError(f'{WRAPPER} "{name}" is not the name of an element', element.sourceline) from None


def _parameters(element: etree._Element, compiler: Compiler) -> dict[str, str]:
    parameters = {}
    for part in elements(element):
        if local_name(part) == "parameter":
            name = part.get("name", "")
            parameters[name] = "".join(str(text) for text in part.itertext()).strip()
            if part.get("key") is not None:
                compiler.error(NotRunnable(f'parameter "{name}" with a registry key'), part)
    return parameters
