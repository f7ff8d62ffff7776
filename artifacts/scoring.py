"""
How much of what was checked runs.

::

    print("\n".join(score(check_paths([Path("app.car")])).lines()))
"""

import enum
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from mediation.compiler import NOT_RUNNABLE
from mediation.findings import Finding, Severity

from .reporting import Entry, Outcome, Report

RUNNING: Final = frozenset({Outcome.RUNS, Outcome.WARNING})
COUNTED: Final = RUNNING | {Outcome.NOT_RUNNABLE, Outcome.FAULTY, Outcome.REJECTED}
NO_ARTIFACTS: Final = frozenset({"transport", "resource", "package"})

_MOST: Final = 20
_LINE: Final = re.compile(r":\d+\Z")


class Verdict(enum.StrEnum):
    """What a file comes to, from good to bad."""

    RUNS = "runs"
    """Every artifact in it, if there is any."""
    ELSEWHERE = "elsewhere"
    """All that does not run needs what this product does not have: Java, another transport, a connector's package."""
    DOES_NOT_RUN = "does not run"


@dataclass(frozen=True, slots=True)
class Score:
    """
    How much of it runs.

    Attributes:
        files: verdict by file, of those in which there is an artifact or that could not be read.
        artifacts: how many there are.
        running: how many of them run.
        reasons: what keeps artifacts from running, and how many each, the commonest first.
        needs: how many files need what this product does not have, by what that is.
    """

    files: Mapping[str, Verdict]
    artifacts: int
    running: int
    reasons: Mapping[str, int]
    needs: Mapping[str, int]

    def lines(self) -> Iterator[str]:
        verdicts = Counter(self.files.values())
        within = len(self.files) - verdicts[Verdict.ELSEWHERE]
        runs = verdicts[Verdict.RUNS]
        yield f"{self.running} of {self.artifacts} artifacts run{_share(self.running, self.artifacts)}"
        yield f"{runs} of {len(self.files)} files run as a whole{_share(runs, len(self.files))}"
        if within < len(self.files):
            counts = ", ".join(f"{need}: {count}" for need, count in self.needs.items())
            share = _share(runs, within)
            yield f"{runs} of the {within} files that need nothing else{share}; what others need: {counts}"
        for reason, count in list(self.reasons.items())[:_MOST]:
            yield f"{count:>6}  {reason}"


def score(reports: Iterable[Report]) -> Score:
    """How much of it runs, and what keeps the rest from running."""
    entries = [entry for report in reports for entry in report.entries if _counts(entry)]
    of_file: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        of_file[entry.place.rpartition(":")[0] if entry.place.rpartition(":")[2].isdigit() else entry.place].append(
            entry
        )
    artifacts = [entry for entry in entries if entry.kind != "path"]
    reasons = Counter(
        reason
        for entry in artifacts
        for reason in {finding.message for finding in entry.findings if _is_grave(finding)}
    )
    needed = Counter(need for file in of_file.values() for need in _needs(file))
    return Score(
        files={file: _verdict(each) for file, each in of_file.items()},
        artifacts=len(artifacts),
        running=sum(entry.outcome in RUNNING for entry in artifacts),
        reasons=dict(reasons.most_common()),
        needs=dict(needed.most_common()),
    )


def _counts(entry: Entry) -> bool:
    return entry.outcome in COUNTED and entry.kind not in NO_ARTIFACTS


def _is_grave(finding: Finding) -> bool:
    return finding.severity in (Severity.ERROR, Severity.NOT_RUNNABLE)


def _verdict(entries: Sequence[Entry]) -> Verdict:
    if all(entry.outcome in RUNNING for entry in entries):
        return Verdict.RUNS
    grave = [finding for entry in entries for finding in entry.findings if _is_grave(finding)]
    elsewhere = all(_need(finding) for finding in grave)
    return Verdict.ELSEWHERE if elsewhere else Verdict.DOES_NOT_RUN


def _needs(entries: Sequence[Entry]) -> set[str]:
    if _verdict(entries) is not Verdict.ELSEWHERE:
        return set()
    return {_need(finding) for entry in entries for finding in entry.findings if _is_grave(finding)}


def _need(finding: Finding) -> str:
    """What would be needed to run it; empty for what is only not written yet, or wrong."""
    check, _, need = finding.check.rpartition(".")
    return need if check == NOT_RUNNABLE else ""


def _share(part: int, whole: int) -> str:
    return f" ({part / whole:.1%})" if whole else ""


def as_data(reports: Sequence[Report]) -> dict[str, Any]:
    """The reports and their score, for JSON."""
    return {
        "entries": [asdict(entry) for report in reports for entry in report.entries],
        "score": asdict(score(reports)),
    }
