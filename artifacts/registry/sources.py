"""
The content of local entries with ``src``.

A ``file:`` URL names a resource of the registry: by its path, or by the full path of a file in the registry's
directory. Documents of some kinds (``ESB_FILE_SUFFIXES``) may lie elsewhere, too.

``http:`` and ``https:`` URLs are read when the entry is deployed, if they begin with one of the addresses in the
setting ``ESB_ENTRY_URLS``; there is none by default, because whoever may write an artifact could read with it what only
the server can reach.
"""

import http.client
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from django.conf import settings

from mediation.local_entry import LocalEntry
from mediation.registry import resource_path

from .directory import MAX_BYTES, ResourceError, registry_directory
from .entries import ResourceEntry, entry_of

FETCH_SECONDS: Final = 10.0
"""To connect, and then for the whole answer."""
CHUNK_BYTES: Final = 64 * 1024


def filled(entry: LocalEntry, before: LocalEntry | None, resources: Mapping[str, ResourceEntry]) -> LocalEntry:
    """
    The entry with its content.

    Args:
        before: the same entry as it was last; one that was fetched from the same address is taken as it is.

    Raises:
        ResourceError: there is no content.
    """
    source = entry.source or ""
    if urlsplit(source).scheme.lower() == "file":
        return _named(entry.key, source, _resource(source, resources))
    if before is not None and before.source == source:
        return before
    found, remark = entry_of(entry.key, fetch(source))
    if found is None:
        raise ResourceError(f"{source} {remark}")
    return _named(entry.key, source, found)


def _named(key: str, source: str, found: LocalEntry) -> LocalEntry:
    return LocalEntry(key, found.value, found.artifact, source)


def file_path(source: str) -> str | None:
    """The path of the resource that a ``file:`` URL means; ``None`` if it leads out of the registry."""
    path = unquote(source.partition(":")[2])
    root = f"{registry_directory().root}/"
    while path.startswith("//"):
        path = path[1:]
    return resource_path(f"/{path.removeprefix(root)}")


def _resource(source: str, resources: Mapping[str, ResourceEntry]) -> LocalEntry:
    found = resources.get(file_path(source) or "")
    if found is None:
        entry, reason = entry_of(source, read_elsewhere(source))
    else:
        entry, reason = found.entry, found.reason
    if entry is None:
        raise ResourceError(f"{source} {reason}")
    return entry


def elsewhere(source: str) -> Path | None:
    """The file outside of the registry that a ``file:`` URL means; ``None`` if it may not be read."""
    path = Path(settings.ESB_STORE_DIR, unquote(urlsplit(source).path or source.partition(":")[2]))
    return path if path.suffix.lower() in settings.ESB_FILE_SUFFIXES else None


def read_elsewhere(source: str) -> bytes:
    """
    Blocks.

    Raises:
        ResourceError: it is not there, too large, or may not be read.
    """
    path = elsewhere(source)
    if path is None:
        raise ResourceError(f"{source} is no resource of the registry")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as exc:
        raise ResourceError(f"{source} is no resource of the registry, nor a file: {exc.strerror}") from exc
    if len(content) > MAX_BYTES:
        raise ResourceError(f"{source} has more than {MAX_BYTES} bytes")
    return content


def below(root: str, key: str, resources: Mapping[str, ResourceEntry]) -> LocalEntry | None:
    """What a key means below the root of the configuration's ``<registry>``; ``None`` if there is nothing."""
    path = None if ":" in key else resource_path(key)
    if path is None or not root.startswith("file:"):
        return None
    try:
        return _resource(f"{root.rstrip('/')}/{path}", resources)
    except ResourceError:
        return None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """An address that is allowed may lead to one that is not."""

    def redirect_request(self, *args: Any) -> None:
        return None


def fetch(url: str) -> bytes:
    """
    Blocks.

    Raises:
        ResourceError: it is not allowed, does not answer, or is too large.
    """
    if not is_allowed(url):
        raise ResourceError(f"{url} is not read: the setting ESB_ENTRY_URLS does not name it")
    deadline = time.monotonic() + FETCH_SECONDS
    content = bytearray()
    try:
        with urllib.request.build_opener(_NoRedirects).open(url, timeout=FETCH_SECONDS) as response:
            while chunk := response.read1(CHUNK_BYTES):
                content += chunk
                if len(content) > MAX_BYTES:
                    raise ResourceError(f"{url} has more than {MAX_BYTES} bytes")
                if time.monotonic() > deadline:
                    raise ResourceError(f"{url} takes longer than {FETCH_SECONDS:g} s")
    except (OSError, http.client.HTTPException, ValueError) as exc:
        raise ResourceError(f"{url} cannot be read: {exc}") from exc
    return bytes(content)


def is_allowed(url: str) -> bool:
    if ".." in unquote(url).split("/"):
        return False
    return any(url.startswith(prefix.rstrip("/") + "/") for prefix in settings.ESB_ENTRY_URLS)
