"""
XML with attachments: ``multipart/related`` (RFC 2387) as MTOM and as SOAP with Attachments use it.

In MTOM, binary content lies in a part of its own, and ``<xop:Include href="cid:..."/>`` stands in its place. The
language sees the content itself, as Base64; it goes back into parts when the message leaves as MTOM.
"""

from __future__ import annotations

import base64
import copy
import secrets
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple
from urllib.parse import unquote

from lxml import etree

from mediation.errors import PayloadError

from .forms import Part, read_parts
from .media_types import parameter
from .xml import serialise

XOP_INCLUDE: Final = "{http://www.w3.org/2004/08/xop/include}Include"
RELATED: Final = "multipart/related"

Packaging = Literal["mtom", "swa"]


class Attachment(NamedTuple):
    """A part beside the XML. ``content_id`` is without brackets, and without ``cid:``."""

    content_id: str
    content_type: str
    content: bytes


class Package(NamedTuple):
    """The part with the XML, and the others."""

    root: Part
    attachments: tuple[Attachment, ...]


def read_package(raw: bytes | str, content_type: str | None) -> Package:
    """
    The root is the part that ``start`` names, else the first (RFC 2387 3.2).

    Raises:
        PayloadError: not a multipart body, or no root in it.
    """
    parts = read_parts(raw, content_type)
    start = _content_id(parameter(content_type, "start") or "")
    root = next((part for part in parts if not start or _content_id(part.headers.get("content-id", "")) == start), None)
    if root is None:
        raise PayloadError("a multipart body without its root part")
    return Package(root, tuple(_attachment(part) for part in parts if part is not root))


def _attachment(part: Part) -> Attachment:
    headers, content = part
    encoding = headers.get("content-transfer-encoding", "binary").strip().lower()
    try:
        content = base64.b64decode(content) if encoding == "base64" else content
    except ValueError as exc:
        raise PayloadError("an attachment is not the Base64 that it says it is") from exc
    media = headers.get("content-type", "application/octet-stream")
    return Attachment(_content_id(headers.get("content-id", "")), " ".join(media.split()), content)


def _content_id(text: str) -> str:
    return "".join(text.split()).removeprefix("<").removesuffix(">")  # a folded field has a line break


def include(root: etree._Element, attachments: Sequence[Attachment]) -> None:
    """
    Put the content of attachments where the tree refers to it.

    Raises:
        PayloadError: it refers to one that is not there.
    """
    by_id = {attachment.content_id: attachment.content for attachment in attachments}
    for reference in list(root.iter(XOP_INCLUDE)):
        href, parent = reference.get("href", ""), reference.getparent()
        content = by_id.get(unquote(href.removeprefix("cid:")))
        if content is None or parent is None:
            raise PayloadError(f"there is no attachment {href}")
        parent.remove(reference)
        parent.text = base64.b64encode(content).decode()


def write_package(
    envelope: etree._Element, attachments: Sequence[Attachment], packaging: Packaging, media: str
) -> tuple[bytes, str]:
    """
    Args:
        media: of the SOAP version.

    Returns:
        The body, and its Content-Type.
    """
    boundary, root_id = f"boundary-{secrets.token_hex(16)}", f"root-{secrets.token_hex(8)}@django-esb"
    if packaging == "mtom":
        envelope = copy.deepcopy(envelope)
        _exclude(envelope, attachments)
        root_type = f'application/xop+xml; charset=UTF-8; type="{media}"'
        content_type = f'type="application/xop+xml"; start="<{root_id}>"; start-info="{media}"'
    else:
        root_type = f"{media}; charset=UTF-8"
        content_type = f'type="{media}"; start="<{root_id}>"'
    written: list[bytes] = []
    for part in (Attachment(root_id, root_type, serialise(envelope, declaration=True)), *attachments):
        head = (
            f"--{boundary}\r\nContent-Type: {part.content_type}\r\nContent-Transfer-Encoding: binary\r\n"
            f"Content-ID: <{part.content_id}>\r\n\r\n"
        )
        written += (head.encode(), part.content, b"\r\n")
    written.append(f"--{boundary}--\r\n".encode())
    return b"".join(written), f'{RELATED}; boundary="{boundary}"; {content_type}'


def _exclude(envelope: etree._Element, attachments: Sequence[Attachment]) -> None:
    """Refer to an attachment wherever the tree holds its content."""
    by_content = {base64.b64encode(attachment.content).decode(): attachment.content_id for attachment in attachments}
    for element in envelope.iter("*"):
        content_id = by_content.get(element.text or "") if len(element) == 0 else None
        if content_id is not None:
            element.text = None
            etree.SubElement(element, XOP_INCLUDE, {"href": f"cid:{content_id}"}, nsmap={"xop": XOP_INCLUDE[1:-8]})
