"""WS-Addressing: what the header blocks of a SOAP message say about its addresses, and how they come to be there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from lxml import etree

from mediation.errors import PayloadError

from .media_types import SOAP12, TEXT_XML
from .soap import header_of

if TYPE_CHECKING:
    from .payload import Payload

FINAL: Final = "http://www.w3.org/2005/08/addressing"
SUBMISSION: Final = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
NAMESPACES: Final = frozenset({FINAL, SUBMISSION})
BACK: Final = f"{FINAL}/anonymous"
"""The address of an answer on its way to the client."""
ANONYMOUS: Final = frozenset({BACK, f"{SUBMISSION}/role/anonymous"})
"""Addresses that mean *the other end of this connection*."""


class Addressing(NamedTuple):
    """The values of a message's addressing headers; ``None`` for those that it does not have."""

    to: str | None = None
    from_: str | None = None
    reply_to: str | None = None
    fault_to: str | None = None
    relates_to: str | None = None
    action: str | None = None
    message_id: str | None = None


_FIELDS: Final = {
    "To": "to",
    "From": "from_",
    "ReplyTo": "reply_to",
    "FaultTo": "fault_to",
    "RelatesTo": "relates_to",
    "Action": "action",
    "MessageID": "message_id",
}

_REFERENCES: Final = frozenset({"From", "ReplyTo", "FaultTo"})
"""Headers that hold an endpoint reference."""


def read_addressing(payload: Payload) -> Addressing:
    """
    Read the addressing headers. Parses the body only if it is SOAP in which their namespace occurs.

    A body that cannot be parsed has none here: whoever needs its content learns why.
    """
    if payload.media_type not in (TEXT_XML, SOAP12) or not _mentions_addressing(payload.raw):
        return Addressing()
    try:
        header = payload.header
    except PayloadError:
        return Addressing()
    found: dict[str, str] = {}
    for block in header if header is not None else ():
        if isinstance(block.tag, str):
            name = etree.QName(block)
            value = _value(block)
            if name.namespace in NAMESPACES and name.localname in _FIELDS and value:
                # The first one counts: WS-Addressing 1.0 SOAP Binding 6.4.1 allows no second.
                found.setdefault(_FIELDS[name.localname], value)
    return Addressing(**found)


def write_addressing(payload: Payload, said: Addressing, namespace: str = FINAL) -> None:
    """
    Put addressing headers into a SOAP message, in place of those that it has.

    Args:
        said: ``None`` leaves a header out.
        namespace: :data:`FINAL` or :data:`SUBMISSION`.

    Raises:
        PayloadError: the body is not what its content type says.
    """
    envelope = payload.envelope
    header = header_of(envelope)
    if header is None:
        header = etree.Element(f"{str(envelope.tag).removesuffix('Envelope')}Header")
        envelope.insert(0, header)
    for block in [block for block in header if isinstance(block.tag, str)]:
        if etree.QName(block).namespace in NAMESPACES:
            header.remove(block)
    for name, field in _FIELDS.items():
        value = getattr(said, field)
        if value is None:
            continue
        block = etree.SubElement(header, f"{{{namespace}}}{name}", nsmap={"wsa": namespace})
        if name in _REFERENCES:
            block = etree.SubElement(block, f"{{{namespace}}}Address")
        block.text = value
    payload.changed()


def _mentions_addressing(raw: bytes | str | None) -> bool:
    return isinstance(raw, bytes) and b"/addressing" in raw


def _value(block: etree._Element) -> str:
    """The text, or the address inside an endpoint reference."""
    address = next((child for child in block if isinstance(child.tag, str) and _is_address(child)), block)
    return (address.text or "").strip()


def _is_address(element: etree._Element) -> bool:
    name = etree.QName(element)
    return name.localname == "Address" and name.namespace in NAMESPACES
