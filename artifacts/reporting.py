"""What an import or a check says: one line per artifact, its findings below it, and a summary."""

import enum
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mediation.findings import Finding, Severity

from .synapse_xml.packages import Ignored, Package, PackageError, read_path
from .synapse_xml.packages.found import place


class Outcome(enum.StrEnum):
    """
    What became of one artifact, or of one path.

    The word for a stored artifact is the most serious that applies: what is ``FAULTY`` was created or changed as well.
    """

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    RUNS = "runs"
    REMOVED = "removed"
    WARNING = "warning"
    NOT_RUNNABLE = "not runnable"
    FAULTY = "faulty"
    CLASH = "clash"
    REJECTED = "rejected"
    IGNORED = "ignored"


FAILED = frozenset({Outcome.CLASH, Outcome.REJECTED})
"""Something given was not taken."""


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One line.

    Attributes:
        place: ``file:line``.
        note: short, in brackets behind the place.
        findings: lines are those of the file.
    """

    outcome: Outcome
    kind: str
    name: str
    place: str
    note: str = ""
    findings: tuple[Finding, ...] = ()

    def lines(self) -> Iterator[str]:
        what = " ".join(filter(None, (self.kind, self.name)))
        note = f" ({self.note})" if self.note else ""
        yield f"{self.outcome:<12} {what:<40} {self.place}{note}".rstrip()
        for finding in self.findings:
            yield f"{'':<12} {finding.severity}: {finding}"


@dataclass(slots=True)
class Report:
    """What became of one path."""

    path: str
    entries: list[Entry] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return any(entry.outcome in FAILED for entry in self.entries)

    @property
    def rejected(self) -> bool:
        return any(entry.outcome is Outcome.REJECTED for entry in self.entries)

    def lines(self) -> Iterator[str]:
        for entry in self.entries:
            yield from entry.lines()


def severest(findings: Sequence[Finding]) -> Outcome | None:
    """The word for an artifact with these findings; ``None`` if nothing is wrong."""
    severities = {finding.severity for finding in findings}
    if Severity.ERROR in severities:
        return Outcome.FAULTY
    if Severity.NOT_RUNNABLE in severities:
        return Outcome.NOT_RUNNABLE
    return Outcome.WARNING if Severity.WARNING in severities else None


def read_or_report(path: Path, name: str | None = None) -> Package | Report:
    """What the path holds, or the report that says why it cannot be read."""
    try:
        return read_path(path, name)
    except PackageError as exc:
        reason = Finding(Severity.ERROR, exc.reason, None, "import.unreadable")
        return Report(
            name or str(path), [Entry(Outcome.REJECTED, "path", "", place(exc.file, exc.line), findings=(reason,))]
        )


def ignored_entry(found: Ignored) -> Entry:
    if found.severity is Severity.WARNING:
        finding = Finding(Severity.WARNING, found.reason, found.line, "import.package")
        return Entry(Outcome.WARNING, "package", "", found.place, findings=(finding,))
    return Entry(Outcome.IGNORED, "", "", found.place, found.reason)


def summary(reports: Iterable[Report]) -> str:
    """How often each outcome occurred, in the order of :class:`Outcome`."""
    counts = Counter(entry.outcome for report in reports for entry in report.entries)
    return ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome]) or "nothing found"
