"""Content types: the media type and the charset that they name."""

from __future__ import annotations

import codecs
from email.message import Message
from functools import lru_cache
from typing import Final

from mediation.errors import PayloadError

XML: Final = "application/xml"
TEXT_XML: Final = "text/xml"
SOAP12: Final = "application/soap+xml"
JSON: Final = "application/json"
TEXT: Final = "text/plain"
BINARY: Final = "application/octet-stream"
FORM: Final = "application/x-www-form-urlencoded"
MULTIPART_FORM: Final = "multipart/form-data"

_NOT_FOR_BODIES: Final = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"})
"""Python text codecs that are no charsets, some of them slow on purpose-made input."""


@lru_cache(maxsize=512)
def media_type(content_type: str | None) -> str | None:
    """Lower case and without parameters; ``None`` for none."""
    if content_type is None:
        return None
    return content_type.partition(";")[0].strip().lower() or None


@lru_cache(maxsize=512)
def parameter(content_type: str | None, name: str) -> str | None:
    """A parameter's value, unquoted."""
    if content_type is None or ";" not in content_type:
        return None
    message = Message()
    message["content-type"] = content_type.replace("\r", "").replace("\n", "")
    found = message.get_param(name)
    return found if isinstance(found, str) else None


def charset(content_type: str | None) -> str | None:
    """The charset parameter, or ``None``."""
    return parameter(content_type, "charset") or None


def is_json_type(media: str | None) -> bool:
    return media is not None and (media in (JSON, "text/json", "text/javascript") or media.endswith("+json"))


def is_binary_type(media: str | None) -> bool:
    return media is not None and (
        media in (BINARY, "application/binary", "application/pdf", "application/msword", "application/zip")
        or media.startswith(("image/", "audio/", "video/"))
    )


def is_xml_type(media: str | None) -> bool:
    return media is not None and (media in (XML, TEXT_XML) or media.endswith("+xml"))


def codec(name: str) -> str:
    """
    Python's name for a charset.

    Raises:
        PayloadError: no such charset.
    """
    try:
        found = codecs.lookup(name)
        "".encode(found.name)  # refuses codecs that are no text encodings, such as zlib
    except (LookupError, ValueError) as exc:
        raise PayloadError(f'the charset "{name}" is not known') from exc
    if found.name.replace("_", "-") in _NOT_FOR_BODIES:
        raise PayloadError(f'the charset "{name}" is not known')
    return found.name


def decode(raw: bytes | str, content_type: str | None) -> str:
    """
    A textual body as text. UTF-8 unless the content type names a charset; a byte order mark is dropped.

    Raises:
        PayloadError: the bytes are not of that charset.
    """
    if isinstance(raw, str):
        return raw
    name = charset(content_type)
    try:
        return raw.decode("utf-8-sig" if name is None else codec(name)).removeprefix("\ufeff")
    except ValueError as exc:
        raise PayloadError(f"the body is not {name or 'UTF-8'} text") from exc
