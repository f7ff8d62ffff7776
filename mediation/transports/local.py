"""Addresses of the ``local`` transport."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

PREFIX: Final = "local:///inbound/"


def inbound_address(uri: str) -> tuple[str, str] | None:
    """
    The inbound endpoint and the path that ``local:///inbound/NAME/PATH`` names, the path as clients' requests have it.

    ``None`` for any other local address.
    """
    if not uri.startswith(PREFIX):
        return None
    name, _, path = uri[len(PREFIX) :].partition("?")[0].partition("/")
    return (unquote(name), f"/{path}") if name else None
