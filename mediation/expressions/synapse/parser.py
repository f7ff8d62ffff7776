"""
The grammar of synapse expressions, as a descent from the operators that bind least.

::

    expression = or ["?" expression ":" expression]
    or         = and (("or" | "||") and)*
    and        = comparison (("and" | "&&") comparison)*
    comparison = sum [("==" | "!=" | "<" | "<=" | ">" | ">=") sum]
    sum        = term (("+" | "-") term)*
    term       = factor (("*" | "/" | "%") factor)*
    factor     = ("!" | "-") factor | primary path
    path       = ("." name | "[" keys "]" | ".." name | "." function "()")*

Each rule answers a :class:`Node` that evaluates it; nothing of the text is left when a message comes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from lxml import etree

from mediation.errors import NotRunnable
from mediation.expressions.cursor import Cursor
from mediation.expressions.jsonpath import MISSING
from mediation.expressions.regex import compile_regex
from mediation.expressions.xpath import XPath, compile_xpath
from mediation.payloads.json_text import JsonFloat
from mediation.payloads.xml import parse_xml

from . import paths, roots, values
from .functions import FUNCTIONS
from .paths import Evaluate, PathBuilder
from .tokens import tokens_of, unquoted
from .values import EvaluationError

if TYPE_CHECKING:
    from mediation.expressions import Expression
    from mediation.message import MessageContext

_COMPARISONS: Final = ("==", "!=", "<", "<=", ">", ">=")
_LITERALS: Final = {"true": True, "false": False, "null": None}
_VAULTS: Final = ("hashicorp-vault",)


class Node(NamedTuple):
    """
    A part of an expression.

    Attributes:
        is_path: it reads a place; alone in a filter, it asks whether there is one.
        inner: what it stands for, if that is an expression of another dialect.
    """

    evaluate: Evaluate
    is_path: bool = False
    inner: Expression | None = None


def _constant(value: Any) -> Node:
    return Node(lambda ctx, item: value)


class Parser(Cursor):
    """
    Reads one expression.

    Args:
        text: without the ``${`` and ``}`` around it.
        namespaces: for ``xpath()``, by prefix.

    Attributes:
        reads_payload: whether what was read so far needs the body.
    """

    def __init__(self, text: str, namespaces: Mapping[str, str]) -> None:
        super().__init__(text, tokens_of(text))
        self.namespaces = namespaces
        self.filters = 0
        self.reads_payload = False

    def parse(self) -> Node:
        """
        Raises:
            ExpressionSyntaxError: not an expression.
            NotRunnable: a function that this version does not have.
        """
        node = self.expression()
        self.need_end()
        return node

    # -- operators

    def expression(self) -> Node:
        return self.deeper(self.whole)

    def whole(self) -> Node:
        node = self.disjunction()
        return self.choice(node) if self.take("?") else node

    def choice(self, condition: Node) -> Node:
        test, yes = condition.evaluate, self.expression().evaluate
        self.need(":")
        no = self.expression().evaluate

        def evaluate(ctx: MessageContext, item: Any) -> Any:
            decided = test(ctx, item)
            if not isinstance(decided, bool):
                raise EvaluationError("? needs true or false")
            return yes(ctx, item) if decided else no(ctx, item)

        return Node(evaluate)

    def disjunction(self) -> Node:
        return self.chain(self.conjunction, {"or": values.either, "||": values.either}, self.condition)

    def conjunction(self) -> Node:
        return self.chain(self.comparison, {"and": values.both, "&&": values.both}, self.condition)

    def sum(self) -> Node:
        return self.chain(self.term, {"+": values.add, "-": values.calculate("-")})

    def term(self) -> Node:
        return self.chain(self.factor, {symbol: values.calculate(symbol) for symbol in "*/%"})

    def chain(
        self,
        operand: Callable[[], Node],
        operators: Mapping[str, Callable[[Any, Any], Any]],
        prepared: Callable[[Node], Node] | None = None,
    ) -> Node:
        """Operands with operators of one rank between them, from left to right."""
        first = operand()
        rest: list[tuple[Callable[[Any, Any], Any], Evaluate]] = []
        while self.at(*operators):
            operator = operators[self.next().text]
            right = operand()
            rest.append((operator, (prepared(right) if prepared else right).evaluate))
        if not rest:
            return first
        start = (prepared(first) if prepared else first).evaluate

        def evaluate(ctx: MessageContext, item: Any) -> Any:
            value = start(ctx, item)
            for operator, right in rest:
                # Both sides are evaluated always, as in the originals: a missing value fails either way.
                value = operator(value, right(ctx, item))
            return value

        return Node(evaluate)

    def comparison(self) -> Node:
        left = self.sum()
        if self.filters and self.at("=~", *paths.OPERATORS):
            return self.filter_operator(left.evaluate)
        operator = self.take(*_COMPARISONS)
        if operator is None:
            return left
        compare = (values.compare_quietly if self.filters else values.compare)(operator)
        one, other = left.evaluate, self.sum().evaluate
        if not self.filters:
            return Node(lambda ctx, item: compare(one(ctx, item), other(ctx, item)))

        def evaluate(ctx: MessageContext, item: Any) -> Any:
            left_value, right_value = one(ctx, item), other(ctx, item)
            return MISSING not in (left_value, right_value) and compare(left_value, right_value)

        return Node(evaluate)

    def factor(self) -> Node:
        if self.take("!"):
            operand = self.condition(self.deeper(self.factor)).evaluate
            return Node(lambda ctx, item: values.negated(operand(ctx, item)))
        if self.take("-"):
            number, minus = self.deeper(self.factor).evaluate, values.calculate("-")
            return Node(lambda ctx, item: minus(0, number(ctx, item)))
        start = self.token.start
        return self.path(self.primary(), start)

    # -- filters

    def condition(self, node: Node) -> Node:
        """As a condition of a filter, a place holds if it is there."""
        if not self.filters or not node.is_path:
            return node
        evaluate = node.evaluate
        return Node(lambda ctx, item: evaluate(ctx, item) is not MISSING)

    def filter_operator(self, left: Evaluate) -> Node:
        operator = self.next().text
        if operator == "=~":
            literal = self.next()
            if literal.kind != "regex":
                self.fail("=~ needs a /regular expression/")
            body, _, flags = literal.text[1:].rpartition("/")
            pattern = compile_regex(body.replace("\\/", "/"), ignore_case=flags == "i")

            def matches(ctx: MessageContext, item: Any) -> Any:
                value = left(ctx, item)
                return isinstance(value, str) and pattern.fullmatch(value) is not None

            return Node(matches)
        compare, right = paths.OPERATORS[operator], self.sum().evaluate
        return Node(lambda ctx, item: compare(left(ctx, item), right(ctx, item)))

    def filter(self) -> paths.Step:
        self.filters += 1
        condition = self.condition(self.expression())
        self.filters -= 1
        return paths.filtered(condition.evaluate)

    # -- operands

    def primary(self) -> Node:
        token = self.next()
        if token.kind == "number":
            return _constant(JsonFloat(token.text) if "." in token.text else int(token.text))
        if token.kind == "string":
            return _constant(unquoted(token.text))
        if token.kind == "name":
            return self.named(token.text)
        if token.text == "$":
            return self.payload()
        if token.text == "@" and self.filters:
            return Node(lambda ctx, item: item, is_path=True)
        if token.text == "(":
            node = self.expression()
            self.need(")")
            return node
        if token.text == "[":
            return self.array()
        self.index -= 1
        self.fail()

    def array(self) -> Node:
        parts = [] if self.at("]") else self.arguments()
        self.need("]")
        return Node(lambda ctx, item: [part(ctx, item) for part in parts])

    def arguments(self) -> list[Evaluate]:
        nodes = [self.expression().evaluate]
        while self.take(","):
            nodes.append(self.expression().evaluate)
        return nodes

    def named(self, name: str) -> Node:
        if name in _LITERALS:
            return _constant(_LITERALS[name])
        if self.at("("):
            return self.call(name)
        if name == "payload":
            return self.payload()
        if name == "vars":
            return Node(roots.variable(self.key()), is_path=True)
        if name == "configs":
            return Node(roots.config(self.key()))
        if name in roots.WITH_PARTS:
            self.need(".")
            part = self.name()
            if part not in roots.WITH_PARTS[name]:
                self.fail(f"{name}.{part} is not one of {', '.join(roots.WITH_PARTS[name])}")
            return Node(roots.scoped(name, part, self.key()))
        if name == "headers":
            return Node(roots.scoped(name, "", self.key()))
        self.fail(f"{name} is neither a root nor a function")

    def payload(self) -> Node:
        self.reads_payload = True
        alone = not self.at(".", "..", "[")
        return Node(roots.whole_payload if alone else roots.payload, is_path=True)

    def key(self) -> str:
        """``.name``, ``.["name"]`` or ``["name"]``."""
        dotted = self.take(".")
        if self.take("["):
            if self.token.kind != "string":
                self.fail()
            name = unquoted(self.next().text)
            self.need("]")
            return name
        if not dotted:
            self.fail()
        return unquoted(self.next().text) if self.token.kind == "string" else self.name()

    # -- paths

    def path(self, base: Node, start: int) -> Node:
        builder = PathBuilder()
        while builder.function is None and self.step(builder):
            pass
        if not builder.steps and builder.function is None:
            return base
        source = self.source[start : self.tokens[self.index - 1].end]
        quiet = bool(self.filters) and base.is_path
        return Node(builder.behind(base.evaluate, source, quiet=quiet), is_path=base.is_path)

    def step(self, builder: PathBuilder) -> bool:
        """Read one step; ``False`` if there is none."""
        if self.take(".."):
            builder.add(paths.descendants, many=True)
            if self.at("["):
                return self.brackets(builder)
            if self.take("*"):
                builder.add(paths.children)
            else:
                builder.add_key(self.name())
            return True
        if not self.at(".", "["):
            return False
        if self.take(".") and not self.at("["):
            if self.take("*"):
                builder.add(paths.children, many=True)
            elif [token.text for token in self.tokens[self.index + 1 : self.index + 3]] == ["(", ")"]:
                builder.function = paths.function(self.token.text)
                if builder.function is None:
                    self.fail(f"there is no function {self.token.text}()")
                self.index += 3
            else:
                builder.add_key(self.name())
            return True
        return self.brackets(builder)

    def brackets(self, builder: PathBuilder) -> bool:
        self.need("[")
        if self.take("*"):
            builder.add(paths.children, many=True)
        elif self.take("?"):
            builder.add(self.filter(), many=True)
        else:
            self.keys(builder)
        self.need("]")
        return True

    def keys(self, builder: PathBuilder) -> None:
        token = self.token
        is_key = token.kind == "string" or (token.kind == "number" and "." not in token.text)
        if is_key and self.tokens[self.index + 1].text == "]":
            builder.add_key(unquoted(token.text) if token.kind == "string" else int(token.text))
            self.index += 1
            return
        bounds: list[Evaluate | None] = [None if self.at(":") else self.index_of()]
        if not self.at(":"):
            keys = [bounds[0]] if bounds[0] is not None else []
            while self.take(","):
                keys.append(self.index_of())
            builder.add(paths.selected(keys), many=len(keys) > 1)
            return
        while self.take(":") and len(bounds) < 3:
            bounds.append(None if self.at(":", "]") else self.index_of())
        builder.add(paths.sliced([*bounds, None, None][:3]), many=True)

    def index_of(self) -> Evaluate:
        return self.deeper(self.sum).evaluate

    # -- functions

    def call(self, name: str) -> Node:
        if name in _VAULTS:
            raise NotRunnable(f"the function {name}()", "use configs.NAME, an environment variable of the process")
        if name not in FUNCTIONS and name not in _SPECIAL:
            self.fail(f"there is no function {name}()")
        opening = self.index
        self.need("(")
        if name == "xpath":
            return self.xpath_function()
        arguments = [] if self.at(")") else self.arguments()
        self.need(")")
        if name in _SPECIAL:
            if len(arguments) != 1:
                self.fail(f"{name}() takes one argument")
            return self.special(name, arguments[0])
        found = FUNCTIONS[name]
        if not found.least <= len(arguments) <= found.most:
            self.index = opening
            self.fail(f"{name}() does not take {len(arguments)} arguments")
        return Node(lambda ctx, item: found.call(name, [argument(ctx, item) for argument in arguments]))

    def special(self, name: str, argument: Evaluate) -> Node:
        if name == "not":
            return Node(lambda ctx, item: values.negated(argument(ctx, item)))
        if name == "exists":
            return Node(lambda ctx, item: _exists(argument, ctx, item))
        if [token.text for token in self.tokens[self.index : self.index + 3]] == [".", "property", "("]:
            raise NotRunnable("registry(path).property(name)", "properties of registry resources are not kept")
        return Node(roots.resource(argument))

    def xpath_function(self) -> Node:
        """``xpath('path')`` of the message, ``xpath('path', 'name')`` of a variable that holds XML."""
        literals: list[str] = []
        while self.token.kind == "string":
            literals.append(unquoted(self.next().text))
            if not self.take(","):
                break
        if not 1 <= len(literals) <= 2 or not self.at(")"):
            raise NotRunnable("xpath() of anything but literals", "a message cannot bring its own XPath")
        self.need(")")
        compiled = compile_xpath(literals[0], self.namespaces)
        if len(literals) == 2:
            return Node(_of_variable(compiled, literals[1]))
        self.reads_payload |= compiled.reads_payload
        return Node(lambda ctx, item: compiled.string(ctx), inner=compiled)


_SPECIAL: Final = ("not", "exists", "xpath", "registry")


def _exists(argument: Evaluate, ctx: MessageContext, item: Any) -> bool:
    try:
        return argument(ctx, item) not in (None, MISSING)
    except EvaluationError:
        return False


def _of_variable(compiled: Expression, name: str) -> Evaluate:
    read = roots.variable(name)

    def evaluate(ctx: MessageContext, item: Any) -> Any:
        value = read(ctx, item)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        try:
            element = parse_xml(value) if isinstance(value, str) else value
        except ValueError:
            element = None
        if not isinstance(element, etree._Element) or not isinstance(compiled, XPath):
            raise EvaluationError(f"Variable {name} is not XML")
        return compiled.string_at(element, ctx)

    return evaluate
