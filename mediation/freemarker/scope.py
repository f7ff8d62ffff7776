"""What names mean while a FreeMarker template runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .builtins import OF_LOOPS
from .values import MISSING


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
