"""``<endpoint>``: what its row shows beside the XML."""

from dataclasses import dataclass
from typing import Final

from lxml import etree

from mediation.grammar import find

from .edit import set_attribute

CHILD_KINDS: Final = (
    "address",
    "wsdl",
    "default",
    "loadbalance",
    "dynamicLoadbalance",
    "serviceDynamicLoadbalance",
    "failover",
    "recipientlist",
    "http",
    "class",
)
"""In the order in which an endpoint's kind is decided (``docs/compatibility.md``, endpoints)."""

ADDRESS_ATTRIBUTES: Final = {"address": "uri", "http": "uri-template", "wsdl": "uri"}


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    """
    Facts of a named endpoint.

    Attributes:
        endpoint_kind: ``indirect`` (by key), ``resolving`` (by key expression), ``template``, or the name of the child
            that says what it is; empty if nothing does. Read only.
        address: URL or URL template; of an indirect endpoint the key.
        method: of an ``http`` endpoint.
    """

    name: str
    endpoint_kind: str = ""
    address: str = ""
    method: str = ""


def read_endpoint(element: etree._Element) -> EndpointFacts:
    place, attribute = _address(element)
    http = find(element, "http")
    kind = _kind(element)
    return EndpointFacts(
        name=element.get("name", ""),
        endpoint_kind=kind,
        address=place.get(attribute, "") if place is not None else "",
        method=http.get("method", "") if http is not None and kind == "http" else "",
    )


def write_endpoint(element: etree._Element, facts: EndpointFacts) -> None:
    set_attribute(element, "name", facts.name)
    place, attribute = _address(element)
    if place is not None:
        set_attribute(place, attribute, facts.address)
    http = find(element, "http")
    if http is not None and _kind(element) == "http":
        set_attribute(http, "method", facts.method)


def _kind(element: etree._Element) -> str:
    for attribute, kind in (("key", "indirect"), ("key-expression", "resolving"), ("template", "template")):
        if element.get(attribute) is not None:
            return kind
    return next((tag for tag in CHILD_KINDS if find(element, tag) is not None), "")


def _address(element: etree._Element) -> tuple[etree._Element | None, str]:
    """The element and attribute that hold the address, if this kind of endpoint has one."""
    kind = _kind(element)
    own = {"indirect": "key", "resolving": "key-expression", "template": "uri"}
    if kind in own:
        return element, own[kind]
    if kind in ADDRESS_ATTRIBUTES:
        return find(element, kind), ADDRESS_ATTRIBUTES[kind]
    return None, ""
