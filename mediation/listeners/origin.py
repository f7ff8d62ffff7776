"""Who may open a WebSocket from a browser."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit


def origin_allowed(origin: str | None, host: str | None, allowed: Collection[str] = ()) -> bool:
    """
    Whether a handshake with this ``Origin`` may go on.

    Browsers always send one and programs mostly none, so none is allowed. By default a page may only talk to the host
    that it came from; its port may differ: the console on the main port talks to the ports of inbound endpoints.

    Args:
        origin: the header's value.
        host: the ``Host`` header, with or without a port.
        allowed: more origins, such as ``https://shop.example``; ``*`` allows any.
    """
    if origin is None or "*" in allowed or origin.lower() in {entry.lower().rstrip("/") for entry in allowed}:
        return True
    try:
        page = urlsplit(origin)
        same = page.hostname == urlsplit(f"//{host or ''}").hostname
    except ValueError:
        return False
    return page.scheme in ("http", "https") and page.hostname is not None and same
