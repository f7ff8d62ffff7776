"""
Conditions on a message, as ``<rewrite>`` and ``<conditionalRouter>`` have them.

::

    <condition>
        <and>
            <match type="header" source="User-Agent" regex="curl.*"/>
            <not><equal type="url" source="protocol" value="https"/></not>
        </and>
    </condition>
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import parse_qsl

from mediation import grammar
from mediation.errors import GrammarError
from mediation.expressions import Expression, Pattern, compile_regex
from mediation.expressions.results import string_value
from mediation.grammar import Node, elements, local_name, node
from mediation.uri_fragments import FRAGMENTS, UriFragments

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler
    from mediation.message import MessageContext

TYPES: Final = ("header", "param", "url", "property", "soap")


class Evaluator(Protocol):
    """A compiled condition. Shared by all messages."""

    def holds(self, ctx: MessageContext, uri: str | None) -> bool:
        """
        Whether the condition is met.

        Args:
            uri: what conditions on a URL look at.
        """


class _SoapSource(grammar.Rule):
    """With ``type="soap"`` the source is an expression on the message."""

    attributes = ("source",)

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> Expression | None:
        source = element.get("source")
        return compiler.expression(source, element) if source and element.get("type") == "soap" else None


class _Source(Node):
    """Where a condition gets its text from."""

    __slots__ = ()

    type: str
    source: str | None
    expression: Expression | None

    def check(self) -> None:
        if self.source is None and self.type != "url":
            raise GrammarError(f'<{self.tag}> needs the attribute "source"')
        if self.type == "url" and self.source not in (None, "full", *FRAGMENTS):
            raise GrammarError(f'<{self.tag}> source "{self.source}" is not one of full, {", ".join(FRAGMENTS)}')

    def text(self, ctx: MessageContext, uri: str | None) -> str | None:
        """What is looked at; ``None`` if it is not there."""
        if self.expression is not None:
            return self.expression.string(ctx)
        source = self.source or ""
        if self.type == "header":
            return ctx.headers.get(source)
        if self.type == "property":
            return string_value(ctx.get(source))
        if uri is None:
            return None
        if self.type == "param":
            return dict(parse_qsl(UriFragments.parse(uri).query or "", keep_blank_values=True)).get(source)
        return uri if not source else UriFragments.parse(uri).get(source)


@node("equal")
class Equal(_Source):
    """The text is this value, in upper or lower case."""

    type: str = grammar.attribute("header", name="type", choices=TYPES)
    source: str | None = grammar.attribute(None, name="source")
    value: str = grammar.attribute(name="value")
    expression: Expression | None = dataclasses.field(metadata={"rule": _SoapSource()})

    def holds(self, ctx: MessageContext, uri: str | None) -> bool:
        text = self.text(ctx, uri)
        return text is not None and text.lower() == self.value.lower()


@node("match")
class Match(_Source):
    """The whole text matches this regular expression."""

    type: str = grammar.attribute("header", name="type", choices=TYPES)
    source: str | None = grammar.attribute(None, name="source")
    regex: Pattern = grammar.attribute(name="regex", convert=compile_regex)
    expression: Expression | None = dataclasses.field(metadata={"rule": _SoapSource()})

    def holds(self, ctx: MessageContext, uri: str | None) -> bool:
        text = self.text(ctx, uri)
        return text is not None and self.regex.fullmatch(text) is not None


@dataclasses.dataclass(frozen=True, slots=True)
class _All:
    parts: tuple[Evaluator, ...]

    def holds(self, ctx: MessageContext, uri: str | None) -> bool:
        return all(part.holds(ctx, uri) for part in self.parts)


@dataclasses.dataclass(frozen=True, slots=True)
class _Any:
    parts: tuple[Evaluator, ...]

    def holds(self, ctx: MessageContext, uri: str | None) -> bool:
        return any(part.holds(ctx, uri) for part in self.parts)


@dataclasses.dataclass(frozen=True, slots=True)
class _Not:
    parts: tuple[Evaluator, ...]

    def holds(self, ctx: MessageContext, uri: str | None) -> bool:
        return not self.parts[0].holds(ctx, uri)


_COMPOSITES: Final[dict[str, Callable[[tuple[Evaluator, ...]], Evaluator]]] = {"and": _All, "or": _Any, "not": _Not}


def read_evaluator(element: etree._Element, compiler: Compiler) -> Evaluator:
    """
    Read ``<and>``, ``<or>``, ``<not>``, ``<equal>`` or ``<match>``.

    Raises:
        GrammarError: it is none of these, or has too many or too few conditions inside.
    """
    tag = local_name(element)
    if tag == "equal":
        return Equal.from_xml(element, compiler)
    if tag == "match":
        return Match.from_xml(element, compiler)
    if tag not in _COMPOSITES:
        raise GrammarError(f"<{tag}> is not a condition: and, or, not, equal, match", element.sourceline)
    parts = tuple(read_evaluator(part, compiler) for part in elements(element))
    if tag == "not" and len(parts) != 1:
        raise GrammarError("<not> needs one condition inside", element.sourceline)
    if tag != "not" and len(parts) < 2:
        raise GrammarError(f"<{tag}> needs two or more conditions inside", element.sourceline)
    return _COMPOSITES[tag](parts)


class _Inside(grammar.Rule):
    """The one evaluator in the element."""

    takes_all_children = True

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> Evaluator:
        inside = list(elements(element))
        if len(inside) != 1:
            raise GrammarError(f"<{node.tag}> needs one condition inside", element.sourceline)
        return read_evaluator(inside[0], compiler)


@node("condition")
class Condition(Node):
    """A condition, for ``grammar.child("condition", Condition)``."""

    evaluator: Evaluator = dataclasses.field(metadata={"rule": _Inside()})

    def holds(self, ctx: MessageContext, uri: str | None = None) -> bool:
        """
        Args:
            uri: what conditions on a URL look at; by default the address of the message.
        """
        return self.evaluator.holds(ctx, ctx.to if uri is None else uri)
