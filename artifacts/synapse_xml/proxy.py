"""``<proxy>``: what its row shows beside the XML."""

from dataclasses import dataclass

from lxml import etree

from mediation.grammar import find

from .edit import append_child, read_flag, set_attribute, set_flag


@dataclass(frozen=True, slots=True)
class ProxyServiceFacts:
    """
    Facts of a proxy service.

    Attributes:
        transports: names with commas in between; empty for all.
        in_sequence: the name that ``<target inSequence>`` gives; empty when the sequence is inline or missing.
        endpoint: the name, from the attribute or from ``<endpoint key>``.
    """

    name: str
    transports: str = ""
    start_on_load: bool = True
    in_sequence: str = ""
    out_sequence: str = ""
    fault_sequence: str = ""
    endpoint: str = ""


def read_proxy(element: etree._Element) -> ProxyServiceFacts:
    target = find(element, "target")
    attributes = {} if target is None else target.attrib
    return ProxyServiceFacts(
        name=element.get("name", ""),
        transports=_names(element.get("transports", "")),
        start_on_load=read_flag(element, "startOnLoad", default=True),
        in_sequence=attributes.get("inSequence", ""),
        out_sequence=attributes.get("outSequence", ""),
        fault_sequence=attributes.get("faultSequence", ""),
        endpoint="" if target is None else _endpoint(target),
    )


def write_proxy(element: etree._Element, facts: ProxyServiceFacts) -> None:
    if read_proxy(element) == facts:
        return
    set_attribute(element, "name", facts.name)
    if _names(element.get("transports", "")) != _names(facts.transports):
        set_attribute(element, "transports", _names(facts.transports))
    set_flag(element, "startOnLoad", facts.start_on_load, default=True)
    target = find(element, "target")
    if target is None:
        target = append_child(element, "target")
    set_attribute(target, "inSequence", facts.in_sequence)
    set_attribute(target, "outSequence", facts.out_sequence)
    set_attribute(target, "faultSequence", facts.fault_sequence)
    if _endpoint(target) != facts.endpoint:
        reference = find(target, "endpoint")
        if not target.get("endpoint") and reference is not None and reference.get("key"):
            set_attribute(reference, "key", facts.endpoint)
        else:
            set_attribute(target, "endpoint", facts.endpoint)


def _names(transports: str) -> str:
    return ",".join(transports.replace(",", " ").split())


def _endpoint(target: etree._Element) -> str:
    """The endpoint's name; an attribute goes before a child."""
    inline = find(target, "endpoint")
    return target.get("endpoint") or ("" if inline is None else inline.get("key", ""))
