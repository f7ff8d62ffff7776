"""Builders: from a raw body to a SOAP envelope, by media type (``docs/compatibility.md``, content types)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final, NamedTuple

from lxml import etree

from mediation.errors import PayloadError, XmlError

from . import media_types
from .forms import read_form, read_multipart_form
from .json_text import loads
from .json_xml import json_to_xml
from .media_types import charset, decode, is_binary_type, is_json_type, is_xml_type, media_type
from .related import RELATED, Attachment, include, read_package
from .soap import SoapVersion, body_of, envelope_version, wrap
from .xml import PAYLOAD_NS, parse_xml

TEXT_WRAPPER: Final = f"{{{PAYLOAD_NS}}}text"
BINARY_WRAPPER: Final = f"{{{PAYLOAD_NS}}}binary"


class Built(NamedTuple):
    """
    A body in its envelope.

    ``version`` says what the message was: one that is not SOAP ("pox") sits in a SOAP 1.1 envelope that never leaves.
    """

    envelope: etree._Element
    version: SoapVersion
    attachments: tuple[Attachment, ...] = ()


Builder = Callable[[bytes | str, str | None], Built]


def build(raw: bytes | str, content_type: str | None, wrapper: str | None = None) -> Built:
    """
    Build a body that is not blank. A type that nobody knows is taken for XML, as the originals do.

    Args:
        wrapper: tag of the element that text and binary content get, in place of the usual ones.

    Raises:
        PayloadError: the body is not what its content type says.
    """
    builder = _builder(media_type(content_type)) or _build_xml
    built = builder(raw, content_type)
    if wrapper is not None and builder in (_build_text, _build_binary):
        _rename_content(body_of(built.envelope), wrapper)
    return built


def _rename_content(body: etree._Element, tag: str) -> None:
    content = body[0]
    namespace = etree.QName(tag).namespace
    renamed = etree.SubElement(body, tag, nsmap={None: namespace} if namespace else None)
    renamed.text = content.text
    body.remove(content)


def is_known(content_type: str | None) -> bool:
    """Whether there is a builder for this type."""
    return _builder(media_type(content_type)) is not None


def _builder(media: str | None) -> Builder | None:
    if media in _BUILDERS:
        return _BUILDERS[media]
    if is_json_type(media):
        return _build_json
    if is_xml_type(media):
        return _build_xml
    return _build_binary if is_binary_type(media) else None


def _parse(raw: bytes | str, content_type: str | None) -> etree._Element:
    try:
        # RFC 7303 3: a charset parameter outweighs the XML declaration.
        return parse_xml(decode(raw, content_type) if charset(content_type) else raw)
    except XmlError as exc:
        raise PayloadError("Error while building Passthrough stream", detail=str(exc)) from exc


def _build_xml(raw: bytes | str, content_type: str | None) -> Built:
    root = _parse(raw, content_type)
    version = envelope_version(root)
    if version is None:
        return Built(wrap(root), "pox")
    body_of(root)
    return Built(root, version)


def _build_soap12(raw: bytes | str, content_type: str | None) -> Built:
    built = _build_xml(raw, content_type)
    if built.version == "pox":
        raise PayloadError(f"{media_type(content_type)} needs a SOAP Envelope as its first element")
    return built


def _build_json(raw: bytes | str, content_type: str | None) -> Built:
    return Built(wrap(json_to_xml(loads(decode(raw, content_type)))), "pox")


def _build_text(raw: bytes | str, content_type: str | None) -> Built:
    return Built(wrap(text_wrapper(decode(raw, content_type))), "pox")


def _build_binary(raw: bytes | str, content_type: str | None) -> Built:
    return Built(wrap(binary_wrapper(raw.encode() if isinstance(raw, str) else raw)), "pox")


def _build_form(raw: bytes | str, content_type: str | None) -> Built:
    return Built(wrap(read_form(raw, content_type)), "pox")


def _build_multipart_form(raw: bytes | str, content_type: str | None) -> Built:
    return Built(wrap(read_multipart_form(raw, content_type)), "pox")


def _build_multipart_related(raw: bytes | str, content_type: str | None) -> Built:
    root, attachments = read_package(raw, content_type)
    built = _build_xml(root.content, root.headers.get("content-type"))
    include(built.envelope, attachments)
    return Built(built.envelope, built.version, attachments)


def text_wrapper(text: str) -> etree._Element:
    """
    Raises:
        PayloadError: a character that XML does not have.
    """
    element = etree.Element(TEXT_WRAPPER, nsmap={None: PAYLOAD_NS})
    try:
        element.text = text
    except ValueError as exc:
        raise PayloadError("the text holds a character that XML does not have") from exc
    return element


def binary_wrapper(content: bytes) -> etree._Element:
    element = etree.Element(BINARY_WRAPPER, nsmap={None: PAYLOAD_NS})
    element.text = base64.b64encode(content).decode()
    return element


_BUILDERS: Final[dict[str | None, Builder]] = {
    media_types.TEXT_XML: _build_xml,
    media_types.XML: _build_xml,
    media_types.SOAP12: _build_soap12,
    media_types.JSON: _build_json,
    media_types.TEXT: _build_text,
    media_types.BINARY: _build_binary,
    media_types.FORM: _build_form,
    media_types.MULTIPART_FORM: _build_multipart_form,
    RELATED: _build_multipart_related,
}
