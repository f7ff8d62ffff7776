"""HTML forms as XML and back: URL-encoded and multipart."""

from __future__ import annotations

import base64
import secrets
from email.message import Message
from email.parser import BytesParser
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlencode

from lxml import etree

from mediation.errors import PayloadError

from .json_xml import decode_name, encode_name
from .media_types import charset, codec, decode, media_type, parameter
from .xml import whole_text

FORM_ROOT: Final = "xformValues"
MULTIPART_ROOT: Final = "mediate"
_MAX_PARTS: Final = 1000


class Part(NamedTuple):
    headers: Message
    content: bytes


def read_form(raw: bytes | str, content_type: str | None) -> etree._Element:
    """``a=1&b=2`` as ``<xformValues><a>1</a><b>2</b></xformValues>``; names are encoded as in JSON."""
    text = decode(raw, content_type).strip()
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, encoding=codec(charset(content_type) or "utf-8"), max_num_fields=_MAX_PARTS
        )
    except ValueError as exc:
        raise PayloadError(f"a form with more than {_MAX_PARTS} fields") from exc
    root = etree.Element(FORM_ROOT)
    for name, value in pairs:
        _add(root, name, value)
    return root


def read_multipart_form(raw: bytes | str, content_type: str | None) -> etree._Element:
    """Fields as elements of ``<mediate>``; the content of a file is base64 text."""
    root = etree.Element(MULTIPART_ROOT)
    for part in read_parts(raw, content_type):
        name = part.headers.get_param("name", header="content-disposition")
        if not isinstance(name, str):
            continue
        if part.headers.get_filename() is None:
            _add(root, name, decode(part.content, part.headers.get("content-type")))
        else:
            _add(root, name, base64.b64encode(part.content).decode())
    return root


def read_parts(raw: bytes | str, content_type: str | None) -> list[Part]:
    """
    The parts of any multipart body (RFC 2046 5.1.1).

    Raises:
        PayloadError: no boundary, no part, or too many.
    """
    boundary = parameter(content_type, "boundary")
    if not boundary:
        raise PayloadError(f"{media_type(content_type)} needs a boundary in its content type")
    body = raw.encode() if isinstance(raw, str) else raw
    delimiter = b"\r\n--" + boundary.encode()
    pieces = (b"\r\n" + body).split(delimiter, _MAX_PARTS + 1)
    parts: list[Part] = []
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            return parts
        head, _, content = piece.lstrip(b" \t").removeprefix(b"\r\n").partition(b"\r\n\r\n")
        parts.append(Part(BytesParser().parsebytes(head, headersonly=True), content))
    raise PayloadError("a multipart body without its closing boundary, or with too many parts")


def write_form(element: etree._Element) -> str:
    """The element's children as ``name=value``, joined by ``&``."""
    return urlencode(_fields(element))


def write_multipart_form(element: etree._Element) -> tuple[bytes, str]:
    """The element's children as parts.

    Returns:
        The body and its boundary.
    """
    boundary = f"boundary-{secrets.token_hex(16)}"
    lines = []
    for name, value in _fields(element):
        quoted = name.replace("\\", "\\\\").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        lines += [f"--{boundary}", f'Content-Disposition: form-data; name="{quoted}"', "", value]
    lines += [f"--{boundary}--", ""]
    return "\r\n".join(lines).encode(), boundary


def _fields(element: etree._Element) -> list[tuple[str, str]]:
    return [(decode_name(etree.QName(child).localname), whole_text(child)) for child in element.iterchildren("*")]


def _add(parent: etree._Element, name: str, value: str) -> None:
    try:
        etree.SubElement(parent, encode_name(name)).text = value
    except ValueError as exc:
        raise PayloadError(f'the form field "{name}" holds a character that XML does not have') from exc
