"""``<default>``: an endpoint that takes messages to their own ``To`` address."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mediation.endpoints.leaf import Leaf
from mediation.endpoints.settings import Settings, read_settings
from mediation.endpoints.suspension import Policy, Suspension, SuspensionPolicy
from mediation.errors import EndpointNotReady
from mediation.message import MessageContext
from mediation.payloads.addressing import ANONYMOUS
from mediation.transports import Answer

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler
    from mediation.endpoints.leaf import EndpointProperty


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DefaultEndpoint(Leaf):
    """
    An endpoint that takes messages to their own ``To`` address, set by ``<header name="To" .../>``.

    ::

        <endpoint><default format="soap11"/></endpoint>
    """

    @property
    def is_named_by_messages(self) -> bool:
        return True

    @property
    def address_text(self) -> str:
        return ""

    def uri(self, ctx: MessageContext) -> str:
        if not ctx.to or ctx.to in ANONYMOUS:
            raise EndpointNotReady('send: the message has no To address; set one with <header name="To" .../>')
        return ctx.to


def read_default(
    element: etree._Element, compiler: Compiler, name: str, properties: tuple[EndpointProperty, ...]
) -> DefaultEndpoint:
    return DefaultEndpoint(
        name=name,
        kind="Default",
        settings=read_settings(element, compiler),
        suspension=Suspension(f"{name}"),
        properties=properties,
    )


_TO_ADDRESS = DefaultEndpoint(
    name="To",
    kind="Default",
    # Messages to different addresses share this one, so the failure of one must not stop the others.
    settings=Settings(
        policy=Policy(SuspensionPolicy(declared=True, mark_codes=frozenset({-1}), suspend_codes=frozenset({-1})))
    ),
    suspension=Suspension("To"),
    properties=(),
)


def send_to_address(ctx: MessageContext) -> Answer | Awaitable[Answer | None] | None:
    """
    Deliver a message to its ``To`` address, for ``<send/>`` and ``<call/>`` without an endpoint.

    Raises:
        EndpointError: there is no address, or no way to it.
    """
    return _TO_ADDRESS.send(ctx)
