"""What is said of attributes and children that an endpoint does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from mediation.grammar import COMMON_ATTRIBUTES, elements, local_name

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler


class Parts(NamedTuple):
    """What an element may have."""

    attributes: frozenset[str]
    children: frozenset[str]


def _parts(attributes: str, children: str) -> Parts:
    return Parts(frozenset(attributes.split()), frozenset(children.split()) | {"description"})


_LEAF: Final = """
enableAddressing enableSec enableRM authentication timeout markForSuspension suspendOnFailure suspendDurationOnFailure
retryConfig
"""

_KINDS: Final = """
address wsdl default http loadbalance failover recipientlist dynamicLoadbalance serviceDynamicLoadbalance class
"""

KNOWN: Final = {
    "endpoint": _parts(
        "name key key-expression template uri onError",
        f"{_KINDS} session property parameter",
    ),
    "address": _parts("uri format optimize encoding", _LEAF),
    "default": _parts("format optimize encoding", _LEAF),
    "wsdl": _parts("uri service port format optimize encoding", _LEAF),
    "http": _parts("uri-template method format optimize encoding", _LEAF),
    "failover": _parts("dynamic buildMessage", "endpoint"),
    "loadbalance": _parts("algorithm policy failover buildMessage", "endpoint member"),
    "dynamicLoadbalance": _parts("algorithm policy failover configuration", "membershipHandler"),
    "recipientlist": _parts("", "endpoint member endpoints"),
}


def remark_on_unknown(element: etree._Element, compiler: Compiler) -> None:
    """Warn of what is ignored, as the originals ignore it."""
    tag = local_name(element)
    known = KNOWN[tag]
    for name in element.attrib:
        if not str(name).startswith("{") and name not in known.attributes | COMMON_ATTRIBUTES:
            compiler.warning(f'<{tag}> does not know the attribute "{name}"; it is ignored', element)
    for part in elements(element):
        name = local_name(part)
        # An inline WSDL is of another namespace.
        if name not in known.children and not name.startswith("{"):
            compiler.warning(f"<{tag}> does not know the child <{name}>; it is ignored", part)
