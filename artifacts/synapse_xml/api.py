"""``<api>``: what its row shows beside the XML."""

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from mediation.grammar import elements, local_name

from .edit import set_attribute


@dataclass(frozen=True, slots=True)
class ApiFacts:
    """
    Facts of a REST API.

    Attributes:
        version_type: ``url`` or ``context``; says where ``api_version`` stands in a path.
        resources: a line for each, such as ``GET POST /orders/{id}``. Read only.
    """

    name: str
    context: str = ""
    hostname: str = ""
    port: str = ""
    api_version: str = ""
    version_type: str = ""
    resources: str = ""


def read_api(element: etree._Element) -> ApiFacts:
    return ApiFacts(
        name=element.get("name", ""),
        context=element.get("context", ""),
        hostname=element.get("hostname", ""),
        port=element.get("port", ""),
        api_version=element.get("version", ""),
        version_type=element.get("version-type", ""),
        resources="\n".join(_resources(element)),
    )


def write_api(element: etree._Element, facts: ApiFacts) -> None:
    set_attribute(element, "name", facts.name)
    set_attribute(element, "context", facts.context)
    set_attribute(element, "hostname", facts.hostname)
    set_attribute(element, "port", facts.port)
    set_attribute(element, "version", facts.api_version)
    set_attribute(element, "version-type", facts.version_type)


def _resources(element: etree._Element) -> Iterator[str]:
    for resource in elements(element):
        if local_name(resource) == "resource":
            methods = " ".join(resource.get("methods", "").split()) or "any method"
            yield f"{methods} {resource.get('uri-template') or resource.get('url-mapping') or '/*'}"
