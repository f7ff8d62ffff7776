"""
The registry: files that artifacts use by key.

::

    directory    the files: looked at, read, written and removed
    entries      files to what the engine gets for their keys
    sources      the content of local entries with ``src``
"""

from .directory import RegistryDirectory, ResourceError, Stamp, registry_directory
from .entries import ResourceEntry, read_entries
from .sources import filled

__all__ = [
    "RegistryDirectory",
    "ResourceEntry",
    "ResourceError",
    "Stamp",
    "filled",
    "read_entries",
    "registry_directory",
]
