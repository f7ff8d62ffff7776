"""``<validate>``: check the body against schemas."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from mediation import flow, grammar
from mediation.errors import GrammarError, MediationError
from mediation.expressions import Expression, Value
from mediation.expressions.json_eval import JsonEval
from mediation.grammar import Mediator, Node, mediator, node
from mediation.json_schema import JsonSchema, json_schema
from mediation.message import MessageContext
from mediation.payloads.xml import serialise
from mediation.properties import ERROR_DETAIL, ERROR_EXCEPTION, ERROR_MESSAGE
from mediation.transformation.place import selected
from mediation.transformation.processor import PROCESSOR
from mediation.transformation.program import Program
from mediation.transformation.resources import AttributeWithoutEffect, Resource, WithoutEffect
from mediation.transformation.xml_schema import xml_schema

if TYPE_CHECKING:
    from lxml import etree

    from mediation.flow import Outcome

MAX_SCHEMAS: Final = 64
"""How many a mediator with dynamic keys keeps."""


@node("schema")
class SchemaReference(Node):
    """A schema in a local entry."""

    key: Value = grammar.value("key", required=True, refers="localEntry")


@node("on-fail")
class OnFail(Node):
    """What is done with a message that is not valid."""

    mediators: tuple[Mediator, ...] = grammar.mediators()


class Schemas:
    """The compiled schemas of one mediator by key, each as long as the entries that it is made of stay."""

    __slots__ = ("_json", "_locations", "_xml")

    def __init__(self, locations: Mapping[str, str]) -> None:
        self._locations = locations
        self._xml: dict[tuple[str, ...], Program] = {}
        self._json: dict[str, JsonSchema] = {}

    def xml(self, keys: tuple[str, ...], ctx: MessageContext) -> Program:
        found = self._xml.get(keys)
        if found is None or not found.is_current(ctx.environment):
            found = xml_schema(keys, ctx.environment, self._locations)
            if len(self._xml) >= MAX_SCHEMAS:
                self._xml.clear()
            self._xml[keys] = found
        return found

    def json(self, key: str, ctx: MessageContext) -> JsonSchema:
        found = self._json.get(key)
        if found is None or not found.is_current(ctx.environment):
            found = json_schema(key, ctx.environment)
            if len(self._json) >= MAX_SCHEMAS:
                self._json.clear()
            self._json[key] = found
        return found


class NotValid(MediationError):
    """``ERROR_EXCEPTION`` of a message that is not valid; never raised."""


@mediator("validate")
class ValidateMediator(Mediator):
    """
    Run ``<on-fail>`` if the message does not fit the schema; the flow goes on as that ends.

    ::

        <validate source="//m:order" xmlns:m="http://services.samples">
            <schema key="order-schema"/>
            <resource location="types.xsd" key="conf:/schemas/types.xsd"/>
            <on-fail>
                <log level="custom"><property name="reason" expression="$ctx:ERROR_MESSAGE"/></log>
                <drop/>
            </on-fail>
        </validate>

    XML Schema 1.0 for XML: what ``source`` finds, by default the first element of the Body, against all schemas
    together. JSON Schema for a JSON body or a ``source`` that is ``json-eval``: against the last schema, draft 4 unless
    its ``$schema`` says otherwise. Schemas are local entries; what they include or import is found by ``<resource>``,
    by its key, or beside the key of the schema.

    ``ERROR_MESSAGE`` has all mistakes of XML, one a line, and the first one of JSON; ``ERROR_DETAIL`` says more
    (``docs/compatibility.md``, validate).
    """

    source: Expression | None = grammar.expression("source")
    json_source: Expression | None = grammar.expression("json-source")
    cache: None = dataclasses.field(metadata={"rule": AttributeWithoutEffect("cache-schema")})
    references: tuple[SchemaReference, ...] = grammar.children("schema", SchemaReference)
    on_fail: OnFail | None = grammar.child("on-fail", OnFail)
    resources: tuple[Resource, ...] = grammar.children("resource", Resource)
    features: None = dataclasses.field(metadata={"rule": WithoutEffect("feature")})
    schemas: Schemas = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "schemas", Schemas({each.location: each.key for each in self.resources}))

    def check(self) -> None:
        if not self.references:
            raise GrammarError("No schema specified for the validate mediator")
        if self.on_fail is None or not self.on_fail.mediators:
            raise GrammarError("A non-empty <on-fail> child element is required for the <validate> mediator")

    def mediate(self, ctx: MessageContext) -> Outcome:
        source = self.json_source or self.source
        if isinstance(source, JsonEval) or self.json_source is not None or ctx.payload.is_json:
            return self._json(source, ctx)
        try:
            element = selected(source, ctx)
        except MediationError as exc:
            where = "" if source is None else source.source
            return self._failed(f"Error occurred while accessing source element: {where}", str(exc), ctx)
        if element is None:
            return self._failed("Error occurred while accessing source element: the body is empty", "", ctx)
        return self._xml(element, ctx)

    def _json(self, source: Expression | None, ctx: MessageContext) -> Outcome:
        key = self.references[-1].key.string(ctx) or ""
        schema = self.schemas.json(key, ctx)
        text = ctx.payload.json_text() if source is None else source.string(ctx) or ""
        mistake = schema.mistake(text if text.strip() else "{}")
        if mistake is None:
            return True
        message, detail = mistake
        return self._failed(message, f"Error while validating Json message {detail}", ctx)

    async def _xml(self, element: etree._Element, ctx: MessageContext) -> bool:
        keys = tuple(reference.key.string(ctx) or "" for reference in self.references)
        program = self.schemas.xml(keys, ctx)
        try:
            mistakes = json.loads(await PROCESSOR.run(program, serialise(element)))
        except MediationError as exc:
            raise MediationError(
                f"Error creating a new schema objects for schemas : {', '.join(keys)}", detail=str(exc)
            ) from exc
        if not mistakes:
            return True
        outcome = self._failed("".join(f"{mistake}\n" for mistake in mistakes), mistakes[-1], ctx)
        return outcome if isinstance(outcome, bool) else await outcome

    def _failed(self, message: str, detail: str, ctx: MessageContext) -> Outcome:
        assert self.on_fail is not None, "checked"
        ctx.properties[ERROR_MESSAGE] = message
        ctx.properties[ERROR_DETAIL] = detail
        ctx.properties[ERROR_EXCEPTION] = NotValid(message, detail=detail)
        return flow.run(self.on_fail.mediators, ctx)
