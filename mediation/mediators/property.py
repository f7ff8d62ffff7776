"""``<property>``: set or remove a property of the message."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any, Final, Literal

from lxml import etree

from mediation import grammar
from mediation.errors import GrammarError, MediationError, NotRunnable, PayloadError, XmlError
from mediation.expressions import Expression, Value
from mediation.expressions.regex import Pattern, compile_regex
from mediation.expressions.results import string_value
from mediation.grammar import Mediator, mediator
from mediation.message import MessageContext
from mediation.properties import SCOPES
from mediation.typed_values import EVALUATED, LITERAL

_NULL: Final = {"STRING": None, "BOOLEAN": False, "OM": None, "JSON": None}
"""What an expression without a value becomes; the other types refuse it."""


def _cannot_convert(type_: str) -> str:
    return (
        f"Unknown type : {type_} for the property mediator or the property value cannot be converted into the "
        "specified type."
    )


def _type(name: str) -> str:
    if name not in LITERAL:
        raise GrammarError(_cannot_convert(name))
    return name


def _group(text: str) -> int:
    number = grammar.integer(text)
    if number < 0:
        raise GrammarError("group can have a positive value only")
    return number


@mediator("property")
class PropertyMediator(Mediator):
    """
    Set a property of the message, or remove it.

    ::

        <property name="FORCE_SC_ACCEPTED" value="true" scope="axis2"/>
        <property name="symbol" expression="//m:symbol" xmlns:m="http://services.samples"/>
        <property name="Authorization" expression="fn:concat('Bearer ', $ctx:token)" scope="transport"/>
        <property name="template"><m:order xmlns:m="http://services.samples"/></property>
        <property name="REST_URL_POSTFIX" scope="axis2" action="remove"/>

    ``name`` may be an expression in braces. The value is ``value``, else an XML element inside, of which each message
    gets its own copy, else what ``expression`` gives. ``scope`` is ``default`` for the message and its answer,
    ``transport`` for a header, ``axis2`` for what the transports read (``docs/compatibility.md``, properties),
    ``operation`` for what a request and its answers share.

    ``type`` is ``STRING``, ``BOOLEAN`` (``true``, ``yes`` and ``1`` are true), ``INTEGER``, ``LONG``, ``SHORT``,
    ``FLOAT``, ``DOUBLE``, ``OM`` for XML, or ``JSON``, which is kept as compact JSON text. A ``value`` that does not
    convert is refused when the artifact is deployed, what an ``expression`` gives when the message comes.

    ``pattern`` has to match the whole of a ``STRING``, of which ``group`` is then the value; without a match it is
    empty.

    An expression without a value does not change a property of the default scope: use ``action="remove"``. In the
    transport scope it leaves an empty header.
    """

    name: Value = grammar.value("name", required=True)
    value: str | None = grammar.attribute(None, name="value")
    expression: Expression | None = grammar.expression()
    scope: str = grammar.attribute("default", name="scope", choices=SCOPES)
    type: str = grammar.attribute("STRING", name="type", convert=_type)
    action: str = grammar.attribute("set", name="action", choices=("set", "remove"))
    pattern: Pattern | None = grammar.attribute(None, name="pattern", convert=compile_regex)
    group: int | None = grammar.attribute(None, name="group", convert=_group)
    element: etree._Element = grammar.xml()
    constant: Any = dataclasses.field(init=False, default=None)
    """The value, unless an expression gives it."""

    def __post_init__(self) -> None:
        content = (child for child in grammar.elements(self.element) if grammar.local_name(child) != "description")
        constant: Any = next(content, None)
        if self.value is not None:
            try:
                constant = self._matched(LITERAL[self.type](self.value))
            except (ValueError, XmlError, PayloadError) as exc:
                raise GrammarError(_cannot_convert(self.type)) from exc
        object.__setattr__(self, "constant", constant)

    def check(self) -> None:
        if self.name.is_literal and not self.element.get("name"):
            raise GrammarError("The 'name' attribute is required for the configuration of a property mediator")
        if self.action == "set" and self.constant is None and self.expression is None:
            raise GrammarError(
                "Either a child element or one of 'value', 'expression' attributes is required for a property mediator "
                "when action is SET"
            )
        if self.group is not None and self.pattern is None:
            raise GrammarError("group is only allowed when a pattern is specified")
        if self.scope in ("registry", "system"):
            raise NotRunnable(f'<property scope="{self.scope}">', "a property cannot outlive its message")

    def mediate(self, ctx: MessageContext) -> Literal[True]:
        name = self.name.string(ctx)
        if not name:
            raise MediationError(f'the name of <property name="{self.element.get("name")}"> is empty')
        if self.action == "remove":
            ctx.remove(name, self.scope)
        else:
            value = self._result(ctx)
            # A header is text, and Java writes true where Python writes True.
            ctx.set(name, string_value(value) if self.scope == "transport" else value, self.scope)
        return True

    def _result(self, ctx: MessageContext) -> Any:
        if self.constant is not None:
            return copy.deepcopy(self.constant) if isinstance(self.constant, etree._Element) else self.constant
        assert self.expression is not None
        text = self.expression.string(ctx)
        if text is None and self.type in _NULL:
            return _NULL[self.type]
        try:
            return self._matched(EVALUATED[self.type](text or ""))
        except (ValueError, OverflowError, XmlError, PayloadError) as exc:
            raise MediationError(_cannot_convert(self.type)) from exc

    def _matched(self, value: Any) -> Any:
        if self.pattern is None or self.type != "STRING":
            return value
        match = self.pattern.fullmatch(value)
        group = self.group or 0
        return match.group(group) if match and group <= self.pattern.groups else ""
