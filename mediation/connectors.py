"""
Connectors: packages of sequence templates whose operations are used like mediators.

::

    <import name="gmail" package="org.wso2.carbon.connector" status="enabled"/>

    <gmail.listMails configKey="myAccount"><user>me</user></gmail.listMails>

The operation is the template ``org.wso2.carbon.connector.gmail.listMails``, and its child elements are the parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mediation import flow
from mediation.errors import GrammarError, MediationError, NotRunnable, SequenceNotFound
from mediation.expressions import Value
from mediation.grammar import Mediator, Node, Rule, artifact, elements, field, local_name, node, value
from mediation.mediators.call_template import parameter_value, sequence_template

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler
    from mediation.environment import Environment
    from mediation.flow import Outcome
    from mediation.message import MessageContext

DEFAULT_PACKAGE: Final = "org.wso2.carbon.connector"
"""That of nearly all connectors; taken where there is no ``<import>``."""

RESPONSE_PARAMETERS: Final = frozenset({"responseVariable", "overwriteBody"})
"""Of connectors whose answers Java code writes into a variable."""


@dataclass(frozen=True, slots=True)
class ConnectorImport:
    """
    That a connector may be used, or not, and the package of its operations.

    ::

        <import name="gmail" package="org.wso2.carbon.connector" status="enabled"/>
    """

    connector: str
    package: str
    enabled: bool


@artifact("import")
def read_import(element: etree._Element, compiler: Compiler) -> ConnectorImport:
    """
    Raises:
        GrammarError: it does not say what is imported.
    """
    for name in ("name", "package"):
        if not element.get(name):
            raise GrammarError.missing("import", f'the attribute "{name}"', element.sourceline)
    # Servers write the package into the name, too: {org.wso2.carbon.connector}gmail.
    connector = element.get("name", "").rpartition("}")[2]
    enabled = element.get("status", "enabled").strip().lower() == "enabled"
    return ConnectorImport(connector, element.get("package", ""), enabled)


def is_operation(tag: str) -> bool:
    """Whether an element of that name is an operation of a connector."""
    return "." in tag and not tag.startswith("{")


def template_name(operation: str, environment: Environment) -> str:
    """
    The template of an operation such as ``gmail.init``.

    Raises:
        MediationError: the connector is switched off.
    """
    connector = operation.partition(".")[0]
    for imported in environment.deployed("import").values():
        if imported.connector == connector:
            if not imported.enabled:
                raise MediationError(f"The connector {connector} is not enabled")
            return f"{imported.package}.{operation}"
    return f"{DEFAULT_PACKAGE}.{operation}"


class Parameters(Rule):
    """Child elements as parameters: text, ``{expression}`` or ``{{expression}}`` each."""

    takes_all_children = True

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> tuple[tuple[str, Value], ...]:
        return tuple(self._parameter(part, compiler) for part in elements(element) if local_name(part) != "description")

    def _parameter(self, element: etree._Element, compiler: Compiler) -> tuple[str, Value]:
        name = local_name(element)
        text = (element.text or "").strip()
        if next(elements(element), None) is not None or element.attrib:
            raise NotRunnable(f"the parameter <{name}> with XML in it", line=element.sourceline)
        if name in RESPONSE_PARAMETERS and text:
            raise NotRunnable(f"<{name}> of a connector's operation", line=element.sourceline)
        return name, compiler.value(text, element)


class OperationName(Rule):
    """The element's own name."""

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> str:
        tag = local_name(element)
        compiler.refer("connector", tag, element)
        return tag


@node("connector operation")
class ConnectorOperation(Mediator):
    """
    Run an operation of a connector; the flow goes on after it unless the operation ended it.

    ``configKey`` names a local entry that holds the connector's ``init`` operation; that runs first.
    """

    operation: str = field(OperationName())
    config_key: Value | None = value("configKey", refers="localEntry")
    parameters: tuple[tuple[str, Value], ...] = field(Parameters())

    def mediate(self, ctx: MessageContext) -> Outcome:
        if self.config_key is None:
            return self._call(ctx)
        return flow.run((_Configuration(self.config_key), _Call(self)), ctx)

    def _call(self, ctx: MessageContext) -> Outcome:
        template = sequence_template(template_name(self.operation, ctx.environment), ctx)
        return template.call({name: parameter_value(given, ctx) for name, given in self.parameters}, ctx)


@dataclass(frozen=True, slots=True)
class _Call:
    """The operation itself, once its configuration has run."""

    operation: ConnectorOperation

    def mediate(self, ctx: MessageContext) -> Outcome:
        return self.operation._call(ctx)


@dataclass(frozen=True, slots=True)
class _Configuration:
    """The operation in the local entry that ``configKey`` names."""

    key: Value

    def mediate(self, ctx: MessageContext) -> Outcome:
        key = self.key.string(ctx) or ""
        entry = ctx.environment.local_entry(key)
        if entry is None or not isinstance(entry.artifact, ConnectorOperation):
            raise SequenceNotFound(key)
        return entry.artifact.mediate(ctx)
