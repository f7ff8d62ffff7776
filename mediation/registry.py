"""
Keys of the registry.

=========================================== =======================================
Key                                         Path below the registry's directory
=========================================== =======================================
``conf:/x``, ``/_system/config/x``          ``config/x``
``gov:/x``, ``/_system/governance/x``       ``governance/x``
``local:/x``, ``/_system/local/x``          ``local/x``
``resources:x``                             ``governance/mi-resources/x``
``/x``, ``x``                               ``x``
=========================================== =======================================
"""

from __future__ import annotations

from typing import Final

ROOTS: Final = {
    "conf": "config",
    "gov": "governance",
    "local": "local",
    "resources": "governance/mi-resources",
}
SYSTEM: Final = "/_system/"
"""What the full paths of the originals' registry begin with."""


def resource_path(key: str) -> str | None:
    """The path of the resource that a key names; ``None`` if it cannot name one, or leads out of the registry."""
    scheme, colon, rest = key.partition(":")
    if colon:
        root = ROOTS.get(scheme)
        if root is None:
            return None
        path = f"{root}/{rest}"
    else:
        path = key.removeprefix(SYSTEM)
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return "/".join(parts) if parts and ".." not in parts else None


def resource_key(path: str) -> str:
    """The usual key of the resource at ``path``, such as ``conf:/x``."""
    for scheme in ("resources", "conf", "gov", "local"):
        root = f"{ROOTS[scheme]}/"
        if path.startswith(root):
            separator = "" if scheme == "resources" else "/"
            return f"{scheme}:{separator}{path.removeprefix(root)}"
    return path
