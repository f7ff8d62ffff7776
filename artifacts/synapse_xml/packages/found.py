"""What a path holds, before anything is done with it."""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from mediation.errors import EsbError
from mediation.findings import Finding, Severity
from mediation.transports.remarks import sender_remarks


class PackageError(EsbError):
    """
    A path that cannot be read; nothing of it may be imported.

    Args:
        file: the file, or the member of a package, that is to blame.
        reason: what is wrong with it, and what to do.
        line: 1-based, if known.
    """

    def __init__(self, file: str, reason: str, line: int | None = None) -> None:
        super().__init__(file, reason, line)
        self.file = file
        self.reason = reason
        self.line = line

    def __str__(self) -> str:
        return f"{place(self.file, self.line)}: {self.reason}"


def place(file: str, line: int | None) -> str:
    """``file:line``, as editors and terminals understand it."""
    return file if line is None else f"{file}:{line}"


@dataclass(frozen=True, slots=True)
class FoundArtifact:
    """
    One artifact.

    Attributes:
        file: as the user knows it; ``app.car!/member`` for a member of a package.
        line: where the artifact starts in the file.
        kind: the element's name.
        name: ``""`` if it has none.
        text: the artifact as a document of its own, otherwise character by character as in the file.
        chunks: (line of the text, line of the file), ascending: from each on, both count alike.
        remarks: what the reader noticed; lines are those of the file.
    """

    file: str
    line: int
    kind: str
    name: str
    text: str
    chunks: tuple[tuple[int, int], ...] = ((1, 1),)
    remarks: tuple[Finding, ...] = ()

    @property
    def place(self) -> str:
        return place(self.file, self.line)

    def in_file(self, finding: Finding) -> Finding:
        """A finding about :attr:`text`, with its line in the file."""
        if finding.line is None:
            return finding
        index = bisect.bisect_right(self.chunks, finding.line, key=lambda chunk: chunk[0]) - 1
        of_text, of_file = self.chunks[max(index, 0)]
        return dataclasses.replace(finding, line=of_file + finding.line - of_text)


@dataclass(frozen=True, slots=True)
class FoundResource:
    """
    A file for the registry.

    Attributes:
        path: in the registry.
    """

    file: str
    path: str
    content: bytes

    @property
    def place(self) -> str:
        return self.file


@dataclass(frozen=True, slots=True)
class FoundTransport:
    """Parameters of the transport sender of one URI scheme."""

    file: str
    line: int
    scheme: str
    parameters: Mapping[str, str]

    @property
    def place(self) -> str:
        return place(self.file, self.line)

    def findings(self) -> tuple[Finding, ...]:
        remarks = sender_remarks(self.scheme, self.parameters)
        return tuple(Finding(Severity.WARNING, remark, self.line, "transport.parameter") for remark in remarks)


@dataclass(frozen=True, slots=True)
class Ignored:
    """
    Something that is not imported, and why.

    Attributes:
        severity: ``WARNING`` if something is wrong; ``INFO`` for files that merely are not configuration.
    """

    file: str
    reason: str
    line: int | None = None
    severity: Severity = Severity.INFO

    @property
    def place(self) -> str:
        return place(self.file, self.line)


@dataclass(slots=True)
class Package:
    """All that one path holds, in the order in which it was read."""

    path: str
    artifacts: list[FoundArtifact] = field(default_factory=list)
    transports: list[FoundTransport] = field(default_factory=list)
    resources: list[FoundResource] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)

    def add(self, found: FoundArtifact | FoundTransport | FoundResource | Ignored) -> None:
        match found:
            case FoundArtifact():
                self.artifacts.append(found)
            case FoundTransport():
                self.transports.append(found)
            case FoundResource():
                self.resources.append(found)
            case Ignored():
                self.ignored.append(found)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """
    One file of a directory or package.

    Attributes:
        path: relative, with ``/``.
        content: ``None`` if it was not asked for.
    """

    path: str
    content: bytes | None


def may_be_configuration(path: str) -> bool:
    """Whether a file of that name is worth reading."""
    return path.endswith(".xml") or path.rpartition("/")[2] == "deployment.toml"
