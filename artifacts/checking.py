"""
What would run and what would not, without a database.

::

    reports = check_paths([Path("app.car")])
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mediation.compiler import Compilation, compile_artifact
from mediation.errors import ConfigurationError
from mediation.findings import Finding, Severity
from mediation.grammar import ARTIFACTS
from mediation.payloads.xml import parse_xml
from mediation.registry import resource_key

from .lint import Key, lint, operation_keys
from .registry import remarks_on, resource_keys
from .reporting import Entry, Outcome, Report, ignored_entry, read_or_report, severest
from .synapse_xml import identity
from .synapse_xml.packages import FoundArtifact, Package


def check_paths(paths: Sequence[Path]) -> list[Report]:
    """One report for each path; names may be found in any of them."""
    read = [read_or_report(path) for path in paths]
    known = {
        (found.kind, found.name) for package in read if isinstance(package, Package) for found in package.artifacts
    }
    known |= operation_keys(known)
    known |= resource_keys(
        {found.path for package in read if isinstance(package, Package) for found in package.resources}
    )
    return [_check(each, known) if isinstance(each, Package) else each for each in read]


def _check(package: Package, known: set[Key]) -> Report:
    steps = [(found, _compile(found)) for found in package.artifacts]
    # The same text twice is no conflict.
    distinct = {found.text: step for found, step in steps if isinstance(step, Compilation)}
    lints = lint(distinct.values(), known)
    entries = [
        step if isinstance(step, Entry) else _checked(found, step, lints.get((found.kind, found.name), []))
        for found, step in steps
    ]
    entries += [
        Entry(Outcome.RUNS, "transport", found.scheme, found.place, findings=found.findings())
        for found in package.transports
    ]
    for resource in package.resources:
        remarks = remarks_on(resource.path, resource.content)
        outcome = severest(remarks) or Outcome.RUNS
        entries.append(Entry(outcome, "resource", resource_key(resource.path), resource.place, findings=remarks))
    return Report(package.path, entries + [ignored_entry(found) for found in package.ignored])


def _compile(found: FoundArtifact) -> Compilation | Entry:
    element = parse_xml(found.text)
    try:
        identity(element)
        return compile_artifact(element)
    except ConfigurationError as exc:
        reason = found.in_file(Finding(Severity.ERROR, exc.message, exc.line, "import.rejected"))
    return Entry(Outcome.REJECTED, found.kind, found.name, found.place, findings=(*found.remarks, reason))


def _checked(found: FoundArtifact, compilation: Compilation, lints: list[Finding]) -> Entry:
    findings = [*found.remarks, *map(found.in_file, [*compilation.findings, *lints])]
    if compilation.kind not in ARTIFACTS:
        # Kept, as products have extensions of their own; it cannot be faulty, for nobody here knows what is right.
        findings = [
            replace(finding, severity=Severity.NOT_RUNNABLE) if finding.severity is Severity.ERROR else finding
            for finding in findings
        ]
    return Entry(severest(findings) or Outcome.RUNS, found.kind, found.name, found.place, findings=tuple(findings))
