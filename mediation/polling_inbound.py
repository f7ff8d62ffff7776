"""``<inboundEndpoint>`` that looks for messages itself: files, or what a Python class finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mediation.errors import GrammarError
from mediation.inbound_endpoint import READERS, common_attributes
from mediation.parameters import FLAG, ParameterReader, flag, number, parameter, parameter_group
from mediation.polled_files import WITHOUT_EFFECT, FileParameters
from mediation.python_classes import import_class
from mediation.triggers import Cron, Interval, Trigger

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler

BEHAVIOR: Final = "inbound.behavior"


@dataclass(frozen=True, slots=True, kw_only=True)
class PollingInboundEndpoint:
    """
    What both kinds have in common.

    Attributes:
        sequence: name of the sequence for messages; ``main`` by default.
        on_error: runs when it fails; ``fault`` by default.
        parameters: all, as they stand.
    """

    name: str
    protocol: str
    sequence: str | None
    on_error: str | None
    suspended: bool
    parameters: Mapping[str, str]

    interval: int = parameter("interval", number(1), 1000, values="ms", help="from one look to the next")
    cron: Cron | None = parameter("cron", Cron.parse, values="Quartz expression", help="in place of an interval")
    sequential: bool = parameter(
        "sequential", flag, True, values=FLAG, help="whether a message waits until the one before has been mediated"
    )
    coordination: bool = parameter(
        "coordination", flag, True, values=FLAG, help="whether one of the serving processes looks, and not each"
    )

    @property
    def trigger(self) -> Trigger:
        return self.cron or Interval(self.interval / 1000)

    def port_with_offset(self, offset: int) -> None:
        """There is no port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileInboundEndpoint(PollingInboundEndpoint):
    files: FileParameters = parameter_group(FileParameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassInboundEndpoint(PollingInboundEndpoint):
    """
    Attributes:
        path: dotted, of the class, which gets the parameters.
    """

    path: str
    cls: type[Any]


def read_file_inbound(element: etree._Element, compiler: Compiler) -> FileInboundEndpoint:
    """
    Raises:
        ConfigurationError: a parameter is missing or wrong.
    """
    reader = ParameterReader(element, compiler)
    reader.report_others(FileInboundEndpoint, WITHOUT_EFFECT, {})
    endpoint = FileInboundEndpoint(
        name=element.get("name", ""),
        protocol="file",
        parameters=dict(reader.texts),
        **common_attributes(element, compiler),
        **reader.read(FileInboundEndpoint),
    )
    endpoint.files.check()
    return endpoint


def read_class_inbound(element: etree._Element, compiler: Compiler) -> ClassInboundEndpoint:
    """
    Raises:
        ConfigurationError: there is no such Python class, or a parameter is wrong.
    """
    path = (element.get("class") or "").strip()
    if not path:
        raise GrammarError.missing("inboundEndpoint", 'the attribute "class"', element.sourceline)
    cls = import_class(path, "poll", "an inbound endpoint")
    reader = ParameterReader(element, compiler)
    if reader.texts.get(BEHAVIOR, "polling").lower() != "polling":
        raise GrammarError(f'parameter {BEHAVIOR} "{reader.texts[BEHAVIOR]}" is not polling', element.sourceline)
    return ClassInboundEndpoint(
        name=element.get("name", ""),
        protocol="class",
        path=path,
        cls=cls,
        parameters=dict(reader.texts),
        **common_attributes(element, compiler),
        **reader.read(ClassInboundEndpoint),
    )


READERS["file"] = read_file_inbound
READERS["class"] = read_class_inbound
