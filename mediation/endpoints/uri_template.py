"""URI templates (RFC 6570) over properties of messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from uritemplate import URITemplate
from uritemplate.variable import VariableValue

VARIABLES: Final = ("uri.var.", "query.param.")
"""What the names of properties that a template sees begin with."""

_SIMPLE: Final = re.compile(r"\{(\+?)([A-Za-z0-9_.]+)\}")
# RFC 6570 3.2.3: what stays as it is in a reserved expansion.
_PLAIN: Final = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]*")


class UriTemplate:
    """
    A template, compiled.

    Those that consist of text, ``{name}`` and ``{+name}`` alone, which are almost all, are expanded here; the library
    takes ten times as long.
    """

    __slots__ = ("_library", "_names", "_parts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._library = URITemplate(text)
        self._names = tuple(name for name in self._library.variable_names if name.startswith(VARIABLES))
        split = _SIMPLE.split(text)
        # text, "+" or "", name, text, "+" or "", name, ..., text
        literals = split[::3]
        self._parts: tuple[tuple[str, str, str], ...] | None = None
        if not any("{" in literal or "}" in literal for literal in literals):
            self._parts = tuple(zip(literals, [*split[1::3], ""], [*split[2::3], ""], strict=True))

    @property
    def has_variables(self) -> bool:
        return bool(self._library.variables)

    def expand(self, properties: Mapping[str, Any]) -> str:
        """The address for a message; a property that is not there counts as an empty text."""
        values: dict[str, VariableValue] = {
            name: str(value) for name in self._names if (value := properties.get(name)) is not None
        }
        if self._parts is None:
            return self._library.expand(values)
        address = ""
        for literal, operator, name in self._parts:
            value = str(values.get(name, "")) if name else ""
            if operator and _PLAIN.fullmatch(value) is None:
                return self._library.expand(values)
            address += literal + (value if operator else quote(value, ""))
        return address
