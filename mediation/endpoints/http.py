"""``<http>``: an endpoint whose address is a URI template."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from mediation.endpoints.address import has_fixed_host, with_postfix
from mediation.endpoints.authentication import Authentication, read_authentication
from mediation.endpoints.leaf import Leaf
from mediation.endpoints.settings import check_scheme, read_settings
from mediation.endpoints.suspension import Suspension
from mediation.endpoints.uri_template import VARIABLES, UriTemplate
from mediation.errors import GrammarError
from mediation.message import MessageContext
from mediation.transports import Answer, SendOptions, Transport
from mediation.transports.addresses import without_user

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler
    from mediation.endpoints.leaf import EndpointProperty

METHODS: Final = frozenset({"get", "post", "put", "delete", "head", "patch", "options"})
LEGACY: Final = "legacy-encoding:"

_IN_PATH: Final = "/:@!$&'()*+,;="
_IN_QUERY: Final = _IN_PATH + "?"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HttpEndpoint(Leaf):
    """
    An endpoint for REST services.

    ::

        <endpoint><http method="get" uri-template="http://localhost:9000/orders/{uri.var.id}{?query.param.page}"/></endpoint>

    The template (RFC 6570) sees the default-scope properties named ``uri.var.*`` and ``query.param.*``. A template
    that begins with ``{uri.var.x}`` takes a whole address from the property. With a ``method`` the request's own path
    postfix is not appended.

    Values are escaped as RFC 6570 says. With ``legacy-encoding:`` in front of the template, what is escaped in them
    already is not escaped twice.
    """

    template: UriTemplate
    is_legacy: bool
    authentication: Authentication | None

    @property
    def is_named_by_messages(self) -> bool:
        return self.template.has_variables and not has_fixed_host(self.template.text, "{")

    @property
    def address_text(self) -> str:
        return self.template.text

    def uri(self, ctx: MessageContext) -> str:
        if self.is_legacy:
            plain = {name: unquote(str(value)) for name, value in ctx.properties.items() if name.startswith(VARIABLES)}
            address = _encoded_once(unquote(self.template.expand(plain)))
        else:
            address = self.template.expand(ctx.properties)
        options = self.settings.options
        return address if options.method else with_postfix(address, ctx, options.format)

    def deliver(
        self, transport: Transport, ctx: MessageContext, uri: str, options: SendOptions
    ) -> Answer | Awaitable[Answer | None] | None:
        if self.authentication is None:
            return transport.send(ctx, uri, options)
        return self.authentication.send(transport, ctx, uri, options)


def _encoded_once(address: str) -> str:
    """An address in which nothing is escaped, with what RFC 3986 wants escaped."""
    scheme, host, path, query, fragment = urlsplit(address)
    return urlunsplit((scheme, host, quote(path, _IN_PATH), quote(query, _IN_QUERY), quote(fragment, _IN_QUERY)))


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
    is_legacy = text.startswith(LEGACY)
    text = text.removeprefix(LEGACY)
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
        suspension=Suspension(f"{name} with address {without_user(text)}"),
        properties=properties,
        template=UriTemplate(text),
        is_legacy=is_legacy,
        authentication=read_authentication(element, compiler),
    )
