"""XPath 1.0 expressions (``docs/compatibility.md``, XPath)."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from mediation.errors import ExpressionError, ExpressionSyntaxError, NotRunnable
from mediation.payloads.json_text import dumps

from . import functions
from .results import boolean_value, is_node_list, string_value
from .variables import BODY_PARTS, Read, get_property
from .xpath_source import GET_PROPERTY, PREFIX, Source, Token, rewrite

if TYPE_CHECKING:
    from mediation.message import MessageContext

    from . import Expression

_NAMESPACE: Final = "urn:django-esb:xpath-functions"
_NO_BODY: Final = etree.Element("none")  # the context node of expressions that read no body

# One location path, and nothing beside it.
_ROOTED: Final = re.compile(r"\s*\$(?P<name>body|header|env)\s*(?P<path>/[^$|]*)")

_evaluating = threading.local()  # .ctx: the message, for functions that libxml2 calls back


def compile_xpath(text: str, namespaces: Mapping[str, str]) -> Expression:
    """
    Args:
        namespaces: by prefix. There is no default namespace: a name without a prefix has none.

    Raises:
        ExpressionSyntaxError: not an XPath 1.0 expression.
        NotRunnable: a function or scope that this version does not have.
    """
    source = rewrite(text)
    if source.parts is not None:
        operands = [_operand(part, source) for part in source.parts]
        if len(operands) == 1:
            return Single(text, operands[0], source.reads_payload)
        return Concat(text, operands, source.reads_payload)
    rooted = _ROOTED.fullmatch(text)
    if rooted is not None:
        # To start at a node costs less than to hand it over as a variable.
        path = rooted["path"]
        relative = rewrite(f".{path}" if path.startswith("//") else path[1:])
        return XPath(text, relative, namespaces, start=BODY_PARTS[rooted["name"]])
    return XPath(text, source, namespaces)


def _operand(part: Token, source: Source) -> Read:
    if part.kind == "variable":
        return source.variables[part.text[1:]].read
    literal = part.text[1:-1]
    return lambda ctx: literal


class Single:
    """A property, a part of the envelope or a literal alone: needs no XPath engine."""

    __slots__ = ("_read", "reads_payload", "source")

    def __init__(self, source: str, read: Read, reads_payload: bool) -> None:
        self.source = source
        self.reads_payload = reads_payload
        self._read = read

    def string(self, ctx: MessageContext) -> str | None:
        return string_value(self._read(ctx))

    def boolean(self, ctx: MessageContext) -> bool:
        return boolean_value(self._read(ctx))

    def value(self, ctx: MessageContext) -> Any:
        return self._read(ctx)


class Concat:
    """``concat()`` of properties and literals: needs no XPath engine either."""

    __slots__ = ("_operands", "reads_payload", "source")

    def __init__(self, source: str, operands: list[Read], reads_payload: bool) -> None:
        self.source = source
        self.reads_payload = reads_payload
        self._operands = operands

    def string(self, ctx: MessageContext) -> str:
        return "".join([functions.xpath_string(_xpath_value(read(ctx))) for read in self._operands])

    def boolean(self, ctx: MessageContext) -> bool:
        return bool(self.string(ctx))

    def value(self, ctx: MessageContext) -> Any:
        return self.string(ctx)


class XPath:
    """
    An expression for libxml2, compiled once; its context node is the SOAP Envelope.

    Args:
        start: gives another context node; the expression finds nothing where there is none.
    """

    __slots__ = (
        "_evaluate",
        "_is_plain",
        "_start",
        "_undeclared",
        "_variables",
        "_whole_nodes",
        "reads_payload",
        "repeats_search",
        "source",
    )

    def __init__(self, text: str, source: Source, namespaces: Mapping[str, str], *, start: Read | None = None) -> None:
        self.source = text
        self._start = start
        self.reads_payload = source.reads_payload or start is not None
        self.repeats_search = source.repeats_search
        bound = {prefix: uri for prefix, uri in namespaces.items() if prefix}
        self._undeclared = sorted(source.prefixes - bound.keys() - {"xml"})
        self._variables = [(name, reading.read) for name, reading in source.variables.items()]
        self._whole_nodes = "node()" in text
        self._is_plain = not source.functions and not source.variables  # reads nothing but the tree
        bound[PREFIX] = _NAMESPACE
        try:
            self._evaluate = etree.XPath(
                source.text,
                namespaces=bound,
                extensions={(_NAMESPACE, name): _function(name) for name in source.functions},
                regexp=False,  # its expressions could take exponential time
            )
        except etree.XPathSyntaxError as exc:
            raise ExpressionSyntaxError(text, str(exc)) from exc

    def string(self, ctx: MessageContext) -> str | None:
        return string_value(self.value(ctx), whole_nodes=self._whole_nodes)

    def boolean(self, ctx: MessageContext) -> bool:
        return boolean_value(self.value(ctx))

    def value(self, ctx: MessageContext) -> Any:
        """
        Nodes, a string, a number or a truth value.

        Raises:
            ExpressionError: an undeclared prefix, wrong arguments, or a property that XPath cannot take.
            PayloadError: the body cannot be parsed.
        """
        if self._start is not None:
            return self._from_start(ctx, self._start)
        return self._evaluated(ctx.payload.envelope if self.reads_payload else _NO_BODY, ctx)

    def _from_start(self, ctx: MessageContext, start: Read) -> Any:
        node = start(ctx)
        return [] if node is None else self._evaluated(node, ctx)

    def string_at(self, element: etree._Element, ctx: MessageContext) -> str | None:
        """The string value with another context node than the envelope."""
        found = self._evaluated(element, ctx) if self._start is None else self._from_start(ctx, self._start)
        return string_value(found, whole_nodes=self._whole_nodes)

    def _evaluated(self, node: etree._Element, ctx: MessageContext) -> Any:
        if self._undeclared:
            raise ExpressionError(self.source, f"the prefix {self._undeclared[0]} is not declared")
        if self._is_plain:
            try:
                return self._evaluate(node)
            except etree.XPathError as exc:
                raise ExpressionError(self.source, str(exc)) from exc
        outer = getattr(_evaluating, "ctx", None)
        _evaluating.ctx = ctx
        try:
            return self._evaluate(node, **{name: _xpath_value(read(ctx)) for name, read in self._variables})
        except etree.XPathError as exc:
            raise ExpressionError(self.source, str(exc)) from exc
        except ValueError as exc:  # a control character in a property, or bad arguments of a function
            raise ExpressionError(self.source, str(exc)) from exc
        finally:
            _evaluating.ctx = outer


def _xpath_value(value: Any) -> Any:
    """A property as XPath takes it. A missing one is an empty node-set: equal to nothing, and ``""`` as a string."""
    if value is None:
        return []
    if isinstance(value, str | bool | float | etree._Element):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)  # XPath's numbers are doubles
    if isinstance(value, list) and is_node_list(value):
        if all(isinstance(node, etree._Element) for node in value):
            return value
        return "".join(string_value([node]) or "" for node in value)
    return dumps(value) if isinstance(value, list | dict) else string_value(value)


def _function(name: str) -> Callable[..., Any]:
    if name == GET_PROPERTY:
        return lambda _, *arguments: _get_property(arguments)
    return lambda _, *arguments: functions.call(name, arguments)


def _get_property(arguments: tuple[Any, ...]) -> Any:
    try:
        reading = get_property(*map(functions.xpath_string, arguments))
    except NotRunnable as exc:
        raise ValueError(str(exc)) from exc
    value = _xpath_value(reading.read(_evaluating.ctx))
    # A whole number would come out of libxml2 as a double, and read 3.0.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
