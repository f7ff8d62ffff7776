"""``uri-template``: which paths a resource takes, and what their variables are."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, unquote_plus

from mediation.errors import GrammarError
from mediation.expressions import compile_regex

RESERVED: Final = ":/?#[]@!$&'()*+,;="
"""RFC 3986 2.2, what ends a plain variable."""

_PARTS: Final = re.compile(r"\{([^{}]*)\}|([^{}]+)")

_PLAIN: Final = ""
_SEPARATORS: Final = {_PLAIN: ",", ".": ".", "/": "/"}
"""By the operator that a variable list begins with: what stands between its values."""
_OPERATORS: Final = frozenset("+#./")


class UriTemplate:
    """
    A compiled template, such as ``/orders/{id}?state={state}``.

    ``{a}`` takes what is not reserved, ``{+a}`` and ``{#a}`` everything up to the next literal character, ``{.a}`` and
    ``{/a}`` a label or segment with its separator, ``{a,b}`` several with commas between. ``*`` at the end takes the
    rest. A template without a query takes any query.

    Args:
        text: without a trailing slash it means the same.

    Raises:
        GrammarError: braces that do not match, or an operator that cannot be matched.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        template = text if text == "/" else text.removesuffix("/")
        if "".join(match[0] for match in _PARTS.finditer(template)) != template:
            raise GrammarError(f'uri-template "{text}" has braces that do not match')
        # Most paths of other resources differ here already, which costs less than a regular expression.
        self._prefix = re.split(r"[{*]", template, maxsplit=1)[0]
        self._lists: list[_Variables] = []
        pattern = "".join(self._patterns([(match[1], match[2]) for match in _PARTS.finditer(template)]))
        tail = "/?" if "?" in _PARTS.sub(lambda match: match[2] or "", template) else r"/?(?:\?.*)?"
        self._pattern = compile_regex(f"(?s){pattern}{tail}")

    def match(self, path: str) -> dict[str, str] | None:
        """
        The variables, decoded; ``None`` if the template does not take this path.

        Args:
            path: as it was sent, with its query, from the first slash on.
        """
        found = self._pattern.fullmatch(path) if path.startswith(self._prefix) else None
        if found is None:
            return None
        values: dict[str, str] = {}
        for number, variables in enumerate(self._lists, 1):
            if not variables.read(found.group(number) or "", values):
                return None
        return values

    def _patterns(self, parts: list[tuple[str | None, str | None]]) -> list[str]:
        written = []
        for index, (expression, literal) in enumerate(parts):
            before = parts[index - 1][1] if index else None
            after = parts[index + 1][1] if index + 1 < len(parts) else None
            if literal is not None:
                written.append(_literal(literal, after_expression=index > 0 and before is None))
            else:
                assert expression is not None
                variables = _Variables(expression, self.text)
                self._lists.append(variables)
                # At the end only a parameter of the query may be empty.
                may_be_empty = index + 1 < len(parts) or "=" in (before or "")
                written.append(variables.pattern(None if after is None else after[0], may_be_empty))
        return written


def _literal(text: str, *, after_expression: bool) -> str:
    if not text.endswith("*"):
        return re.escape(text)
    if after_expression and text == "/*":
        return "(?:/.*)?"
    return re.escape(text[:-1]) + ".*"


class _Variables:
    """The variables of one pair of braces."""

    def __init__(self, expression: str, template: str) -> None:
        self.operator = expression[:1] if expression[:1] in _OPERATORS else _PLAIN
        names = expression.removeprefix(self.operator).split(",")
        if not all(re.fullmatch(r"[\w.%-]+(?::[0-9]{1,4})?", name) for name in names):
            raise GrammarError(f'uri-template "{template}" has {{{expression}}}, which cannot be matched')
        self._names = [(name.partition(":")[0], int(name.partition(":")[2] or 0)) for name in names]

    def pattern(self, stop: str | None, may_be_empty: bool) -> str:
        """
        Args:
            stop: the character after the closing brace; it ends the value, too.
        """
        count = "*" if may_be_empty else "+"
        if self.operator in ("+", "#"):
            everything = "." if stop is None else f"[^{re.escape(stop)}]"
            return ("#" if self.operator == "#" else "") + f"({everything}{count})"
        separator = _SEPARATORS[self.operator]
        excluded = {*RESERVED, *(stop or "")} - ({separator} if len(self._names) > 1 else set())
        value = f"([^{re.escape(''.join(sorted(excluded)))}]{count})"
        return value if self.operator == _PLAIN else re.escape(separator) + value

    def read(self, text: str, values: dict[str, str]) -> bool:
        """Add what the variables are to ``values``; ``False`` if they cannot be that."""
        if self.operator in ("+", "#"):
            found = [unquote(text)]
        else:
            found = [unquote_plus(part) for part in text.split(_SEPARATORS[self.operator])]
        if len(found) > len(self._names):
            return False
        found += [""] * (len(self._names) - len(found))
        for (name, longest), value in zip(self._names, found, strict=True):
            if values.setdefault(name, value) != value or (longest and len(value) > longest):
                return False
        return True
