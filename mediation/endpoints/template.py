"""``<endpoint template="...">``: an endpoint template with its parameters filled in."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mediation.endpoints.indirect import Reference
from mediation.errors import ConfigurationError, EndpointError, EndpointNotFound, GrammarError
from mediation.grammar import elements, local_name
from mediation.message import MessageContext

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler
    from mediation.endpoints import Endpoint
    from mediation.endpoints.leaf import Leaf


@dataclass(slots=True)
class _Filled:
    """The endpoint that was made last, and the template's element that it was made of."""

    source: etree._Element | None = None
    endpoint: Endpoint | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateEndpoint(Reference):
    """
    An endpoint template with its parameters filled in.

    ::

        <endpoint name="stock" template="backend" uri="http://localhost:9000/stock">
            <parameter name="timeout" value="5000"/>
        </endpoint>

    ``$name``, ``$uri`` and the names of the parameters, each behind a ``$``, are replaced in the texts and attributes
    of the template. That is done once, when the first message comes, and again when the template has changed.
    """

    template: str
    values: Mapping[str, str]
    filled: _Filled = field(default_factory=_Filled, repr=False)

    def resolve(self, ctx: MessageContext) -> Endpoint:
        """
        Raises:
            EndpointNotFound: there is no endpoint template of that name.
            EndpointError: with these parameters it is no endpoint.
        """
        template = ctx.environment.deployed("template").get(self.template)
        source = getattr(template, "endpoint", None)
        if source is None:
            raise EndpointNotFound(self.template)
        if self.filled.source is not source:
            self.filled.endpoint = self._fill(source)
            self.filled.source = source
        assert self.filled.endpoint is not None
        return self.filled.endpoint

    def leaves(self) -> Iterator[Leaf]:
        """Those of the endpoint that was made; it belongs to this one alone."""
        return iter(()) if self.filled.endpoint is None else self.filled.endpoint.leaves()

    def _fill(self, source: etree._Element) -> Endpoint:
        from mediation.compiler import Compiler

        element = copy.deepcopy(source)
        _replace(element, self.values)
        try:
            return Compiler().endpoint(element)
        except ConfigurationError as exc:
            raise EndpointError(f"the endpoint template {self.template} cannot be used: {exc.message}", code=0) from exc


def _replace(root: etree._Element, values: Mapping[str, str]) -> None:
    # The longest first, so that $uri does not take the beginning of $uriPrefix.
    names = "|".join(re.escape(name) for name in sorted(values, key=len, reverse=True))
    parameter = re.compile(rf"\$({names})")

    def fill(text: str) -> str:
        return parameter.sub(lambda found: values[found[1]], text)

    for element in root.iter("*"):
        for name, value in element.attrib.items():
            element.set(name, fill(str(value)))
        if element.text:
            element.text = fill(element.text)


def read_template_endpoint(element: etree._Element, compiler: Compiler, name: str) -> TemplateEndpoint:
    """
    Raises:
        GrammarError: a parameter has no name or no value.
    """
    values = {"name": name}
    if element.get("uri") is not None:
        values["uri"] = element.get("uri", "")
    for part in elements(element):
        if local_name(part) == "parameter":
            parameter, value = part.get("name"), part.get("value")
            if not parameter or value is None:
                raise GrammarError.missing("parameter", 'the attributes "name" and "value"', part.sourceline)
            values[parameter] = value
    template = element.get("template", "")
    compiler.refer("template", template, element)
    return TemplateEndpoint(template=template, values=values)
