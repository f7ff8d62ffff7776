"""``<task>``: something that is done by the clock, most often a message that is injected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from mediation.errors import GrammarError, MediationError
from mediation.grammar import artifact, elements, find, local_name
from mediation.headers import Headers
from mediation.message import MessageContext
from mediation.payloads import Payload, media_types
from mediation.payloads.soap import envelope_version, wrap
from mediation.payloads.xml import SOAP11_NS, SOAP12_NS, parse_xml, serialise, to_text
from mediation.properties import CONTENT_TYPE, HTTP_METHOD, MESSAGE_TYPE
from mediation.python_classes import import_class
from mediation.triggers import ONCE, Cron, Interval, Trigger

if TYPE_CHECKING:
    from mediation.compiler import Compiler
    from mediation.environment import Environment

INJECTOR: Final = "org.apache.synapse.startup.tasks.MessageInjector"
COORDINATION: Final = "coordination"
"""Property of this project: ``false`` runs the task in every process, not in one of them."""

TASK_ATTRIBUTES: Final = frozenset({"name", "class", "group", "pinnedServers"})
INJECTOR_PROPERTIES: Final = frozenset(
    {"message", "to", "soapAction", "format", "injectTo", "sequenceName", "proxyName", "registryKey"}
    | {"isSequential", "invokeHandlers"}
)
FORMATS: Final = ("soap11", "soap12", "pox", "get")


@dataclass(frozen=True, slots=True)
class Task:
    """
    Something that is done by the clock: a message that is injected, or a Python class with a method ``execute()``.

    ::

        <task name="clock" class="org.apache.synapse.startup.tasks.MessageInjector">
            <trigger interval="5"/>
            <property name="message"><tick/></property>
            <property name="injectTo" value="sequence"/>
            <property name="sequenceName" value="onTick"/>
        </task>

    ``<trigger>`` has ``interval`` (seconds) and perhaps ``count``, or ``cron`` (a Quartz expression), or ``once``.
    Properties of the injector: ``message`` or ``registryKey``, ``to``, ``soapAction``, ``format`` (``soap11``,
    ``soap12``, ``pox``, ``get``), ``injectTo`` (``main``, ``sequence``, ``proxy``), ``sequenceName``, ``proxyName``,
    ``isSequential`` and ``coordination``.

    Attributes:
        work: what is done; the class is named by its configuration.
        coordinated: whether one process of several does it.
    """

    name: str
    trigger: Trigger
    work: MessageInjector | PythonTask
    coordinated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageInjector:
    """
    The message that a task makes, and where it goes.

    Attributes:
        message: as text: XML, JSON or anything else; ``None`` if it is to be had by :attr:`registry_key`.
        target: ``main``, ``sequence`` or ``proxy``.
        sequential: whether the next firing waits for the end of the flow.
    """

    message: str | None = None
    registry_key: str | None = None
    to: str | None = None
    soap_action: str | None = None
    format: str | None = None
    target: str = "main"
    sequence: str | None = None
    proxy: str | None = None
    sequential: bool = True

    def make(self, environment: Environment) -> MessageContext:
        """
        The message of one firing.

        Raises:
            MediationError: there is nothing to make it of.
        """
        ctx = MessageContext(environment, self._payload(environment))
        ctx.to, ctx.action = self.to, self.soap_action
        ctx.axis2[MESSAGE_TYPE] = ctx.axis2[CONTENT_TYPE] = ctx.payload.content_type
        if ctx.payload.media_type == media_types.TEXT_XML:
            # It is SOAP 1.1 by its SOAPAction (W3C SOAP 1.1, 6.1.1), if only an empty one.
            ctx.headers = Headers([("SOAPAction", f'"{self.soap_action or ""}"')])
        if self.format == "get":
            ctx.axis2[HTTP_METHOD] = "GET"
        return ctx

    def _payload(self, environment: Environment) -> Payload:
        content: str | etree._Element | None = self.message
        if content is None:
            entry = environment.local_entry(self.registry_key) if self.registry_key else None
            if entry is None:
                raise MediationError("message or registry-key not set", detail=f"no entry {self.registry_key}")
            content = entry.value
        if isinstance(content, str):
            start = content.lstrip()[:1]
            if start in ("{", "["):
                return Payload(content.encode(), media_types.JSON)
            if start != "<":
                return Payload(content.encode(), media_types.TEXT)
            content = parse_xml(content)
        return self._xml_payload(content)

    def _xml_payload(self, element: etree._Element) -> Payload:
        own = envelope_version(element)
        if own is not None:
            return Payload(serialise(element), media_types.SOAP12 if own == "soap12" else media_types.TEXT_XML)
        if self.format in ("pox", "get"):
            return Payload(serialise(element), media_types.XML)
        copied = parse_xml(to_text(element))
        if self.format == "soap12":
            return Payload(serialise(wrap(copied, SOAP12_NS)), media_types.SOAP12)
        return Payload(serialise(wrap(copied, SOAP11_NS)), media_types.TEXT_XML)


@dataclass(frozen=True, slots=True)
class PythonTask:
    """
    A Python class with a method ``execute()``; a coroutine function, or one that runs in a thread.

    Attributes:
        properties: attributes that are set on the instance: text, or an element.
    """

    path: str
    cls: type[Any] = field(repr=False)
    properties: Mapping[str, str]

    def make(self) -> Any:
        """A new instance."""
        instance = self.cls()
        for name, value in self.properties.items():
            setattr(instance, name, value)
        return instance


@artifact("task")
def read_task(element: etree._Element, compiler: Compiler) -> Task:
    """
    Raises:
        GrammarError: it has no name, or a trigger that contradicts itself.
        NotRunnable: its class is no Python class.
    """
    name = element.get("name")
    if not name:
        raise GrammarError("Name for a task is required", element.sourceline)
    for attribute in element.attrib:
        if attribute not in TASK_ATTRIBUTES:
            compiler.warning(f'<task> does not know the attribute "{attribute}"; it is ignored', element)
    if element.get("pinnedServers"):
        compiler.info("pinnedServers has no effect: one of the serving processes runs the task", element)
    for part in elements(element):
        if local_name(part) not in ("trigger", "property", "description"):
            compiler.warning(f"<task> does not know the child <{local_name(part)}>; it is ignored", part)
    properties = dict(_properties(element))
    coordinated = properties.pop(COORDINATION, "true").strip().lower() != "false"
    cls = (element.get("class") or INJECTOR).strip()
    work: MessageInjector | PythonTask
    if cls == INJECTOR:
        work = _injector(properties, element, compiler)
    else:
        work = PythonTask(cls, import_class(cls, "execute", "a task"), properties)
    return Task(name, _trigger(element), work, coordinated)


def _properties(element: etree._Element) -> Iterator[tuple[str, str]]:
    for part in elements(element):
        if local_name(part) != "property" or not part.get("name"):
            continue
        value = part.get("value")
        if value is None:
            content = next(elements(part), None)
            value = (part.text or "").strip() if content is None else to_text(content)
        yield part.get("name", ""), value


def _injector(properties: Mapping[str, str], element: etree._Element, compiler: Compiler) -> MessageInjector:
    for name in sorted(properties.keys() - INJECTOR_PROPERTIES):
        compiler.warning(f'the message injector does not know the property "{name}"; it is ignored', element)
    target = (properties.get("injectTo") or "main").strip().lower()
    sequence, proxy = properties.get("sequenceName"), properties.get("proxyName")
    if target == "sequence" and not sequence:
        raise GrammarError("Sequence name not specified", element.sourceline)
    if target == "proxy" and not proxy:
        raise GrammarError("Proxy service name not specified", element.sourceline)
    if target == "sequence":
        compiler.refer("sequence", sequence or "", element)
    if target == "proxy":
        compiler.refer("proxy", proxy or "", element)
    wanted = (properties.get("format") or "").strip().lower() or None
    if wanted is not None and wanted not in FORMATS:
        compiler.warning(f'format "{wanted}" is not one of {", ".join(FORMATS)}; it counts as soap11', element)
    message, key = properties.get("message") or None, properties.get("registryKey") or None
    if message is None and key is None:
        compiler.warning("message or registry-key not set: nothing will be injected", element)
    return MessageInjector(
        message=message,
        registry_key=key,
        to=properties.get("to") or None,
        soap_action=properties.get("soapAction") or None,
        format=wanted,
        target=target if target in ("sequence", "proxy") else "main",
        sequence=sequence,
        proxy=proxy,
        sequential=(properties.get("isSequential") or "true").strip().lower() != "false",
    )


# -- the trigger


def _trigger(element: etree._Element) -> Trigger:
    found = find(element, "trigger")
    if found is None:
        raise GrammarError.missing("task", "a child <trigger>", element.sourceline)
    cron, interval, count = found.get("cron"), found.get("interval"), found.get("count")
    if cron is not None and (interval is not None or count is not None):
        raise GrammarError("Cron syntax can't be used with either count or interval", found.sourceline)
    if (found.get("once") or "").strip().lower() == "true":
        return ONCE
    if cron is not None:
        try:
            return Cron.parse(cron)
        except ValueError as exc:
            raise GrammarError(f'cron "{cron}" {exc}', found.sourceline) from exc
    times = _number("count", count, found) if count is not None else -1
    if interval is None:
        if times > 1:
            raise GrammarError("Trigger without an interval, count must be 1 (or nothing)", found.sourceline)
        return ONCE
    seconds = _number("interval", interval, found)
    if seconds <= 0 and times != 1:
        raise GrammarError(f'interval "{interval}" is not a number of seconds above 0', found.sourceline)
    return Interval(seconds, times if times > 0 else None)


def _number(name: str, text: str, element: etree._Element) -> int:
    try:
        return int(text.strip())
    except ValueError:
        raise GrammarError(f'{name} "{text}" is not a whole number', element.sourceline) from None
