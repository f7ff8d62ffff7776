"""What a reader of configuration should be told: errors, warnings and what cannot run, with the place."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Severity(enum.StrEnum):
    """From harmless to fatal for the artifact."""

    INFO = "info"
    WARNING = "warning"
    NOT_RUNNABLE = "not runnable"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One remark on an artifact's XML.

    Attributes:
        check: stable id of the check, such as ``grammar.attribute`` or ``lint.reference``; for filters and tests.
        line: 1-based line in the text that was read, if known.
    """

    severity: Severity
    message: str
    line: int | None = None
    check: str = "grammar"

    def __str__(self) -> str:
        return self.message if self.line is None else f"line {self.line}: {self.message}"
