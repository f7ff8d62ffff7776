"""What synapse expressions read: the payload, variables, headers, parameters, properties, registry resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from mediation.payloads import media_types
from mediation.payloads.xml import to_text
from mediation.process_values import environment_variable, file_property

from .paths import Evaluate
from .values import EvaluationError, parsed

if TYPE_CHECKING:
    from mediation.message import MessageContext


def payload(ctx: MessageContext, item: Any) -> Any:
    """The body as JSON; XML is converted."""
    body = ctx.payload
    if not body.is_json and body.first_child is None and not body.is_json:
        raise EvaluationError("Payload is empty")
    return body.json()


def whole_payload(ctx: MessageContext, item: Any) -> Any:
    """``payload`` with nothing behind it: the SOAP Body as it is, if the message is ``application/xml``."""
    body = ctx.payload
    if body.media_type == media_types.XML and not body.is_json:
        return body.body
    return payload(ctx, item)


def variable(name: str) -> Evaluate:
    def evaluate(ctx: MessageContext, item: Any) -> Any:
        value = ctx.variable(name)
        if value is None and name not in ctx.variables:
            raise EvaluationError(f"Variable {name} is not defined")
        return value

    return evaluate


_SCOPES: Final = {
    ("headers", ""): ("transport", ""),
    ("params", "queryParams"): ("default", "query.param."),
    ("params", "pathParams"): ("default", "uri.var."),
    ("params", "functionParams"): ("func", ""),
    ("props", "synapse"): ("default", ""),
    ("props", "axis2"): ("axis2", ""),
    ("properties", "synapse"): ("default", ""),
    ("properties", "axis2"): ("axis2", ""),
}
"""Scope and prefix of the property behind ``root.part.name``."""

WITH_PARTS: Final = {root: [part for each, part in _SCOPES if each == root] for root, part in _SCOPES if part}
"""Roots that need a part before the name."""


def scoped(root: str, part: str, name: str) -> Evaluate:
    """A header, parameter or property. One that is not there has no value; what reads like a number is one."""
    scope, prefix = _SCOPES[root, part]
    key = prefix + name
    label = f"{root}.{part}.{name}" if part else f"{root}.{name}"

    def evaluate(ctx: MessageContext, item: Any) -> Any:
        value = ctx.get(key, scope)
        if value is None:
            raise EvaluationError(f"{label} is not set")
        return parsed(value)

    return evaluate


def config(name: str) -> Evaluate:
    """``configs.name``: an environment variable of the process, else a property of the file."""
    of_file = file_property(name)

    def evaluate(ctx: MessageContext, item: Any) -> Any:
        value = environment_variable(name)
        if value is None:
            value = of_file
        if value is None:
            raise EvaluationError(f"configs.{name} is not set")
        return parsed(value)

    return evaluate


def resource(key: Evaluate) -> Evaluate:
    """``registry(path)``: a registry resource or local entry as text."""

    def evaluate(ctx: MessageContext, item: Any) -> Any:
        path = key(ctx, item)
        entry = ctx.environment.local_entry(path) if isinstance(path, str) else None
        if entry is None:
            raise EvaluationError("Could not find the registry resource")
        return to_text(entry.value) if isinstance(entry.value, etree._Element) else entry.value

    return evaluate
