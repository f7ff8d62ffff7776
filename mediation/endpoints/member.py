"""``<member>``: a back-end of a load-balanced endpoint, given by its host and ports alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from mediation.endpoints.leaf import Leaf
from mediation.endpoints.settings import Settings
from mediation.endpoints.suspension import Policy, Suspension, SuspensionPolicy
from mediation.errors import EndpointNotReady, GrammarError
from mediation.message import MessageContext
from mediation.payloads.addressing import ANONYMOUS
from mediation.properties import TRANSPORT_IN_NAME

if TYPE_CHECKING:
    from lxml import etree

PROBE_SECONDS: Final = 0.5
"""After which a member that failed is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MemberEndpoint(Leaf):
    """
    A back-end, given by its host and ports.

    ::

        <member hostName="localhost" httpPort="9001" httpsPort="9444"/>

    Messages keep the path of their ``To`` address, and the scheme that they came by.
    """

    host: str
    http_port: int | None
    https_port: int | None

    @property
    def address_text(self) -> str:
        return f"{self.host}:{self.http_port or self.https_port}"

    def uri(self, ctx: MessageContext) -> str:
        came_by = ctx.properties.get(TRANSPORT_IN_NAME)
        secure = self.http_port is None or (came_by == "https" and self.https_port is not None)
        if not ctx.to or ctx.to in ANONYMOUS:
            raise EndpointNotReady("send: the message has no To address whose path a member could get")
        to = urlsplit(ctx.to)
        target = f"/{to.path.lstrip('/')}" + (f"?{to.query}" if to.query else "")
        return (
            f"https://{self.host}:{self.https_port}{target}"
            if secure
            else f"http://{self.host}:{self.http_port}{target}"
        )


def read_member(element: etree._Element, group: str) -> MemberEndpoint:
    """
    Args:
        group: the name of the endpoint that it is a member of.

    Raises:
        GrammarError: there is no host or no port.
    """
    host = (element.get("hostName") or "").strip()
    ports = [_port(element, name) for name in ("httpPort", "httpsPort")]
    if not host or ports == [None, None]:
        raise GrammarError.missing(
            "member", 'the attributes "hostName" and "httpPort" or "httpsPort"', element.sourceline
        )
    return member_endpoint(group, host, *ports)


def member_endpoint(group: str, host: str, http_port: int | None, https_port: int | None) -> MemberEndpoint:
    """
    Args:
        group: the name of the endpoint that it is a member of.
    """
    return MemberEndpoint(
        name=f"{group} member {host}:{http_port or https_port}",
        kind="Address",
        settings=Settings(policy=Policy(SuspensionPolicy(declared=True, initial=PROBE_SECONDS))),
        suspension=Suspension(f"{group} member {host}"),
        properties=(),
        host=host,
        http_port=http_port,
        https_port=https_port,
    )


def _port(element: etree._Element, name: str) -> int | None:
    text = (element.get(name) or "").strip()
    if not text:
        return None
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise GrammarError(f'<member> {name} "{text}" is not a port', element.sourceline)
    return int(text)
