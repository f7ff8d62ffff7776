"""``<registry>``, ``<taskManager>``, ``<priorityExecutor>``: parts of the originals' server, built into this one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mediation.grammar import artifact, elements

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler


@dataclass(frozen=True, slots=True)
class ServerConfiguration:
    """
    Kept for the originals.

    Attributes:
        provider: the Java class that they would load.
        root: of a registry: the URL before its keys; empty if it has none.
    """

    provider: str
    root: str = ""


@artifact("registry")
def read_registry(element: etree._Element, compiler: Compiler) -> ServerConfiguration:
    parameters = {part.get("name"): (part.text or "").strip() for part in elements(element)}
    root = parameters.get("root", "")
    where = f", and those below {root}" if root.startswith("file:") else ""
    compiler.info(f"<registry> has no effect: resources are the files of the setting ESB_REGISTRY_DIR{where}", element)
    return ServerConfiguration(element.get("provider", ""), root)


@artifact("taskManager")
def read_task_manager(element: etree._Element, compiler: Compiler) -> ServerConfiguration:
    compiler.info("<taskManager> has no effect: the serving processes agree on tasks among themselves", element)
    return ServerConfiguration(element.get("provider", ""))


@artifact("priorityExecutor")
def read_priority_executor(element: etree._Element, compiler: Compiler) -> ServerConfiguration:
    compiler.info("<priorityExecutor> has no effect: <enqueue> runs its sequence at once, with no threads", element)
    return ServerConfiguration(element.get("class", ""))
