"""``<call-template>``: run a sequence template with parameters."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from mediation import grammar
from mediation.errors import TemplateNotFound
from mediation.expressions import JsonEval, Value
from mediation.expressions.results import is_node_list, string_value
from mediation.flow import Outcome
from mediation.grammar import Mediator, Node, mediator, node
from mediation.mediators.sequence import guarded
from mediation.message import MessageContext
from mediation.templates import Escaped, SequenceTemplate

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler


@dataclasses.dataclass(frozen=True)
class TemplateName(grammar.Rule):
    """The name of a sequence template, looked up when a message needs it."""

    attributes = ("target",)

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> str:
        target = element.get("target")
        if not target:
            raise grammar.GrammarError.missing(node.tag, 'the attribute "target"', element.sourceline)
        compiler.refer("template", target, element)
        return target


@node("with-param")
class WithParam(Node):
    """
    One parameter: text, ``{expression}`` computed before the call, or ``{{expression}}`` computed where it is read.

    An XPath that selects an element hands over the element.
    """

    name: str = grammar.attribute(name="name")
    value: Value = grammar.value("value", required=True)

    def given(self, ctx: MessageContext) -> Any:
        return parameter_value(self.value, ctx)


def parameter_value(value: Value, ctx: MessageContext) -> Any:
    """What a template gets for a parameter: text, an element, an escaped expression, or ``None``."""
    expression = value.expression
    if expression is None:
        return value.source
    if value.is_escaped:
        return Escaped(expression)
    if isinstance(expression, JsonEval):
        return expression.string(ctx)
    result = expression.value(ctx)
    if isinstance(result, list) and is_node_list(result):
        if not result:
            return None
        return str(result[0]) if isinstance(result[0], str) else result[0]
    return string_value(result)


@mediator("call-template")
class CallTemplateMediator(Mediator):
    """
    Run a sequence template here; the flow goes on after it unless it ended the flow.

    ::

        <call-template target="quote">
            <with-param name="symbol" value="{//m:symbol}"/>
            <with-param name="source" value="NASDAQ"/>
        </call-template>

    Inside the template the parameters that it declares are read as ``$func:symbol`` or
    ``get-property('func', 'symbol')``. The name is looked up for each message. ``onError`` names a sequence that runs
    when the template fails.
    """

    target: str = grammar.field(TemplateName())
    on_error: str | None = grammar.sequence_name("onError")
    parameters: tuple[WithParam, ...] = grammar.children("with-param", WithParam)

    def mediate(self, ctx: MessageContext) -> Outcome:
        return guarded(self._call, ctx, self.on_error, f"call-template : {self.target}")

    def _call(self, ctx: MessageContext) -> Outcome:
        template = sequence_template(self.target, ctx)
        return template.call({parameter.name: parameter.given(ctx) for parameter in self.parameters}, ctx)


def sequence_template(name: str, ctx: MessageContext) -> SequenceTemplate:
    """
    Raises:
        TemplateNotFound: none of that name is deployed, or it is an endpoint's.
    """
    template = ctx.environment.deployed("template").get(name)
    if not isinstance(template, SequenceTemplate):
        raise TemplateNotFound(name)
    return template
