"""
The registry: files that artifacts use by key.

::

    directory    the files: looked at, read, written and removed
    entries      files to what the engine gets for their keys
    changes      of the files, made here and told to all processes
    sources      the content of local entries with ``src``
"""

from .changes import remove_resource, write_resource
from .directory import (
    RESOURCE,
    RegistryDirectory,
    ResourceError,
    Stamp,
    check_resource,
    registry_directory,
    resource_keys,
)
from .entries import ResourceEntry, read_entries, remarks_on
from .sources import below, file_path, filled

__all__ = [
    "RESOURCE",
    "RegistryDirectory",
    "ResourceEntry",
    "ResourceError",
    "Stamp",
    "below",
    "check_resource",
    "file_path",
    "filled",
    "read_entries",
    "registry_directory",
    "remarks_on",
    "remove_resource",
    "resource_keys",
    "write_resource",
]
