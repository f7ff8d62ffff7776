"""The text of a synapse expression, cut into tokens."""

from __future__ import annotations

import re
from typing import Final

from mediation.errors import ExpressionSyntaxError
from mediation.expressions.cursor import Token

_TOKEN: Final = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<number>[0-9]+(?:\.[0-9]+)?)
  | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<name>wso2-vault|hashicorp-vault|[A-Za-z_]\w*)
  | (?P<symbol>\.\.|&&|\|\||==|!=|<=|>=|=~|[][()@$.,?:!<>+*/%-])
    """,
    re.VERBOSE | re.DOTALL,
)
_REGEX: Final = re.compile(r"\s*(/(?:[^/\\\n]|\\.)*/i?)")  # only behind =~: elsewhere a slash divides
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPED: Final = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}


def tokens_of(expression: str) -> list[Token]:
    """
    The tokens: ``number``, ``string``, ``name``, ``symbol``, ``regex``, and ``end`` behind the last.

    Raises:
        ExpressionSyntaxError: a character that begins no token.
    """
    tokens: list[Token] = []
    position = 0
    while position < len(expression):
        if tokens and tokens[-1].text == "=~" and (match := _REGEX.match(expression, position)):
            tokens.append(Token("regex", match[1], match.start(1), match.end()))
        elif match := _TOKEN.match(expression, position):
            if match.lastgroup != "space":
                tokens.append(Token(match.lastgroup or "", match[0], match.start(), match.end()))
        else:
            raise ExpressionSyntaxError(expression, f"unexpected {expression[position : position + 10]!r}")
        position = match.end()
    tokens.append(Token("end", "", position, position))
    return tokens


def unquoted(literal: str) -> str:
    """What a string literal stands for."""

    def character(match: re.Match[str]) -> str:
        return chr(int(match[1], 16)) if match[1] else _ESCAPED.get(match[2], match[2])

    return _ESCAPE.sub(character, literal[1:-1])
