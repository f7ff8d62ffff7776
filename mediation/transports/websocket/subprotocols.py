"""Sub-protocols that say what the frames hold: ``synapse(contentType='application/json')``."""

from __future__ import annotations

import re
from typing import Final

SUPPORTED: Final = tuple(
    f"synapse(contentType='{media_type}')" for media_type in ("application/xml", "application/json", "text/xml")
)
"""What every inbound endpoint accepts. These are not RFC 6455 tokens, so browsers cannot offer them."""

_SYNAPSE: Final = re.compile(r"""\s*synapse\(\s*contentType\s*=\s*['"]([^'"]*)['"]\s*\)\s*""")


def content_type_of(subprotocol: str | None) -> str | None:
    """The media type that a ``synapse(...)`` sub-protocol names; ``None`` for any other."""
    if subprotocol is None:
        return None
    match = _SYNAPSE.fullmatch(subprotocol)
    if match is None:
        return None
    return match[1].partition(";")[0].strip() or "text/xml"
