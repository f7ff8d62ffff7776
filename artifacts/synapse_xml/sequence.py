"""``<sequence>``: what its row shows beside the XML."""

from dataclasses import dataclass

from lxml import etree

from .edit import set_attribute


@dataclass(frozen=True, slots=True)
class SequenceFacts:
    name: str
    on_error: str = ""


def read_sequence(element: etree._Element) -> SequenceFacts:
    return SequenceFacts(name=element.get("name", ""), on_error=element.get("onError", ""))


def write_sequence(element: etree._Element, facts: SequenceFacts) -> None:
    set_attribute(element, "name", facts.name)
    set_attribute(element, "onError", facts.on_error)
