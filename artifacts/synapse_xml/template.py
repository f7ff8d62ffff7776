"""``<template>``: what its row shows beside the XML."""

from dataclasses import dataclass

from lxml import etree

from mediation.grammar import elements, find, local_name

from .edit import set_attribute


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    """
    Facts of a template.

    Attributes:
        template_kind: ``sequence`` or ``endpoint``, whichever it holds; empty if neither. Read only.
        parameters: names with commas in between. Read only.
    """

    name: str
    template_kind: str = ""
    on_error: str = ""
    parameters: str = ""


def read_template(element: etree._Element) -> TemplateFacts:
    names = [part.get("name", "") for part in elements(element) if local_name(part) == "parameter"]
    return TemplateFacts(
        name=element.get("name", ""),
        template_kind=next((tag for tag in ("sequence", "endpoint") if find(element, tag) is not None), ""),
        on_error=element.get("onError", ""),
        parameters=", ".join(names),
    )


def write_template(element: etree._Element, facts: TemplateFacts) -> None:
    set_attribute(element, "name", facts.name)
    set_attribute(element, "onError", facts.on_error)
