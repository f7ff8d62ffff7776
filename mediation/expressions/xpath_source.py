"""
Rewriting the originals' XPath into one that libxml2 can compile.

Variables and calls of ``get-property`` become plain variables whose values are handed over at run time (never put into
the text), functions lose prefixes that nobody binds, and the functions that XPath 1.0 lacks get a prefix of ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from mediation.errors import ExpressionSyntaxError, NotRunnable

from .functions import CORE, FUNCTIONS, INSTEAD, OF_THE_CONTEXT
from .variables import Reading, get_property, variable

PREFIX: Final = "_esb"
"""Of our functions; a prefix that nobody declares in a configuration."""
GET_PROPERTY: Final = "get-property"

_NAME: Final = r"[^\W\d][-.\w\u00b7]*"
_TOKEN: Final = re.compile(
    rf"""
    (?P<space>\s+)
  | (?P<string>"[^"]*"|'[^']*')
  | (?P<variable>\$\s*{_NAME}(?::{_NAME})?)
  | (?P<number>\d+(?:\.\d*)?|\.\d+)
  | (?P<name>{_NAME}(?::(?!:)(?:{_NAME}|\*))?)
  | (?P<symbol>::|//|\.\.|!=|<=|>=|[][()@,./|+*=<>-])
    """,
    re.VERBOSE,
)
_NODE_TYPES: Final = frozenset({"node", "text", "comment", "processing-instruction"})
_OPERATOR_NAMES: Final = frozenset({"and", "or", "div", "mod"})
_OPERATORS: Final = frozenset({"|", "+", "-", "=", "!=", "<", "<=", ">", ">="})
_ENDS_OPERAND: Final = frozenset({")", "]", ".", ".."})


@dataclass(slots=True)
class Token:
    kind: str
    text: str


@dataclass(slots=True)
class Source:
    """
    A rewritten expression.

    Attributes:
        text: what libxml2 compiles.
        variables: its variables, and how each is read.
        functions: names of ours that it calls.
        prefixes: that name tests use.
        reads_payload: whether the body is needed to evaluate it.
        repeats_search: whether a predicate looks through the whole document, once for each node that it is asked of.
        parts: the operands, if it is nothing but one literal or variable, or one ``concat`` of them.
    """

    text: str = ""
    variables: dict[str, Reading] = field(default_factory=dict)
    functions: set[str] = field(default_factory=set)
    prefixes: set[str] = field(default_factory=set)
    reads_payload: bool = False
    repeats_search: bool = False
    parts: list[Token] | None = None


def rewrite(expression: str) -> Source:
    """
    Raises:
        ExpressionSyntaxError: a character that XPath does not have, or parentheses that do not match.
        NotRunnable: a function that this version does not have.
    """
    return _Rewriter(expression).rewrite()


def tokens_of(expression: str) -> list[Token]:
    tokens, position = [], 0
    while position < len(expression):
        match = _TOKEN.match(expression, position)
        if match is None:
            raise ExpressionSyntaxError(expression, f"unexpected {expression[position:][:10]!r}")
        position = match.end()
        if match.lastgroup != "space":
            assert match.lastgroup is not None
            tokens.append(Token(match.lastgroup, match[0]))
    return tokens


class _Rewriter:
    def __init__(self, expression: str) -> None:
        self.expression = expression
        self.tokens = tokens_of(expression)
        self.source = Source()
        self.written: list[Token] = []
        self.brackets: list[str] = []

    def rewrite(self) -> Source:
        index = 0
        while index < len(self.tokens):
            index = self.step(index)
        if self.brackets:
            self.fail(f"missing {self.brackets[-1]!r}")
        self.source.text = " ".join(token.text for token in self.written)
        self.source.parts = self.concat_parts()
        return self.source

    def fail(self, reason: str) -> None:
        raise ExpressionSyntaxError(self.expression, reason)

    def step(self, index: int) -> int:
        """Rewrite the token at ``index``; the index of the next one to look at."""
        token = self.tokens[index]
        if token.kind == "variable":
            self.write_variable(variable(token.text[1:].strip()))
        elif token.kind == "name":
            return self.name(index)
        else:
            self.note_path_start(token)
            self.note_search(token)
            self.match_brackets(token)
            self.written.append(token)
        return index + 1

    # -- what the position says

    @property
    def ends_operand(self) -> bool:
        """Whether what was written last ends an operand, so that an operator follows."""
        if not self.written:
            return False
        last = self.written[-1]
        if last.kind == "symbol":
            return last.text in _ENDS_OPERAND
        return last.kind != "operator"

    @property
    def in_path(self) -> bool:
        """Whether a step here continues a path: it is not relative to the context node."""
        return bool(self.written) and self.written[-1].text in ("/", "//", "::", "@")

    def note_path_start(self, token: Token) -> None:
        # Inside a predicate the context node is the predicate's: only what is outside says whether the body is read.
        starts = token.kind == "name" or token.text in ("/", "//", ".", "..", "@", "*")
        if starts and "]" not in self.brackets and not self.ends_operand and not self.in_path:
            self.source.reads_payload = True
        if token.text == "*":
            token.kind = "operator" if self.ends_operand else "step"
        elif token.text in _OPERATORS:
            token.kind = "operator"

    def note_search(self, token: Token) -> None:
        if token.text == "//" and "]" in self.brackets:
            # Behind a step it looks through the descendants of that step only.
            self.source.repeats_search |= not self.ends_operand or self.written[-1].kind == "variable"

    def match_brackets(self, token: Token) -> None:
        if token.kind != "symbol":
            return
        if token.text in ("(", "["):
            self.brackets.append(")" if token.text == "(" else "]")
        elif token.text in (")", "]") and (not self.brackets or self.brackets.pop() != token.text):
            self.fail(f"unexpected {token.text!r}")

    # -- names

    def name(self, index: int) -> int:
        token = self.tokens[index]
        following = self.tokens[index + 1].text if index + 1 < len(self.tokens) else ""
        if token.text in _OPERATOR_NAMES and self.ends_operand:
            self.written.append(Token("operator", token.text))
            return index + 1
        if following == "(" and token.text not in _NODE_TYPES:
            return self.function(index)
        self.note_path_start(token)
        prefix, colon, _ = token.text.partition(":")
        if colon:
            self.source.prefixes.add(prefix)
        self.written.append(token)
        return index + 1

    def function(self, index: int) -> int:
        name = self.tokens[index].text.rpartition(":")[2]
        if name == GET_PROPERTY:
            literals, after = self.literal_arguments(index + 1)
            if literals is not None:
                try:
                    self.write_variable(get_property(*literals))
                except ValueError as exc:
                    self.fail(str(exc))
                return after
        if name in CORE:
            no_arguments = [token.text for token in self.tokens[index + 1 : index + 3]] == ["(", ")"]
            if no_arguments and name in OF_THE_CONTEXT and "]" not in self.brackets:
                self.source.reads_payload = True
            self.written.append(Token("function", name))
        elif name in FUNCTIONS or name == GET_PROPERTY:
            self.source.functions.add(name)
            self.written.append(Token("function", f"{PREFIX}:{name}"))
        else:
            said = f'in "{self.expression}"'
            raise NotRunnable(f"the XPath function {name}()", f"{INSTEAD[name]} ({said})" if name in INSTEAD else said)
        return index + 1

    def literal_arguments(self, index: int) -> tuple[list[str] | None, int]:
        """The arguments of a call whose ``(`` is at ``index``, if all are literals; and the index behind its ``)``."""
        tokens, literals = self.tokens, []
        while index + 2 < len(tokens) and tokens[index].text in ("(", ",") and tokens[index + 1].kind == "string":
            literals.append(tokens[index + 1].text[1:-1])
            index += 2
        return (literals, index + 1) if literals and tokens[index].text == ")" else (None, index)

    def write_variable(self, reading: Reading) -> None:
        name = f"v{len(self.source.variables)}"
        self.source.variables[name] = reading
        self.source.reads_payload |= reading.reads_payload
        self.written.append(Token("variable", f"${name}"))

    def concat_parts(self) -> list[Token] | None:
        written = self.written
        if len(written) == 1:
            return written if written[0].kind in ("string", "variable") else None
        if [token.text for token in written[:2]] != ["concat", "("] or written[-1].text != ")" or len(written) < 6:
            return None
        inner = written[2:-1]
        operands, commas = inner[::2], inner[1::2]
        if len(operands) != len(commas) + 1 or any(token.text != "," for token in commas):
            return None
        return operands if all(token.kind in ("string", "variable") for token in operands) else None
