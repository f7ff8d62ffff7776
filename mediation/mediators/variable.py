"""``<variable>``: set or remove a variable of the message."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any, Final, Literal

from lxml import etree

from mediation import grammar
from mediation.errors import GrammarError, MediationError, PayloadError, XmlError
from mediation.expressions import Expression
from mediation.grammar import Mediator, mediator
from mediation.message import MessageContext
from mediation.payloads.xml import parse_xml
from mediation.typed_values import EVALUATED, LITERAL, json_value

_OWN: Final[dict[str, Callable[[str], Any]]] = {"JSON": json_value, "XML": parse_xml}
"""Types that properties have not, or keep otherwise: a variable of JSON holds the value, not its text."""

TYPES: Final = ("STRING", "BOOLEAN", "INTEGER", "LONG", "DOUBLE", "JSON", "XML")


def _cannot_convert(type_: str) -> str:
    return (
        f"Unknown type : {type_} for the variable mediator or the variable value cannot be converted into the "
        "specified type."
    )


def _type(name: str) -> str:
    if name not in TYPES:
        raise GrammarError(_cannot_convert(name))
    return name


@mediator("variable")
class VariableMediator(Mediator):
    """
    Set a variable of the message, or remove it.

    ::

        <variable name="id" type="INTEGER" value="123"/>
        <variable name="order" type="JSON" expression="${payload.order}"/>
        <variable name="id" action="remove"/>

    Variables are typed, and stay with the message and its answers. Expressions read them as ``${vars.id}`` or
    ``$var:id``, and follow JSON with a path: ``${vars.order.items[0].id}``.

    ``type`` is ``STRING``, ``BOOLEAN`` (``true``, ``yes`` and ``1`` are true), ``INTEGER``, ``LONG``, ``DOUBLE``,
    ``JSON`` or ``XML``. A ``value`` that does not convert is refused when the artifact is deployed, what an
    ``expression`` gives when the message comes.
    """

    name: str = grammar.attribute(name="name")
    value: str | None = grammar.attribute(None, name="value")
    expression: Expression | None = grammar.expression()
    type: str = grammar.attribute("STRING", name="type", convert=_type)
    action: str = grammar.attribute("set", name="action", choices=("set", "remove"))
    constant: Any = dataclasses.field(init=False, default=None)
    """The value, unless an expression gives it."""

    def __post_init__(self) -> None:
        if self.value is not None:
            try:
                object.__setattr__(self, "constant", (LITERAL | _OWN)[self.type](self.value))
            except (ValueError, XmlError, PayloadError) as exc:
                raise GrammarError(_cannot_convert(self.type)) from exc

    def check(self) -> None:
        if not self.name:
            raise GrammarError("The 'name' attribute is required for the configuration of a variable mediator")
        if self.action == "set" and self.value is None and self.expression is None:
            raise GrammarError(
                "Either one of 'value' or 'expression' attributes is required for a variable mediator "
                "when action is SET"
            )

    def mediate(self, ctx: MessageContext) -> Literal[True]:
        if self.action == "remove":
            ctx.variables.pop(self.name, None)
        elif self.value is not None:
            is_xml = isinstance(self.constant, etree._Element)
            ctx.variables[self.name] = copy.deepcopy(self.constant) if is_xml else self.constant
        else:
            ctx.variables[self.name] = self._computed(ctx)
        return True

    def _computed(self, ctx: MessageContext) -> Any:
        assert self.expression is not None, "checked"
        if self.type in _OWN:
            found = self.expression.value(ctx)
            if self.type == "XML" and (element := _element(found)) is not None:
                return copy.deepcopy(element)
            if self.type == "JSON" and isinstance(found, dict | bool | int | float | None):
                return found
        text = self.expression.string(ctx)
        if text is None:
            return None
        try:
            return (EVALUATED | _OWN)[self.type](text)
        except (ValueError, OverflowError, XmlError, PayloadError) as exc:
            raise MediationError(_cannot_convert(self.type)) from exc


def _element(found: Any) -> etree._Element | None:
    """The first element of what an expression found."""
    nodes = found if isinstance(found, list) else [found]
    return next((node for node in nodes if isinstance(node, etree._Element)), None)
