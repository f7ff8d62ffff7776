"""``<xquery>``: replace a part of the message by what a query gives."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, Final, Literal

from lxml import etree

from mediation import grammar
from mediation.errors import GrammarError, MediationError, NotRunnable, XmlError
from mediation.expressions import Expression, Value
from mediation.expressions.results import string_value
from mediation.grammar import Mediator, Node, mediator, node
from mediation.message import MessageContext
from mediation.payloads.nodes import set_text
from mediation.payloads.xml import parse_xml, to_text
from mediation.transformation.place import put_in_place, selected
from mediation.transformation.processor import HAS_SAXON, PROCESSOR, SAXON_HINT, Variable
from mediation.transformation.program import Program, query
from mediation.transformation.resources import WithoutEffect, entry_text

if TYPE_CHECKING:
    from mediation.flow import Outcome

TYPES: Final = {
    "INT": "int",
    "INTEGER": "integer",
    "BOOLEAN": "boolean",
    "BYTE": "byte",
    "DOUBLE": "double",
    "SHORT": "short",
    "LONG": "long",
    "FLOAT": "float",
    "STRING": "string",
    "DOCUMENT": "document",
    "ELEMENT": "element",
}
MAX_QUERIES: Final = 64
"""How many a mediator with a dynamic key keeps."""


@node("variable")
class QueryVariable(Node):
    """An external variable of the query: text, what an expression gives, or a local entry."""

    name: str = grammar.attribute(name="name")
    type: str = grammar.attribute(name="type", choices=TYPES)
    value: str | None = grammar.attribute(None, name="value")
    expression: Expression | None = grammar.expression()
    key: str | None = grammar.attribute(None, name="key")

    def check(self) -> None:
        if self.value is None and self.expression is None and self.key is None:
            raise GrammarError(f'<variable name="{self.name}"> needs a value, an expression or a key')
        if self.expression is not None and self.key is not None:
            raise NotRunnable("a <variable> of <xquery> with both key and expression", "select in the query")

    def bound(self, ctx: MessageContext) -> Variable:
        """
        Raises:
            MediationError: there is no such entry.
        """
        if self.value is not None:
            text = self.value
        elif self.expression is not None:
            text = _text(self.expression, ctx, as_xml=self.type in ("DOCUMENT", "ELEMENT"))
        else:
            entry = ctx.environment.local_entry(self.key or "")
            if entry is None:
                raise MediationError(f"No object found for the key '{self.key}'")
            text = entry_text(entry)
        return self.name, TYPES[self.type], text.strip() if self.type != "STRING" else text


def _text(expression: Expression, ctx: MessageContext, *, as_xml: bool) -> str:
    if not as_xml:
        return expression.string(ctx) or ""
    found = expression.value(ctx)
    node = found[0] if isinstance(found, list) and found else found
    return to_text(node) if isinstance(node, etree._Element) else string_value(node) or ""


@mediator("xquery")
class XQueryMediator(Mediator):
    """
    Run the query in a local entry, and put the first item of its result where ``target`` leads.

    ::

        <xquery key="order-query" target="//m:order" xmlns:m="http://services.samples">
            <variable name="payload" type="ELEMENT" expression="$body/*[1]"/>
            <variable name="limit" type="INT" value="5"/>
        </xquery>

    An element or document replaces the target, by default the first element of the Body; anything else becomes the
    target's text. The query sees its variables only: each needs ``declare variable $name external;`` in it. The entry
    holds the query as text, or as the text of an element.

    Needs the package saxonche. It runs in a process of its own, like a stylesheet (``docs/compatibility.md``, XSLT and
    XQuery).
    """

    key: Value = grammar.value("key", required=True, refers="localEntry")
    target: Expression | None = grammar.expression("target", plain=True)
    variables: tuple[QueryVariable, ...] = grammar.children("variable", QueryVariable)
    data_source: None = dataclasses.field(metadata={"rule": WithoutEffect("dataSource")})
    queries: dict[str, Program] = dataclasses.field(init=False, default_factory=dict)

    def check(self) -> None:
        if not HAS_SAXON:
            raise NotRunnable("<xquery> without saxonche", SAXON_HINT)

    def mediate(self, ctx: MessageContext) -> Outcome:
        return self._query(ctx)

    async def _query(self, ctx: MessageContext) -> Literal[True]:
        try:
            program = self._program(self.key.string(ctx) or "", ctx)
            variables = [variable.bound(ctx) for variable in self.variables]
            result = json.loads(await PROCESSOR.run(program, variables=variables))
            if result is not None:
                self._put(result, ctx)
        except (MediationError, XmlError) as exc:
            raise MediationError(f"Unable to execute the query : {exc}") from exc
        return True

    def _program(self, key: str, ctx: MessageContext) -> Program:
        found = self.queries.get(key)
        if found is None or not found.is_current(ctx.environment):
            found = query(key, ctx.environment)
            if len(self.queries) >= MAX_QUERIES:
                self.queries.clear()
            self.queries[key] = found
        return found

    def _put(self, result: dict[str, Any], ctx: MessageContext) -> None:
        place = selected(self.target, ctx)
        if "xml" in result:
            element = parse_xml(result["xml"])
            if place is None:
                ctx.payload.replace_body(element)
            else:
                put_in_place(place, element, ctx)
        elif place is not None:
            try:
                set_text(place, result["text"])
            except ValueError as exc:
                raise MediationError("the result holds a character that XML does not have") from exc
            ctx.payload.changed()
