"""
Export of the whole configuration, in the multi-file layout of the originals.

::

    DIR/sequences/NAME.xml  proxy-services/  inbound-endpoints/  endpoints/  local-entries/  api/  templates/  ...
    DIR/registry.xml  task-manager.xml  synapse.xml  deployment.toml
    DIR/registry/config/NAME  governance/  ...

``synapse.xml`` holds the elements that have no place of their own. What is exported is imported again as it was.
"""

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import quote

from django.db import transaction

from .models import Artifact, TransportSender
from .registry import ResourceError, registry_directory
from .store import all_artifacts, transport_parameters
from .synapse_xml.packages import write_deployment_toml

FOLDERS: Final = {
    "sequence": "sequences",
    "proxy": "proxy-services",
    "inboundEndpoint": "inbound-endpoints",
    "endpoint": "endpoints",
    "localEntry": "local-entries",
    "api": "api",
    "template": "templates",
    "task": "tasks",
    "messageStore": "message-stores",
    "messageProcessor": "message-processors",
    "priorityExecutor": "priority-executors",
    "eventSource": "event-sources",
    "import": "imports",
}
FILES: Final = {"registry": "registry.xml", "taskManager": "task-manager.xml"}

_LONGEST: Final = 200
_RESERVED: Final = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
_DECLARATION: Final = re.compile(r"\A\s*<\?xml\s.*?\?>\s*", re.DOTALL)


class ExportError(Exception):
    """The export would write where it must not."""


def export_directory(directory: Path, *, force: bool = False) -> list[Path]:
    """
    Write every artifact and the transports' parameters.

    Args:
        directory: is made if it does not exist.
        force: write into a directory that is not empty. Files of the same names are overwritten; others are left alone.

    Returns:
        What was written.

    Raises:
        ExportError: the directory is not empty, or something in it leads elsewhere.
        OSError: it cannot be written.
    """
    if directory.exists() and not directory.is_dir():
        raise ExportError(f"{directory} is not a directory")
    if not force and directory.exists() and any(directory.iterdir()):
        raise ExportError(f"{directory} is not empty; --force writes into it all the same")
    # One state of the configuration, whoever saves meanwhile.
    with transaction.atomic():
        files = [*export_files(all_artifacts()), *export_resources()]
    directory.mkdir(parents=True, exist_ok=True)
    return [_write(directory, name, content) for name, content in files]


def export_files(artifacts: Iterable[Artifact]) -> Iterator[tuple[PurePosixPath, str]]:
    """Relative paths and contents."""
    taken: set[str] = set()
    others = []
    for row in artifacts:
        if row.kind in FILES and row.name == row.kind:
            yield PurePosixPath(FILES[row.kind]), row.xml
        elif row.kind in FOLDERS:
            yield PurePosixPath(FOLDERS[row.kind], _file_name(FOLDERS[row.kind], row.name, taken)), row.xml
        else:
            others.append(row.xml)
    if others:
        # Without a namespace: each element has its own, or has none.
        parts = "\n".join(_DECLARATION.sub("", text) for text in others)
        yield PurePosixPath("synapse.xml"), f"<definitions>\n{parts}\n</definitions>\n"
    transports = {sender.scheme: transport_parameters(sender.scheme) for sender in TransportSender.objects.all()}
    if transports:
        yield PurePosixPath("deployment.toml"), write_deployment_toml(transports)


def export_resources() -> Iterator[tuple[PurePosixPath, bytes]]:
    """Relative paths and contents of what is in the registry."""
    registry = registry_directory()
    for path in registry.stamps():
        with contextlib.suppress(ResourceError):  # removed meanwhile, or too large to be served
            yield PurePosixPath("registry", path), registry.read(path)


def _file_name(folder: str, name: str, taken: set[str]) -> str:
    """A name that every file system takes, and that no other artifact of the folder has in any case of letters."""
    base = quote(name, safe=" ()+,=@[]{}!'~")
    base = re.sub(r"^[. ]|[. ]$", lambda match: f"%{ord(match[0]):02X}", base)
    if _RESERVED.match(base):
        base = f"%{ord(base[0]):02X}{base[1:]}"
    base = base[:_LONGEST]
    number, found = 1, base
    while f"{folder}/{found}".casefold() in taken:
        number += 1
        found = f"{base}~{number}"
    taken.add(f"{folder}/{found}".casefold())
    return f"{found}.xml"


def _write(directory: Path, name: PurePosixPath, content: str | bytes) -> Path:
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.parent.resolve() != directory.resolve() / name.parent:
        raise ExportError(f"{path.parent} is a link that leads elsewhere")
    try:
        # Not through a link, wherever it leads.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o666)
    except OSError as exc:
        raise ExportError(f"{path} cannot be written: {exc.strerror}") from exc
    with os.fdopen(descriptor, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
    return path
