"""``<http>``: an endpoint whose address is a URI template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from uritemplate import URITemplate
from uritemplate.variable import VariableValue

from mediation.endpoints.address import with_postfix
from mediation.endpoints.leaf import Leaf
from mediation.endpoints.settings import check_scheme, read_settings
from mediation.endpoints.suspension import Suspension
from mediation.errors import GrammarError, NotRunnable
from mediation.message import MessageContext

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler
    from mediation.endpoints.leaf import EndpointProperty

METHODS: Final = frozenset({"get", "post", "put", "delete", "head", "patch", "options"})
VARIABLES: Final = ("uri.var.", "query.param.")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpEndpoint(Leaf):
    """
    An endpoint for REST services.

    ::

        <endpoint><http method="get" uri-template="http://localhost:9000/orders/{uri.var.id}{?query.param.page}"/></endpoint>

    The template (RFC 6570) sees the default-scope properties named ``uri.var.*`` and ``query.param.*``. A template
    that begins with ``{uri.var.x}`` takes a whole address from the property. With a ``method`` the request's own path
    postfix is not appended.
    """

    template: URITemplate

    @property
    def address_text(self) -> str:
        return self.template.uri

    def uri(self, ctx: MessageContext) -> str:
        address = self.template.uri
        if self.template.variables:
            values: dict[str, VariableValue] = {
                name: str(value) for name, value in ctx.properties.items() if name.startswith(VARIABLES)
            }
            address = self.template.expand(values)
        options = self.settings.options
        return address if options.method else with_postfix(address, ctx, options.format)


def read_http(
    element: etree._Element, compiler: Compiler, name: str, properties: tuple[EndpointProperty, ...]
) -> HttpEndpoint:
    """
    Raises:
        ConfigurationError: there is no template, an unknown method, or a scheme that nothing here can reach.
    """
    text = (element.get("uri-template") or "").strip()
    if not text:
        raise GrammarError.missing("http", 'the attribute "uri-template"', element.sourceline)
    if text.startswith("legacy-encoding:"):
        raise NotRunnable("legacy-encoding: in a URI template", line=element.sourceline)
    if text.startswith("{") and not text.startswith("{+"):
        text = "{+" + text[1:]  # a whole address from a variable is not to be escaped
    if not text.startswith("{"):
        check_scheme(text, element)
    method = (element.get("method") or "").strip().lower() or None
    if method is not None and method not in METHODS:
        raise GrammarError.choice("http", "method", method, sorted(METHODS), element.sourceline)
    return HttpEndpoint(
        name=name,
        kind="HTTP",
        settings=read_settings(element, compiler, method=method.upper() if method else None),
        suspension=Suspension(f"Endpoint : {name} with address {text}"),
        properties=properties,
        template=URITemplate(text),
    )
