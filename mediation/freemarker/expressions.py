"""
The expressions of FreeMarker templates, compiled to functions of a scope.

::

    or       = and ("||" and)*
    and      = equality ("&&" equality)*
    equality = relation (("==" | "=" | "!=") relation)*
    relation = range (("<" | "<=" | ">" | ">=" | "lt" | "lte" | "gt" | "gte") range)*
    range    = sum [".." sum]
    sum      = product (("+" | "-") product)*
    product  = unary (("*" | "/" | "%") unary)*
    unary    = ("!" | "-" | "+") unary | primary (".name" | "[or]" | "?builtin(args)" | "??" | "![sum]")*
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from mediation.errors import ExpressionSyntaxError, NotRunnable

from .builtins import BUILTINS, OF_LOOPS, OF_MISSING, call
from .values import MISSING, Nodes, TemplateFailure, decimal, is_number, kind, member, text

MAX_DEPTH: Final = 40
"""How deep parentheses and operators may lie in each other."""
MAX_RANGE: Final = 100_000
"""Numbers in a range."""


class MissingValue(TemplateFailure):
    """Something of a value that is not there; ``(a.b)!`` and ``(a.b)??`` take it for missing."""


@dataclass(slots=True)
class Loop:
    """One ``<#list>`` while it runs."""

    name: str
    value: Any
    index: int
    size: int


@dataclass(slots=True)
class Scope:
    """
    What names mean: variables of loops, assigned ones, the data model.

    Attributes:
        steps: how often loops have gone round so far.
    """

    model: Mapping[str, Any]
    variables: dict[str, Any] = field(default_factory=dict)
    loops: list[Loop] = field(default_factory=list)
    steps: int = 0

    def loop(self, name: str) -> Loop | None:
        return next((loop for loop in reversed(self.loops) if loop.name == name), None)

    def get(self, name: str) -> Any:
        loop = self.loop(name)
        if loop is not None:
            return loop.value
        for suffix in ("_has_next", "_index"):
            loop = self.loop(name.removesuffix(suffix)) if name.endswith(suffix) else None
            if loop is not None:
                return OF_LOOPS[suffix[1:]](loop.index, loop.size)
        value = self.variables[name] if name in self.variables else self.model.get(name)
        return MISSING if value is None else value


Evaluate = Callable[[Scope], Any]


class Node(NamedTuple):
    """A part of an expression; ``name`` if it is a variable alone, ``in_parentheses`` if it stands in some."""

    evaluate: Evaluate
    name: str = ""
    in_parentheses: bool = False


_TOKEN: Final = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<number>\d+(?:\.\d+)?)
  | (?P<raw>r"[^"]*"|r'[^']*')
  | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<name>[A-Za-z_$@][\w$@]*(?:\\[-.:][\w$@]*)*)
  | (?P<symbol>\.\.[<!*]?|\?\?|&&|\|\||==|!=|<=|>=|->|[][(){}.,:;?!=<>+*/%-])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(?:x([0-9A-Fa-f]{1,4})|(.))", re.DOTALL)
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "b": "\b", "l": "<", "g": ">", "a": "&"}
_RELATIONS: Final = {
    "<": "<", "lt": "<", "<=": "<=", "lte": "<=", ">": ">", "gt": ">", ">=": ">=", "gte": ">=",
}  # fmt: skip
_STARTS_OPERAND: Final = frozenset({"number", "string", "raw", "name"})


class Token(NamedTuple):
    kind: str
    text: str


def tokens_of(source: str) -> list[Token]:
    tokens, position = [], 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            raise ExpressionSyntaxError(source, f"unexpected {source[position : position + 10]!r}")
        position = match.end()
        if match.lastgroup != "space":
            tokens.append(Token(match.lastgroup or "", match[0]))
    return [*tokens, Token("end", "")]


def compile_expression(source: str) -> Evaluate:
    """
    Raises:
        ExpressionSyntaxError: not an expression.
        NotRunnable: a built-in that this version does not have.
    """
    parser = Parser(source)
    evaluate = parser.expression().evaluate
    parser.need_end()
    return evaluate


class Parser:
    """Reads one expression; directives use it for the words around theirs."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = tokens_of(source)
        self.index = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def fail(self, reason: str | None = None) -> None:
        found = repr(self.token.text) if self.token.text else "the end"
        raise ExpressionSyntaxError(self.source, reason or f"unexpected {found}")

    def next(self) -> Token:
        self.index += 1
        return self.tokens[self.index - 1]

    def at(self, *texts: str) -> bool:
        return self.token.kind in ("symbol", "name") and self.token.text in texts

    def take(self, *texts: str) -> str | None:
        return self.next().text if self.at(*texts) else None

    def need(self, wanted: str) -> None:
        if self.take(wanted) is None:
            self.fail()

    def need_end(self) -> None:
        if self.token.kind != "end":
            self.fail()

    def name(self) -> str:
        if self.token.kind != "name":
            self.fail()
        return self.next().text.replace("\\", "")

    # -- operators

    def expression(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail("it is nested too deeply")
        node = self.chain(self.conjunction, {"||": lambda left, right: _truth(left) or _truth(right)})
        self.depth -= 1
        return node

    def conjunction(self) -> Node:
        return self.chain(self.equality, {"&&": lambda left, right: _truth(left) and _truth(right)})

    def equality(self) -> Node:
        return self.chain(self.relation, {"==": _equal, "=": _equal, "!=": lambda left, right: not _equal(left, right)})

    def relation(self) -> Node:
        return self.chain(self.range, {symbol: _relation(operator) for symbol, operator in _RELATIONS.items()})

    def range(self) -> Node:
        left = self.sum()
        operator = self.take("..", "..<", "..!")
        if operator is None:
            return left
        start, end, extra = left.evaluate, self.sum().evaluate, 1 if operator == ".." else 0
        return Node(lambda scope: _range(start(scope), end(scope), extra))

    def sum(self) -> Node:
        return self.chain(self.product, {"+": _add, "-": _arithmetic("-")})

    def product(self) -> Node:
        return self.chain(self.unary, {symbol: _arithmetic(symbol) for symbol in "*/%"})

    def chain(self, operand: Callable[[], Node], operators: Mapping[str, Callable[[Any, Any], Any]]) -> Node:
        first = operand()
        rest: list[tuple[str, Evaluate]] = []
        while self.at(*operators):
            symbol = self.next().text
            rest.append((symbol, operand().evaluate))
        if not rest:
            return first

        def evaluate(scope: Scope) -> Any:
            value = first.evaluate(scope)
            for symbol, right in rest:
                # The other side of && and || counts only if this one does not decide.
                if symbol == "||" and _truth(value):
                    return True
                if symbol == "&&" and not _truth(value):
                    return False
                value = operators[symbol](_there(value), _there(right(scope)))
            return value

        return Node(evaluate)

    def unary(self) -> Node:
        symbol = self.take("!", "-", "+")
        if symbol is None:
            return self.postfix(self.primary())
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail("it is nested too deeply")
        operand = self.unary().evaluate
        self.depth -= 1
        if symbol == "!":
            return Node(lambda scope: not _truth(operand(scope)))
        minus = _arithmetic("-")
        return Node(lambda scope: minus(0, operand(scope)) if symbol == "-" else operand(scope))

    # -- what follows a value

    def postfix(self, node: Node) -> Node:
        while True:
            if self.take("."):
                node = self.dotted(node)
            elif self.take("["):
                node = self.bracketed(node)
            elif self.take("??"):
                probe = _quiet(node)
                node = Node(lambda scope, probe=probe: probe(scope) is not MISSING)  # type: ignore[misc]
            elif self.take("?"):
                node = self.builtin(node)
            elif self.at("!") and self.tokens[self.index + 1].text != "=":
                node = self.defaulted(node)
            else:
                return node

    def dotted(self, node: Node) -> Node:
        if self.take("*"):
            raise NotRunnable("the FreeMarker step .*")
        return _step(node.evaluate, _fixed(self.name()))

    def bracketed(self, node: Node) -> Node:
        start = self.sum().evaluate
        operator = self.take("..", "..<", "..!")
        if operator is None:
            self.need("]")
            return _step(node.evaluate, start)
        end = None if self.at("]") else self.sum().evaluate
        self.need("]")
        extra = 1 if operator == ".." else 0

        def part(scope: Scope) -> slice:
            return slice(_index(start(scope)), None if end is None else _index(end(scope)) + extra)

        return _step(node.evaluate, part)

    def defaulted(self, node: Node) -> Node:
        self.need("!")
        probe = _quiet(node)
        has_other = self.token.kind in _STARTS_OPERAND or self.at("(", "[", "{")
        if self.at("gt", "gte", "lt", "lte", "as"):
            has_other = False
        other = self.sum().evaluate if has_other else _fixed("")

        def evaluate(scope: Scope) -> Any:
            value = probe(scope)
            return other(scope) if value is MISSING else value

        return Node(evaluate)

    def builtin(self, node: Node) -> Node:
        name = self.name()
        if name in OF_LOOPS and node.name:
            return Node(_of_loop(name, node.name))
        if name not in BUILTINS:
            raise NotRunnable(f"the FreeMarker built-in ?{name}")
        arguments = self.arguments() if self.take("(") else []
        value = _quiet(node) if name in OF_MISSING else node.evaluate
        return Node(lambda scope: call(name, value(scope), [argument(scope) for argument in arguments]))

    def arguments(self) -> list[Evaluate]:
        nodes: list[Evaluate] = []
        while not self.take(")"):
            nodes.append(self.expression().evaluate)
            if not self.at(")"):
                self.need(",")
        return nodes

    # -- operands

    def primary(self) -> Node:
        token = self.next()
        if token.kind == "number":
            return Node(_fixed(Decimal(token.text) if "." in token.text else int(token.text)))
        if token.kind == "raw":
            return Node(_fixed(token.text[2:-1]))
        if token.kind == "string":
            return Node(_string(token.text))
        if token.kind == "name":
            name = token.text.replace("\\", "")
            if name in ("true", "false"):
                return Node(_fixed(name == "true"))
            return Node(lambda scope: scope.get(name), name=name)
        if token.text == ".":
            return self.special()
        if token.text == "(":
            inner = self.expression().evaluate
            self.need(")")
            return Node(inner, in_parentheses=True)
        if token.text == "[":
            return self.sequence()
        if token.text == "{":
            return self.hash()
        self.index -= 1
        self.fail()
        raise AssertionError("not reached")

    def special(self) -> Node:
        name = self.name()
        if name != "now":
            raise NotRunnable(f"the FreeMarker variable .{name}")
        return Node(lambda scope: datetime.now().astimezone())

    def sequence(self) -> Node:
        parts: list[Evaluate] = []
        while not self.take("]"):
            parts.append(self.expression().evaluate)
            if not self.at("]"):
                self.need(",")
        return Node(lambda scope: [part(scope) for part in parts])

    def hash(self) -> Node:
        pairs: list[tuple[Evaluate, Evaluate]] = []
        while not self.take("}"):
            key = self.expression().evaluate
            self.need(":")
            pairs.append((key, self.expression().evaluate))
            if not self.at("}"):
                self.need(",")
        return Node(lambda scope: {text(key(scope)): value(scope) for key, value in pairs})


# -- what the closures do


def _fixed(value: Any) -> Evaluate:
    return lambda scope: value


def _string(literal: str) -> Evaluate:
    from .template import compile_text  # a string may hold ${...}, as a template does

    source = _ESCAPE.sub(
        lambda match: chr(int(match[1], 16)) if match[1] else _ESCAPED.get(match[2], match[2]), literal[1:-1]
    )
    return compile_text(source) if "${" in source else _fixed(source)


def _step(base: Evaluate, key: Evaluate) -> Node:
    def evaluate(scope: Scope) -> Any:
        value, name = base(scope), key(scope)
        if value is MISSING:
            raise MissingValue("a part of a value that is missing")
        return member(value, int(name) if is_number(name) else text(name) if isinstance(name, Nodes) else name)

    return Node(evaluate)


def _quiet(node: Node) -> Evaluate:
    """The value, ``MISSING`` if it or, within parentheses, something on the way to it is missing."""
    if not node.in_parentheses:
        return node.evaluate

    def evaluate(scope: Scope) -> Any:
        try:
            return node.evaluate(scope)
        except MissingValue:
            return MISSING

    return evaluate


def _of_loop(name: str, variable: str) -> Evaluate:
    def evaluate(scope: Scope) -> Any:
        loop = scope.loop(variable)
        if loop is None:
            raise TemplateFailure(f"?{name} of something that is not the variable of a <#list>")
        return OF_LOOPS[name](loop.index, loop.size)

    return evaluate


def _there(value: Any) -> Any:
    if value is MISSING:
        raise MissingValue("a value is missing; use !, ?? or ?has_content where it may be")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(_there(value), bool):
        raise TemplateFailure(f"a {kind(value)} where true or false is needed")
    return bool(value)


def truth(evaluate: Evaluate) -> Callable[[Scope], bool]:
    """A condition; anything but true and false fails."""
    return lambda scope: _truth(evaluate(scope))


def _comparable(value: Any) -> Any:
    if isinstance(value, Nodes):
        return value.text()
    return decimal(value) if is_number(value) else value


def _equal(left: Any, right: Any) -> bool:
    one, other = _comparable(left), _comparable(right)
    if type(one) is not type(other) or isinstance(one, Mapping | list):
        raise TemplateFailure(f"a {kind(left)} cannot be compared with a {kind(right)}")
    return bool(one == other)


def _relation(operator: str) -> Callable[[Any, Any], bool]:
    def compare(left: Any, right: Any) -> bool:
        one, other = _comparable(left), _comparable(right)
        if type(one) is not type(other) or isinstance(one, str | bool | Mapping | list):
            raise TemplateFailure(f"{operator} needs two numbers or two dates")
        if operator == "<":
            return bool(one < other)
        if operator == "<=":
            return bool(one <= other)
        return bool(one > other) if operator == ">" else bool(one >= other)

    return compare


def _add(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        return decimal(left) + decimal(right)
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return {**left, **right}
    if isinstance(left, list) and isinstance(right, Sequence) and not isinstance(right, str):
        return [*left, *right]
    return text(left) + text(right)


def _arithmetic(operator: str) -> Callable[[Any, Any], Any]:
    def calculate(left: Any, right: Any) -> Decimal:
        if not (is_number(left) and is_number(right)):
            raise TemplateFailure(f"{operator} needs two numbers")
        one, other = decimal(left), decimal(right)
        if operator in "/%" and not other:
            raise TemplateFailure("a division by zero")
        if operator == "-":
            return one - other
        if operator == "*":
            return one * other
        return one / other if operator == "/" else one % other

    return calculate


def _index(value: Any) -> int:
    if not is_number(value):
        raise TemplateFailure("a range needs numbers")
    return int(value)


def _range(start: Any, end: Any, extra: int) -> list[int]:
    first, last = _index(start), _index(end)
    if abs(last - first) > MAX_RANGE:
        raise TemplateFailure(f"a range of more than {MAX_RANGE} numbers")
    return list(range(first, last + extra) if first <= last else range(first, last - extra, -1))
