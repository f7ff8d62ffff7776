"""``json-eval(path)``: JSONPath on a message's body or on a property (``docs/compatibility.md``, JSONPath)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from mediation.errors import ExpressionError, ExpressionSyntaxError
from mediation.payloads.json_text import dumps, loads

from .jsonpath import MISSING, Path
from .results import string_value
from .variables import Read, variable

if TYPE_CHECKING:
    from mediation.message import MessageContext
    from mediation.payloads import Payload

    from . import Expression

_ROOT: Final = re.compile(r"\$(?P<name>(?:ctx|trp|axis2):[^.\[]+)")
_INLINE: Final = re.compile(r"\{([^{}]+)\}")


class JsonEval:
    """
    ``json-eval(path)``.

    Args:
        text: what stands in the parentheses.
        inline: compiles expressions in braces within the path; they are evaluated for each message.
    """

    reads_payload: bool

    __slots__ = ("_inline", "_is_whole", "_path", "_root", "_template", "reads_payload", "source")

    def __init__(self, text: str, inline: Callable[[str], Expression]) -> None:
        self.source = f"json-eval({text})"
        path = text.strip().removesuffix(".")
        root = _ROOT.match(path)
        self._root: Read | None = None
        if root is not None:
            self._root = variable(root["name"].strip()).read
            path = "$" + path[root.end() :]
        elif not path.startswith("$"):
            path = f"$.{path}" if path and not path.startswith("[") else f"${path}"
        if path == "$" and not text.strip():
            raise ExpressionSyntaxError(self.source, "the path is empty")
        self._is_whole = path == "$"
        self._inline = [inline(match[1]) for match in _INLINE.finditer(path)]
        self._template = path
        # With inline expressions the path is another one for each message, but its mistakes are found now.
        checked = Path(_INLINE.sub("0", path))
        self._path = None if self._inline else checked
        self.reads_payload = self._root is None or any(expression.reads_payload for expression in self._inline)

    def string(self, ctx: MessageContext) -> str | None:
        if self._is_whole:
            return ctx.payload.json_text() if self._root is None else string_value(self._root(ctx))
        found = self._find(ctx)
        if found is MISSING:
            return ""
        return "null" if found is None else string_value(found) if not isinstance(found, list) else dumps(found)

    def boolean(self, ctx: MessageContext) -> bool:
        """Java's ``Boolean.parseBoolean``: only ``true``, in any case, is true."""
        return (self.string(ctx) or "").lower() == "true"

    def value(self, ctx: MessageContext) -> Any:
        """
        The JSON value; a list for a path that may match more than once; ``None`` for ``null`` and for no match.

        Raises:
            PayloadError: the body is not JSON and has no form in JSON.
            ExpressionError: the path leads nowhere in a property.
        """
        found = self._find(ctx)
        return None if found is MISSING else found

    @property
    def reads_property(self) -> bool:
        """Whether the path starts at a property, such as ``$ctx:order``, not at the body."""
        return self._root is not None

    @property
    def is_whole(self) -> bool:
        """Whether the path is ``$`` alone."""
        return self._is_whole

    def path(self, ctx: MessageContext) -> Path:
        """The path alone, with the values of its inline expressions."""
        return self._path if self._path is not None else self._filled(ctx)

    def _find(self, ctx: MessageContext) -> Any:
        path = self.path(ctx)
        if self._root is None:
            found = _find_in(ctx.payload, path)
        else:
            value = self._root(ctx)
            if value is None:
                return MISSING
            found = path.find(loads(value) if isinstance(value, str) else value)
            if found is MISSING:
                # Only reads of the body forgive a path that matches nothing.
                raise ExpressionError(self.source, "No results for path")
        if isinstance(found, dict) and not self._is_whole:
            # The originals hand over an object by its first member of this name.
            found = found.get("members", found.get("elements", found))
        return found

    def _filled(self, ctx: MessageContext) -> Path:
        """The path with the values of its inline expressions, each of which is one name, index or literal."""
        values = iter([expression.string(ctx) or "" for expression in self._inline])

        def fill(match: re.Match[str]) -> str:
            value, before, after = next(values), match.string[match.start() - 1], match.string[match.end() :][:1]
            if before in "'\"" and after == before:
                return value.replace("\\", "\\\\").replace(before, f"\\{before}")
            if before == ".":
                return value if re.fullmatch(r"[\w-]+", value) else f"[{dumps(value)}]"
            return value if re.fullmatch(r"-?\d+(\.\d+)?|true|false|null", value) else dumps(value)

        try:
            return _path(_INLINE.sub(fill, self._template))
        except ExpressionSyntaxError as exc:
            raise ExpressionError(self.source, exc.reason) from exc


def _find_in(payload: Payload, path: Path) -> Any:
    if payload.is_json:
        found = path.find(payload.json_glance())
        # Numbers, and what may hold some, are looked at as they were written.
        return found if type(found) is str or found is MISSING or found is None else path.find(payload.json())
    # A body without JSON has nothing to find; do not let null pass for a match.
    return MISSING if payload.first_child is None else path.find(payload.json())


@lru_cache(maxsize=256)
def _path(text: str) -> Path:
    return Path(text)
