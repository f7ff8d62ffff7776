"""One body made of what an expression finds in several: what ``aggregate`` and ``scatter-gather`` have in common."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from lxml import etree

from mediation.errors import GrammarError, MediationError
from mediation.expressions.json_eval import JsonEval
from mediation.expressions.results import is_node_list
from mediation.expressions.synapse import SynapseExpression
from mediation.splitting import cut_out, empty

if TYPE_CHECKING:
    from mediation.expressions import Expression
    from mediation.message import MessageContext


def no_match(expression: Expression) -> MediationError:
    return MediationError(f"Error evaluating expression: {expression.source}")


# -- XML


def elements_of(messages: Iterable[MessageContext], expression: Expression | None) -> list[etree._Element]:
    """
    The elements that the expression finds in each body, by default the first one there. They are taken out of it.

    Raises:
        MediationError: nothing is found in a message, or its envelope.
    """
    found: list[etree._Element] = []
    for ctx in messages:
        if expression is None:
            first = ctx.payload.first_child
            nodes: Any = [] if first is None else [first]
        else:
            nodes = expression.value(ctx)
            nodes = [nodes] if isinstance(nodes, etree._Element) else nodes
        cut = cut_out(ctx.payload, nodes, expression) if isinstance(nodes, list) else []
        if not cut and expression is not None:
            raise no_match(expression)
        found += cut
    return found


def put_elements(ctx: MessageContext, elements: Iterable[etree._Element], enclosing: etree._Element | None) -> None:
    """Make the elements the content of the Body, in a copy of the enclosing one if there is one. The Header stays."""
    body = ctx.payload.body
    empty(body)
    if enclosing is not None:
        parent = copy.deepcopy(enclosing)
        parent.tail = None
        body.append(parent)
        body = parent
    body.extend(elements)
    ctx.payload.changed()


def check_name(name: str | None) -> None:
    """
    Raises:
        GrammarError: it is no name of an element.
    """
    try:
        if name is not None:
            etree.QName(name)
    except ValueError as exc:
        raise GrammarError(f'"{name}" is not the name of an element') from exc


def enclosing_element(value: Any) -> etree._Element | None:
    """The element that a property holds, alone or as the first of a list."""
    if isinstance(value, list):
        value = value[0] if value else None
    return value if isinstance(value, etree._Element) else None


# -- JSON


def is_json(messages: Sequence[MessageContext], expression: Expression | None) -> bool:
    """
    Whether the result is JSON.

    A ``json-eval`` says so, for ``${...}`` what it finds in the first body does; without an expression all bodies are.
    """
    if expression is None:
        return all(ctx.payload.is_json for ctx in messages)
    if isinstance(expression, SynapseExpression):
        return not _is_xml(expression.value(messages[0]))
    return isinstance(expression, JsonEval)


def _is_xml(found: Any) -> bool:
    return isinstance(found, etree._Element) or (isinstance(found, list) and bool(found) and is_node_list(found))


def json_values_of(messages: Iterable[MessageContext], expression: Expression) -> list[Any]:
    """
    What the expression finds in each body.

    Raises:
        MediationError: it finds elements.
    """
    values = [expression.value(ctx) for ctx in messages]
    if any(map(_is_xml, values)):
        raise MediationError(f"scatter-gather: {expression.source} finds elements, which are no JSON value")
    return values


def values_of(messages: Iterable[MessageContext], expression: Expression | None) -> list[Any]:
    """What the expression finds in each body, by default all of it; ``None`` for nothing."""
    return [ctx.payload.json() if expression is None else expression.value(ctx) for ctx in messages]


def merged(values: Iterable[Any]) -> Any:
    """One object with the members of all; several of the same name become an array. Without objects an array."""
    members: dict[str, Any] = {}
    several: set[str] = set()
    others: list[Any] = []
    for value in values:
        if not isinstance(value, dict):
            others += value if isinstance(value, list) else [value]
            continue
        for name, member in value.items():
            if name not in members:
                members[name] = member
            elif name in several:
                members[name].append(member)
            else:
                several.add(name)
                members[name] = [members[name], member]
    if not others:
        return members
    return [*([members] if members else []), *others]


def enclosing_name(value: Any, fallback: str) -> str:
    """The member's name that a property stands for: its text, or the name of its element."""
    element = enclosing_element(value)
    if element is not None:
        return str(etree.QName(element).localname)
    return value if isinstance(value, str) and value else fallback
