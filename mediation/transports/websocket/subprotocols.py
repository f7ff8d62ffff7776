"""
Sub-protocols that say what the frames hold: ``synapse(contentType='application/json')``.

These values are no RFC 6455 tokens, so browsers refuse to offer them. Each has an alias that is one, such as
``synapse.json``; a client gets the value that it offered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from .handshake import split_subprotocols

ALIASES: Final = {
    "synapse.xml": "application/xml",
    "synapse.json": "application/json",
    "synapse.text-xml": "text/xml",
}
"""Tokens that mean ``synapse(contentType='...')``."""

SUPPORTED: Final = (*(f"synapse(contentType='{media_type}')" for media_type in ALIASES.values()), *ALIASES)
"""What every inbound endpoint accepts."""

_SYNAPSE: Final = re.compile(r"""\s*synapse\(\s*contentType\s*=\s*['"]([^'"]*)['"]\s*\)\s*""")


class Negotiated(str):
    """
    A sub-protocol that a client and an inbound endpoint agreed on.

    The property ``websocket.subprotocol`` tells it to sequences. A value of this class was not put there by a
    sequence, so it asks for nothing from a back-end.
    """

    __slots__ = ()


def content_type_of(subprotocol: str | None) -> str | None:
    """The media type that a ``synapse(...)`` sub-protocol or its alias names; ``None`` for any other."""
    if subprotocol is None:
        return None
    if subprotocol in ALIASES:
        return ALIASES[subprotocol]
    match = _SYNAPSE.fullmatch(subprotocol)
    if match is None:
        return None
    return match[1].partition(";")[0].strip() or "text/xml"


def subprotocol_names(text: str) -> tuple[str, ...]:
    """
    The sub-protocols that a parameter lists, separated by commas.

    Raises:
        ValueError: one of them could not be put into a handshake.
    """
    names = tuple(split_subprotocols(text))
    if any(not name.isascii() or not name.isprintable() for name in names):
        raise ValueError("has characters that a handshake cannot carry")
    return names


def offer(names: Iterable[str]) -> str:
    """The text of the property ``websocket.subprotocol`` that offers these to a back-end."""
    return ", ".join(names)
