"""``<jsontransform>``: convert the body to JSON anew, and bring it into the types of a schema."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal

from mediation import grammar
from mediation.errors import ConfigurationError, MediationError
from mediation.expressions import Value
from mediation.grammar import Mediator, Node, Rule, mediator
from mediation.json_coercion import coerced
from mediation.json_options import NAMES, json_output
from mediation.json_schema import JsonSchema, json_schema
from mediation.message import MessageContext
from mediation.payloads.json_text import dumps
from mediation.payloads.json_xml import JsonOutput, xml_to_json

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler

MAX_SCHEMAS = 64
"""How many a mediator with a dynamic key keeps."""


class Output(Rule):
    """any number, each a switch of the conversion, with `name` and `value`"""

    tags = ("property",)

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> JsonOutput | None:
        properties: dict[str, str] = {}
        for child in grammar.elements(element):
            if grammar.local_name(child) != "property":
                continue
            name, value = child.get("name"), child.get("value")
            if not name or value is None:
                compiler.error(ConfigurationError("<property> of <jsontransform> needs a name and a value"), child)
                continue
            if name not in NAMES:
                compiler.warning(f"{name} has no effect on XML that becomes JSON", child, "grammar.without-effect")
            properties[name] = value
        return json_output(properties) if properties else None


@mediator("jsontransform")
class JSONTransformMediator(Mediator):
    """
    Convert the body to JSON with other switches than usual, or bring JSON into the types that a schema asks for.

    ::

        <jsontransform>
            <property name="synapse.commons.json.output.autoPrimitive" value="false"/>
        </jsontransform>
        <jsontransform schema="conf:/order.json"/>

    With properties the body is converted from its XML once more; see ``docs/compatibility.md`` (JSON and XML) for the
    switches. The schema is a JSON Schema in a local entry: text becomes numbers, truth values or ``null``, numbers
    become text, and anything becomes an array of one, where the schema wants that. What does not fit even then is a
    fault. ``messageType`` says whether the message leaves as JSON.
    """

    schema: Value | None = grammar.value("schema", refers="localEntry")
    output: JsonOutput | None = dataclasses.field(metadata={"rule": Output()})
    schemas: dict[str, JsonSchema] = dataclasses.field(init=False, default_factory=dict)

    def mediate(self, ctx: MessageContext) -> Literal[True]:
        payload = ctx.payload
        if self.output is not None and payload.first_child is not None:
            payload.replace_json(xml_to_json(payload.first_child, self.output), keep_type=True)
        if self.schema is not None:
            schema = self._schema(self.schema.string(ctx) or "", ctx)
            value = coerced(payload.json(), schema.document)
            text = dumps(value)
            mistake = schema.mistake(text)
            if mistake is not None:
                raise MediationError(mistake[0], detail=mistake[1])
            payload.replace_json(text, keep_type=True)
        return True

    def _schema(self, key: str, ctx: MessageContext) -> JsonSchema:
        found = self.schemas.get(key)
        if found is None or not found.is_current(ctx.environment):
            if ctx.environment.local_entry(key) is None:
                raise MediationError(f"Schema does not exist in the specified location : {key}")
            found = json_schema(key, ctx.environment)
            if len(self.schemas) >= MAX_SCHEMAS:
                self.schemas.clear()
            self.schemas[key] = found
        return found
