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
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from mediation.errors import ExpressionSyntaxError, NotRunnable
from mediation.expressions.cursor import Cursor, Token

from .builtins import BUILTINS, OF_LOOPS, OF_MISSING, call
from .operators import add, arithmetic, equal, numbers, relation, there, truth_value, whole
from .scope import Evaluate, Scope
from .values import MISSING, MissingValue, Nodes, TemplateFailure, is_number, member, text


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


def tokens_of(source: str) -> list[Token]:
    tokens: list[Token] = []
    position = 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            raise ExpressionSyntaxError(source, f"unexpected {source[position : position + 10]!r}")
        position = match.end()
        if match.lastgroup != "space":
            tokens.append(Token(match.lastgroup or "", match[0], match.start(), position))
    return [*tokens, Token("end", "", position, position)]


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


class Parser(Cursor):
    """Reads one expression; directives use it for the words around theirs."""

    def __init__(self, source: str) -> None:
        super().__init__(source, tokens_of(source))

    def name(self) -> str:
        return super().name().replace("\\", "")

    # -- operators

    def expression(self) -> Node:
        return self.deeper(self.disjunction)

    def disjunction(self) -> Node:
        return self.chain(self.conjunction, {"||": lambda left, right: truth_value(left) or truth_value(right)})

    def conjunction(self) -> Node:
        return self.chain(self.equality, {"&&": lambda left, right: truth_value(left) and truth_value(right)})

    def equality(self) -> Node:
        return self.chain(self.relation, {"==": equal, "=": equal, "!=": lambda left, right: not equal(left, right)})

    def relation(self) -> Node:
        return self.chain(self.range, {symbol: relation(operator) for symbol, operator in _RELATIONS.items()})

    def range(self) -> Node:
        left = self.sum()
        operator = self.take("..", "..<", "..!")
        if operator is None:
            return left
        start, end, extra = left.evaluate, self.sum().evaluate, 1 if operator == ".." else 0
        return Node(lambda scope: numbers(start(scope), end(scope), extra))

    def sum(self) -> Node:
        return self.chain(self.product, {"+": add, "-": arithmetic("-")})

    def product(self) -> Node:
        return self.chain(self.unary, {symbol: arithmetic(symbol) for symbol in "*/%"})

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
                if symbol == "||" and truth_value(value):
                    return True
                if symbol == "&&" and not truth_value(value):
                    return False
                value = operators[symbol](there(value), there(right(scope)))
            return value

        return Node(evaluate)

    def unary(self) -> Node:
        symbol = self.take("!", "-", "+")
        if symbol is None:
            return self.postfix(self.primary())
        operand = self.deeper(self.unary).evaluate
        if symbol == "!":
            return Node(lambda scope: not truth_value(operand(scope)))
        minus = arithmetic("-")
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
            return slice(whole(start(scope)), None if end is None else whole(end(scope)) + extra)

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


def truth(evaluate: Evaluate) -> Callable[[Scope], bool]:
    """A condition; anything but true and false fails."""
    return lambda scope: truth_value(evaluate(scope))
