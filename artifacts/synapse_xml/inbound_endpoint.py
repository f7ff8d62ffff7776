"""``<inboundEndpoint>``: what its row shows beside the XML."""

from dataclasses import dataclass
from typing import Final

from lxml import etree

from mediation.grammar import elements, find, local_name

from .edit import append_child, content, read_flag, remove_child, set_attribute, set_content, set_flag

PORT_PARAMETERS: Final = ("inbound.ws.port", "inbound.http.port", "port")


@dataclass(frozen=True, slots=True)
class Parameter:
    """``<parameter name="...">value</parameter>``, or with ``key`` one whose value is stored elsewhere."""

    name: str
    value: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class InboundEndpointFacts:
    name: str
    protocol: str = ""
    sequence: str = ""
    on_error: str = ""
    suspended: bool = False
    parameters: tuple[Parameter, ...] = ()

    @property
    def port(self) -> int | None:
        """As it is written, without the offset; ``None`` if no parameter says it or it is no port."""
        values = {parameter.name: parameter.value for parameter in self.parameters}
        text = next((values[name] for name in PORT_PARAMETERS if name in values), "")
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else None


def read_inbound_endpoint(element: etree._Element) -> InboundEndpointFacts:
    return InboundEndpointFacts(
        name=element.get("name", ""),
        protocol=element.get("protocol", ""),
        sequence=element.get("sequence", ""),
        on_error=element.get("onError", ""),
        suspended=read_flag(element, "suspend", default=False),
        parameters=tuple(_read_parameter(part) for part in _parameter_elements(element)),
    )


def write_inbound_endpoint(element: etree._Element, facts: InboundEndpointFacts) -> None:
    """
    Raises:
        XmlError: a parameter held XML, and its new value is not well-formed.
    """
    set_attribute(element, "name", facts.name)
    set_attribute(element, "protocol", facts.protocol)
    set_attribute(element, "sequence", facts.sequence)
    set_attribute(element, "onError", facts.on_error)
    set_flag(element, "suspend", facts.suspended, default=False)
    _write_parameters(element, facts.parameters)


def parameter_line(element: etree._Element, *names: str) -> int | None:
    """The line of the first of these parameters that there is, else of the element."""
    places = {part.get("name", ""): part for part in _parameter_elements(element)}
    return next((places[name] for name in names if name in places), element).sourceline


def _parameter_elements(element: etree._Element) -> list[etree._Element]:
    parameters = find(element, "parameters")
    return [] if parameters is None else [part for part in elements(parameters) if local_name(part) == "parameter"]


def _read_parameter(part: etree._Element) -> Parameter:
    return Parameter(part.get("name", ""), content(part), part.get("key", ""))


def _write_parameters(element: etree._Element, wanted: tuple[Parameter, ...]) -> None:
    unused = _parameter_elements(element)
    unmatched = []
    for parameter in wanted:
        same = next((part for part in unused if part.get("name", "") == parameter.name), None)
        if same is None:
            unmatched.append(parameter)
        else:
            unused.remove(same)
            _write_parameter(same, parameter)
    # A parameter that is left over on both sides was renamed: it keeps its place and the comment before it.
    for parameter in unmatched:
        if unused:
            part = unused.pop(0)
        else:
            parameters = find(element, "parameters")
            part = append_child(append_child(element, "parameters") if parameters is None else parameters, "parameter")
        _write_parameter(part, parameter)
    for part in unused:
        remove_child(part)


def _write_parameter(part: etree._Element, parameter: Parameter) -> None:
    set_attribute(part, "name", parameter.name)
    set_attribute(part, "key", parameter.key)
    set_content(part, parameter.value)
