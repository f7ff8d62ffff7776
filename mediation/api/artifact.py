"""The artifact ``<api>``."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

from mediation.access import AccessRules
from mediation.errors import ConfigurationError, GrammarError, NotRunnable
from mediation.grammar import artifact, elements, find, integer, local_name
from mediation.identity import BASIC

from .cors import Cors, read_cors_handler
from .resource import ApiService, Resource, names, schemes

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler

DEFAULT_BINDING: Final = "default"
"""In ``binds-to``: the ports of the server itself, not those of an inbound endpoint."""


@dataclass(frozen=True, slots=True)
class Api:
    """
    A REST API at a path of its own.

    ::

        <api name="orders" context="/orders" version="1.0" version-type="url">
            <resource methods="GET" uri-template="/{id}">
                <inSequence>...</inSequence>
            </resource>
        </api>

    ``name`` and ``context`` are required. Further attributes: ``hostname``, ``port``, ``version`` with ``version-type``
    (``url`` or ``context``), ``transports`` (``http`` or ``https``) and ``binds-to`` (names of inbound endpoints, or
    ``default``).

    Attributes:
        name: with its version: ``orders:v1.0``.
        context: what its paths begin with, without a trailing slash; empty for ``/``.
        version: ``""`` if it has none.
        version_type: ``url``: the version follows the context; ``context``: it is part of it; or ``""``.
        host: the ``Host`` that it answers to, without a port; ``None`` for all.
        port: that of the ``Host`` field; ``None`` for all.
        schemes: ``http``, ``https`` or both.
        binds_to: inbound endpoints by name, or ``default``.
        resources: with the services that messages for them run through, in order.
        cors: ``None`` for the server's.
        access: who may call it.
        swagger: key of the OpenAPI document that it publishes; ``None`` for a generated one.
    """

    name: str
    context: str
    version: str
    version_type: str
    host: str | None
    port: int | None
    schemes: frozenset[str]
    binds_to: frozenset[str]
    resources: tuple[tuple[Resource, ApiService], ...]
    cors: Cors | None
    access: AccessRules
    swagger: str | None = None

    @property
    def prefix(self) -> str:
        """What is cut from a path to get that of the resource."""
        return f"{self.context}/{self.version}" if self.version_type == "url" else self.context


OPEN: Final = AccessRules()
BASIC_ONLY: Final = AccessRules(schemes=(BASIC,))

API_ATTRIBUTES: Final = frozenset(
    {
        *("name", "context", "hostname", "port", "version", "version-type", "version-param", "transports", "binds-to"),
        *("publishSwagger", "validateSchema", "description", "statistics", "trace"),
    }
)
API_CHILDREN: Final = frozenset({"resource", "handlers", "description"})


@artifact("api")
def read_api(element: etree._Element, compiler: Compiler) -> Api:
    """
    Raises:
        ConfigurationError: its attributes or resources do not make an API.
    """
    for name in element.attrib:
        if not str(name).startswith("{") and name not in API_ATTRIBUTES:
            compiler.warning(f'<api> does not know the attribute "{name}"; it is ignored', element)
    for part in elements(element):
        if local_name(part) not in API_CHILDREN:
            compiler.warning(f"<api> does not know the child <{local_name(part)}>; it is ignored", part)
    name, context = _required(element, "name"), _required(element, "context")
    if not context.startswith("/"):
        raise GrammarError("API context must begin with '/' character", element.sourceline)
    version, version_type = _version(element)
    context = context.rstrip("/")
    if version_type == "context":
        context = context.replace("{version}", version)
    if element.get("publishSwagger"):
        compiler.refer("localEntry", element.get("publishSwagger", ""), element)
    if element.get("validateSchema", "").lower() == "true":
        raise NotRunnable("validateSchema of an API", "use the mediator <validate>", line=element.sourceline)
    full_name = name_of_api(element)
    binds_to = names(element.get("binds-to", "")) or frozenset({DEFAULT_BINDING})
    for name in sorted(binds_to - {DEFAULT_BINDING}):
        compiler.refer("inboundEndpoint", name, element)
    resources = _resources(element, compiler)
    cors, access = _handlers(element, compiler)
    return Api(
        name=full_name,
        context=context,
        version=version,
        version_type=version_type,
        host=element.get("hostname") or None,
        port=_port(element),
        schemes=schemes(element.get("transports", "")),
        binds_to=binds_to,
        resources=tuple((resource, resource.service(full_name, context, access)) for resource in resources),
        cors=cors,
        access=access,
        swagger=element.get("publishSwagger") or None,
    )


def name_of_api(element: etree._Element) -> str:
    """With its version, if it has one: several versions are several APIs. ``""`` if it has no name."""
    name, version = element.get("name", ""), element.get("version")
    return f"{name}:v{version}" if name and version and element.get("version-type") else name


def _required(element: etree._Element, name: str) -> str:
    value = element.get(name)
    if not value:
        raise GrammarError(f"Attribute '{name}' is required for an API definition", element.sourceline)
    return value


def _version(element: etree._Element) -> tuple[str, str]:
    version, version_type = element.get("version", ""), element.get("version-type", "").strip()
    if version and not version_type:
        raise GrammarError("Attribute 'version-type' is required for an API definition", element.sourceline)
    if version_type not in ("", "url", "context"):
        raise GrammarError.choice("api", "version-type", version_type, ("url", "context"), element.sourceline)
    return version if version_type else "", version_type if version else ""


def _port(element: etree._Element) -> int | None:
    text = element.get("port")
    if not text:
        return None
    try:
        port = integer(text)
    except ValueError as exc:
        raise GrammarError(f'<api> port "{text}" {exc}', element.sourceline) from exc
    return None if port == -1 else port


def _resources(element: etree._Element, compiler: Compiler) -> list[Resource]:
    resources = []
    found = [part for part in elements(element) if local_name(part) == "resource"]
    if not found:
        raise GrammarError("An API must contain at least one resource definition", element.sourceline)
    for part in found:
        try:
            resources.append(Resource.from_xml(part, compiler))
        except ConfigurationError as exc:
            compiler.error(exc, part)
    for one, other in combinations(resources, 2):
        if one.is_default and other.is_default:
            raise GrammarError("Only one resource can be designated as default", other.line)
        if one.mapping == other.mapping and set(one.methods) & set(other.methods):
            raise GrammarError("Two resources cannot have the same path mapping and methods", other.line)
    return resources


def _handlers(element: etree._Element, compiler: Compiler) -> tuple[Cors | None, AccessRules]:
    """Those of the originals that are built in, by their simple names: packages differ between products."""
    cors, access = None, OPEN
    handlers = find(element, "handlers")
    for handler in () if handlers is None else elements(handlers):
        name = handler.get("class", "")
        match name.rpartition(".")[2]:
            case "CORSRequestHandler":
                cors = read_cors_handler(handler)
            case "RESTBasicAuthHandler":
                access = BASIC_ONLY
                if element.get("transports") != "https":
                    message = 'passwords travel in clear text over http; transports="https", or a TLS proxy'
                    compiler.warning(message, handler, "api.clear-text")
            case _:
                # To serve the API without it may be to serve it unprotected.
                compiler.error(NotRunnable(f"the API handler {name}", line=handler.sourceline), handler)
    return cors, access
