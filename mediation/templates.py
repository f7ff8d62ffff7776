"""``<template>``: a sequence or an endpoint with parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mediation import flow
from mediation.errors import GrammarError, MissingTemplateParameter
from mediation.expressions import Expression
from mediation.flow import Outcome
from mediation.grammar import artifact, boolean, elements, find, local_name
from mediation.mediators.sequence import SequenceMediator, guarded

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler
    from mediation.message import MessageContext


@dataclass(frozen=True, slots=True)
class TemplateParameter:
    """What a sequence template declares of one of its parameters."""

    name: str
    mandatory: bool = False
    default: str | None = None


class TemplateCall:
    """The parameters of one call of a sequence template; on top of :attr:`MessageContext.functions` while it runs."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def parameter(self, name: str, ctx: MessageContext) -> Any:
        """The value, or ``None``. One that was given as an escaped expression is computed here, inside the template."""
        value = self._values.get(name)
        return value.expression.value(ctx) if isinstance(value, Escaped) else value


@dataclass(frozen=True, slots=True)
class Escaped:
    """``{{expression}}``: computed where the template reads it, not where the template is called."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class SequenceTemplate:
    """
    A sequence that is called with parameters, by ``<call-template>``.

    ::

        <template name="quote" onError="failed">
            <parameter name="symbol" isMandatory="true"/>
            <parameter name="source" defaultValue="NASDAQ"/>
            <sequence>
                <log><property name="symbol" expression="$func:symbol"/></log>
            </sequence>
        </template>

    Attributes:
        body: the mediators; without a name of its own.
        on_error: the sequence that runs when one of them fails. It still sees the parameters.
    """

    name: str
    parameters: tuple[TemplateParameter, ...]
    body: SequenceMediator
    on_error: str | None = None

    def call(self, given: Mapping[str, Any], ctx: MessageContext) -> Outcome:
        """
        Run the body with these parameters; those that are not declared cannot be seen in it.

        A call that ends the flow leaves its parameters in sight: the answer to a ``<send>`` in a template still has
        them. One that fails does not: the caller's fault sequence sees the caller's own.

        Raises:
            MissingTemplateParameter: a mandatory one is neither given nor has a default.
            TooManySteps: templates and sequences call each other too deeply.
        """
        outer = ctx.functions
        ctx.functions = (*outer, TemplateCall(self._values(given)))
        try:
            outcome = flow.enter(self, self.name, ctx)
        except Exception:
            ctx.functions = outer
            raise
        if outcome is True:
            ctx.functions = outer
            return True
        return False if outcome is False else _called(outcome, ctx, outer)

    def mediate(self, ctx: MessageContext) -> Outcome:
        """The body alone; :meth:`call` sets its parameters."""
        return guarded(self.body.mediate, ctx, self.on_error, f"template : {self.name}")

    def _values(self, given: Mapping[str, Any]) -> dict[str, Any]:
        values = {}
        for declared in self.parameters:
            if declared.name in given:
                values[declared.name] = given[declared.name]
            elif declared.default is not None:
                values[declared.name] = declared.default
            elif declared.mandatory:
                raise MissingTemplateParameter(declared.name, self.name)
        return values


async def _called(waiting: Any, ctx: MessageContext, outer: tuple[TemplateCall, ...]) -> bool:
    try:
        goes_on = await waiting
    except Exception:
        ctx.functions = outer
        raise
    if goes_on is True:
        ctx.functions = outer
        return True
    return False


@dataclass(frozen=True, slots=True)
class EndpointTemplate:
    """
    An endpoint whose XML has ``$name`` where a template endpoint puts its parameters.

    Attributes:
        parameters: names that it declares; ``name`` and ``uri`` can be used without.
        endpoint: the ``<endpoint>`` element as it was written. It is shared: copy it before changing it.
    """

    name: str
    parameters: tuple[str, ...]
    endpoint: etree._Element


TEMPLATE_ATTRIBUTES: Final = frozenset({"name", "onError", "description", "statistics", "trace"})


@artifact("template")
def read_template(element: etree._Element, compiler: Compiler) -> SequenceTemplate | EndpointTemplate:
    """
    Raises:
        GrammarError: it has no name, or neither a sequence nor an endpoint.
    """
    name = element.get("name")
    if not name:
        raise GrammarError.missing("template", 'the attribute "name"', element.sourceline)
    for attribute in element.attrib:
        if not str(attribute).startswith("{") and attribute not in TEMPLATE_ATTRIBUTES:
            compiler.warning(f'<template> does not know the attribute "{attribute}"; it is ignored', element)
    for part in elements(element):
        if local_name(part) not in ("parameter", "sequence", "endpoint", "description"):
            compiler.warning(f"<template> does not know the child <{local_name(part)}>; it is ignored", part)
    parameters = tuple(_parameter(part) for part in elements(element) if local_name(part) == "parameter")
    sequence, endpoint = find(element, "sequence"), find(element, "endpoint")
    if sequence is not None:
        if element.get("onError"):
            compiler.refer("sequence", element.get("onError", ""), element)
        body = SequenceMediator.from_xml(sequence, compiler)
        return SequenceTemplate(name, parameters, body, element.get("onError") or None)
    if endpoint is not None:
        return EndpointTemplate(name, tuple(declared.name for declared in parameters), endpoint)
    raise GrammarError.missing("template", "a child <sequence> or <endpoint>", element.sourceline)


def _parameter(element: etree._Element) -> TemplateParameter:
    name = element.get("name")
    if not name:
        raise GrammarError.missing("parameter", 'the attribute "name"', element.sourceline)
    mandatory = element.get("isMandatory", "false")
    try:
        return TemplateParameter(name, boolean(mandatory), element.get("defaultValue"))
    except ValueError as exc:
        raise GrammarError(f'<parameter> isMandatory "{mandatory}" {exc}', element.sourceline) from exc
