"""Formatters: from a payload to the body that leaves, by media type (``docs/compatibility.md``, content types)."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from mediation.errors import PayloadError

from .builders import BINARY_WRAPPER, TEXT_WRAPPER
from .forms import write_form, write_multipart_form
from .media_types import FORM, MULTIPART_FORM, SOAP12, TEXT, XML, codec, is_binary_type, is_json_type, is_xml_type
from .soap import in_version
from .xml import serialise, to_text

if TYPE_CHECKING:
    from .payload import Payload


def format_body(payload: Payload, media: str | None, as_rest: bool, encoding: str) -> tuple[bytes, dict[str, str]]:
    """
    Write a payload in a media type.

    Args:
        media: lower case, without parameters; SOAP, or the bare XML of a REST message, for ``None`` and unknown types.
        as_rest: write the first child of the Body where the type leaves the choice, not the envelope.
        encoding: the charset of textual bodies.

    Returns:
        The body, and parameters that its content type must have.

    Raises:
        PayloadError: the payload has no form in that type, or characters that the charset lacks.
    """
    if is_json_type(media):
        return encode(payload.json_text(), encoding), {}
    if media == TEXT:
        return encode(plain_text(payload), encoding), {}
    if is_binary_type(media):
        return _binary(payload), {}
    if media == FORM:
        return encode("" if payload.first_child is None else write_form(payload.first_child), encoding), {}
    if media == MULTIPART_FORM:
        if payload.first_child is None:
            return b"", {}
        body, boundary = write_multipart_form(payload.first_child)
        return body, {"boundary": boundary}
    return _xml(payload, media, as_rest, codec(encoding)), {}


def encode(text: str, encoding: str) -> bytes:
    """
    Raises:
        PayloadError: the charset is unknown or lacks a character.
    """
    try:
        return text.encode(codec(encoding))
    except UnicodeEncodeError as exc:
        raise PayloadError(f"the body has a character that {encoding} lacks") from exc


def plain_text(payload: Payload) -> str:
    """The text of the wrapper, or the element in it. A body that is no text is empty, as in the originals."""
    wrapper = payload.first_child
    if wrapper is None or wrapper.tag != TEXT_WRAPPER:
        return ""
    child = next(wrapper.iterchildren("*"), None)
    return (wrapper.text or "") if child is None else to_text(child)


def _binary(payload: Payload) -> bytes:
    wrapper = payload.first_child
    if wrapper is None:
        return b""
    if wrapper.tag != BINARY_WRAPPER:
        return serialise(wrapper)
    try:
        return base64.b64decode(wrapper.text or "")
    except binascii.Error as exc:
        raise PayloadError("the text of <binary> is not base64") from exc


def _xml(payload: Payload, media: str | None, as_rest: bool, encoding: str) -> bytes:
    if media == SOAP12:
        return serialise(in_version(payload.envelope, "soap12"), declaration=True, encoding=encoding)
    if as_rest or media == XML or (is_xml_type(media) and media != "text/xml"):
        return b"" if payload.first_child is None else serialise(payload.first_child, encoding=encoding)
    return serialise(in_version(payload.envelope, "soap11"), declaration=True, encoding=encoding)
