"""``<address>``: an endpoint with a fixed address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from mediation.endpoints.file import FileEndpoint, file_endpoint, names_file
from mediation.endpoints.leaf import Leaf
from mediation.endpoints.settings import NO_SETTINGS, Settings, check_scheme, read_settings
from mediation.endpoints.suspension import Suspension
from mediation.errors import GrammarError, InvalidAddress
from mediation.message import MessageContext
from mediation.properties import REST_URL_POSTFIX
from mediation.transports.addresses import without_user

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler
    from mediation.endpoints.leaf import EndpointProperty

PLACEHOLDER: Final = re.compile(r"\$\{([^}]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AddressEndpoint(Leaf):
    """
    An endpoint with a fixed address.

    ::

        <endpoint name="chat"><address uri="ws://localhost:8082/websocket"/></endpoint>

    ``${name}`` in the address is replaced by the default-scope property of that name, if the message has it. What
    followed the proxy service's name in the path of a REST request (``REST_URL_POSTFIX``) is appended.
    """

    address: str
    is_dynamic: bool
    comes_from_message: bool = False

    @property
    def is_named_by_messages(self) -> bool:
        return self.comes_from_message or (self.is_dynamic and not has_fixed_host(self.address, "$"))

    @property
    def address_text(self) -> str:
        return self.address

    def uri(self, ctx: MessageContext) -> str:
        address = self.address
        if self.is_dynamic:
            address = PLACEHOLDER.sub(lambda match: str(ctx.properties.get(match[1], match[0])), address)
        return with_postfix(address, ctx, self.settings.options.format)


def has_fixed_host(address: str, placeholder: str) -> bool:
    """Whether everything up to the path stands in the configuration; what follows cannot lead to another host."""
    before, slash, _ = address.partition("://")[2].partition("/")
    return bool(slash) and placeholder not in before and placeholder not in address.partition("://")[0]


def with_postfix(address: str, ctx: MessageContext, format_: str | None) -> str:
    """
    ``/sub?x=y`` of a REST request behind an address, joined by exactly one slash; a mere query goes directly behind.

    A SOAP message goes to the address as it is: what it wants is in the message.

    Raises:
        InvalidAddress: it leads out of the path of the address.
    """
    postfix = ctx.axis2.get(REST_URL_POSTFIX)
    if not postfix:
        return address
    postfix = str(postfix)
    if format_ in ("soap11", "soap12") or (format_ is None and ctx.soap_media_type is not None):
        return address
    if postfix.startswith("?"):
        return address + postfix
    if ("." in postfix or "%" in postfix) and _climbs(postfix.partition("?")[0]):
        raise InvalidAddress(postfix, f"it leads out of {address}")
    return f"{address.rstrip('/')}/{postfix.lstrip('/')}"


def _climbs(path: str) -> bool:
    """Whether a back-end could take it for a path above the one that it is appended to, escaped dots included."""
    depth = 0
    for segment in unquote(unquote(path)).replace("\\", "/").split("/"):
        # "..;x" is ".." for some.
        name = segment.partition(";")[0]
        depth += -1 if name == ".." else 0 if name in ("", ".") else 1
        if depth < 0:
            return True
    return False


def read_address(
    element: etree._Element, compiler: Compiler, name: str, properties: tuple[EndpointProperty, ...]
) -> AddressEndpoint | FileEndpoint:
    """
    Raises:
        ConfigurationError: there is no address, or one that nothing here can reach.
    """
    address = (element.get("uri") or "").strip()
    if not address:
        raise GrammarError.missing("address", 'the attribute "uri"', element.sourceline)
    if names_file(address):
        return file_endpoint(name, address, read_settings(element, compiler), properties, element)
    check_scheme(address, element)
    return address_endpoint(name, address, read_settings(element, compiler), properties)


def address_endpoint(
    name: str,
    address: str,
    settings: Settings = NO_SETTINGS,
    properties: tuple[EndpointProperty, ...] = (),
    *,
    comes_from_message: bool = False,
) -> AddressEndpoint:
    """
    Args:
        comes_from_message: a message has named the address, and not the configuration.
    """
    return AddressEndpoint(
        name=name,
        kind="Address",
        settings=settings,
        suspension=Suspension(f"{name} with address {without_user(address)}"),
        properties=properties,
        address=address,
        is_dynamic=bool(PLACEHOLDER.search(address)),
        comes_from_message=comes_from_message,
    )
