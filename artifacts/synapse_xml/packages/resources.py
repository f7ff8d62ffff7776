"""
Which files of a package are resources of the registry, and what their paths in it are.

================================================ ====================================================================
Where a file lies                                Where its path comes from
================================================ ====================================================================
``NAME_VERSION/resources/`` of an application    ``registry-info.xml`` beside that directory
a source project                                 the ``<item>`` or ``<collection>`` of an ``artifact.xml``
``wso2mi/resources/`` of a source project        its place; ``resources:x`` is ``x`` there
what artifacts beside it name by ``file:`` URL   the URL, from the package's root on
below ``registry/``, as in an export             its place; ``conf`` and ``gov`` stand for ``config`` and ``governance``
================================================ ====================================================================
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import unquote

from lxml import etree

from mediation.errors import XmlError
from mediation.grammar import find, local_name
from mediation.payloads.xml import parse_xml
from mediation.registry import resource_path

from .found import SourceFile

DESCRIPTIONS: Final = frozenset({"artifact.xml", "artifacts.xml", "registry-info.xml"})
_FILE_URL: Final = re.compile(r"""\b(?:src|uri)\s*=\s*(?P<quote>["'])file:(?P<path>(?!/)[^"']+)(?P=quote)""")
_ROOT: Final = re.compile(r"""<parameter\s+name\s*=\s*["']root["']\s*>\s*file:(?P<path>(?!/)[^<]+)<""")
NO_RESOURCES: Final = DESCRIPTIONS | {"pom.xml"}
PROJECT: Final = "wso2mi/resources/"
SHORT: Final = frozenset({"conf", "gov"})
FULL: Final = frozenset({"config", "governance", "local", "_system"})
NOT_IN_PROJECT: Final = frozenset({"conf", "connectors", "metadata", "registry"})
"""Directories below :data:`PROJECT` that hold something else."""


def resources_of(files: Sequence[SourceFile]) -> dict[str, str]:
    """Path in the registry, by file. What a description places goes before what its place says."""
    found: dict[str, str] = {}
    for file in files:
        path = _by_place(file.path)
        if path is not None:
            found[file.path] = path
    names = [file.path for file in files]
    for file in files:
        if posixpath.basename(file.path) in DESCRIPTIONS and file.content is not None:
            found |= _described(file, names)
    return found


def named_by(texts: Iterable[str], names: Sequence[str]) -> dict[str, str]:
    """
    Files that artifacts name by relative ``file:`` URLs, and those below the root of a ``<registry>``.

    Args:
        texts: of the artifacts.
        names: of the files.

    Returns:
        Path in the registry, by file.
    """
    found: dict[str, str] = {}
    for text in texts:
        for match in _FILE_URL.finditer(text):
            path = resource_path(f"/{unquote(match['path'])}")
            found |= {name: path for name in names if path is not None and f"/{name}".endswith(f"/{path}")}
        for match in _ROOT.finditer(text):
            path = resource_path(f"/{unquote(match['path'].strip())}")
            for name in names if path is not None else ():
                _, inside, rest = f"/{name}".partition(f"/{path}/")
                if inside:
                    found[name] = f"{path}/{rest}"
    return {name: path for name, path in found.items() if posixpath.basename(name) not in NO_RESOURCES}


def _by_place(name: str) -> str | None:
    if posixpath.basename(name) in NO_RESOURCES:
        return None
    _, inside, rest = f"/{name}".partition(f"/{PROJECT}")
    if inside and "/" in rest and rest.split("/")[0] not in NOT_IN_PROJECT:
        return resource_path(f"resources:{rest}")
    for folder in ("/registry/", "/registry-resources/"):
        _, inside, rest = f"/{name}".partition(folder)
        root, slash, below = rest.partition("/")
        if slash and root in SHORT:
            return resource_path(f"{root}:{below}")
        if inside and (folder == "/registry/" or root in FULL):
            return resource_path(f"/{rest}")
    return None


def _described(file: SourceFile, names: Sequence[str]) -> dict[str, str]:
    try:
        root = parse_xml(file.content or b"")
    except XmlError:
        return {}  # whoever reads descriptions for what they list says so
    folder = posixpath.dirname(file.path)
    if posixpath.basename(file.path) == "registry-info.xml":
        folder = posixpath.join(folder, "resources")
    return dict(_placed(root, folder, names))


def _placed(root: etree._Element, folder: str, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for part in root.iter("*"):
        source = {"item": "file", "collection": "directory"}.get(local_name(part))
        if source is None:
            continue
        texts = _texts(part)
        name, target = texts.get(source, ""), texts.get("path", "")
        place = posixpath.normpath(posixpath.join(folder, name)) if name else ""
        if source == "file":
            given = {place: posixpath.basename(name)} if place in names else {}
        else:
            given = {each: each.removeprefix(f"{place}/") for each in names if each.startswith(f"{place}/")}
        for each, rest in given.items():
            path = resource_path(f"{target}/{rest}" if target.startswith("/") else f"/{target}/{rest}")
            if path is not None and posixpath.basename(each) not in NO_RESOURCES:
                yield each, path


def _texts(part: etree._Element) -> Mapping[str, str]:
    found = {tag: find(part, tag) for tag in ("file", "directory", "path")}
    return {tag: (child.text or "").strip() for tag, child in found.items() if child is not None}
