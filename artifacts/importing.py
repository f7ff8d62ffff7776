"""
Import of paths: each of them is one transaction.

::

    reports = import_paths([Path("app.car")], Options(replace=True))
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from django.db import DataError, transaction

from mediation.compiler import Compilation
from mediation.errors import ConfigurationError
from mediation.findings import Finding, Severity
from mediation.registry import resource_key

from .lint import Key, lint, operation_keys
from .registry import ResourceError, check_resource, registry_directory, remarks_on, resource_keys, write_resource
from .reporting import FAILED, Entry, Outcome, Report, ignored_entry, read_or_report, severest
from .store import Saved, all_artifacts, delete_artifact, find_artifact, save_artifact, set_transport_parameters
from .synapse_xml import same_xml
from .synapse_xml.packages import FoundArtifact, FoundResource, FoundTransport, Package

CLEAN: Final = frozenset({Outcome.CREATED, Outcome.CHANGED, Outcome.UNCHANGED, Outcome.IGNORED})
"""What a strict import takes."""


@dataclass(frozen=True, slots=True)
class Options:
    """
    Attributes:
        replace: take the given artifact where a different one of its name exists; otherwise that is a clash.
        prune: remove artifacts that none of the paths contains; parameters of transports always stay.
        strict: a path with a fault, a warning or something not runnable is rejected as a whole.
        dry_run: say what would happen, and undo it.
        user: who is named in the history.
        names: what the user calls a path, where that is not the path itself (an uploaded file).
    """

    replace: bool = False
    prune: bool = False
    strict: bool = False
    dry_run: bool = False
    user: Any = None
    names: Mapping[Path, str] = field(default_factory=dict)


def import_paths(paths: Sequence[Path], options: Options) -> list[Report]:
    """
    Import paths in their order.

    Returns:
        One report for each, and one more for what was pruned.
    """
    read = [read_or_report(path, options.names.get(path)) for path in paths]
    packages = [package for package in read if isinstance(package, Package)]
    given = {(found.kind, found.name) for package in packages for found in package.artifacts}
    known = given.union((row.kind, row.name) for row in all_artifacts())
    known |= operation_keys(known)
    known |= resource_keys({found.path for package in packages for found in package.resources})
    with _rolled_back() if options.dry_run else contextlib.nullcontext():
        reports = [_PathImport(each, options, known).run() if isinstance(each, Package) else each for each in read]
        if options.prune:
            reports.append(_prune(given, options, rejected=any(report.rejected for report in reports)))
    return reports


@contextlib.contextmanager
def _rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _prune(given: set[Key], options: Options, *, rejected: bool) -> Report:
    report = Report("--prune")
    if rejected:
        # What a rejected path contains is not known, so everything else would look superfluous.
        reason = Finding(Severity.ERROR, "something was rejected, so nothing is removed", None, "import.prune")
        report.entries.append(Entry(Outcome.REJECTED, "--prune", "", "", findings=(reason,)))
        return report
    with transaction.atomic():
        for row in [row for row in all_artifacts() if (row.kind, row.name) not in given]:
            report.entries.append(Entry(Outcome.REMOVED, row.kind, row.name, row.source))
            delete_artifact(row, options.user, "import_synapse --prune")
    return report


class _PathImport:
    """Imports one path. Used once."""

    def __init__(self, package: Package, options: Options, known: set[Key]) -> None:
        self._package = package
        self._options = options
        self._known = known
        self._taken: dict[Key, FoundArtifact] = {}
        self._resources = registry_directory().stamps() if package.resources else {}

    def run(self) -> Report:
        with transaction.atomic():
            entries = [
                *self._artifacts(),
                *(self._transport(found) for found in self._package.transports),
                *(self._resource(found) for found in self._package.resources),
                *(ignored_entry(found) for found in self._package.ignored),
            ]
            if self._options.strict and any(_is_unclean(entry) for entry in entries):
                transaction.set_rollback(True)
                entries = [*map(_reject, entries), self._refusal()]
        return Report(self._package.path, entries)

    def _refusal(self) -> Entry:
        return Entry(Outcome.REJECTED, "path", "", self._package.path, "strict: nothing of it is imported")

    def _artifacts(self) -> list[Entry]:
        steps = [(found, self._store(found)) for found in self._package.artifacts]
        compilations: list[Compilation] = [step.compilation for _, step in steps if isinstance(step, Saved)]
        lints = lint(compilations, self._known)
        return [
            step if isinstance(step, Entry) else _stored(found, step, lints.get((found.kind, found.name), []))
            for found, step in steps
        ]

    def _store(self, found: FoundArtifact) -> Saved | Entry:
        key = (found.kind, found.name)
        twin = self._taken.get(key)
        if twin is not None:
            if same_xml(twin.text, found.text):
                return Entry(Outcome.UNCHANGED, *key, found.place, f"the same as {twin.place}")
            return _refused(found, Outcome.CLASH, f"there is a different one of this name in {twin.place}")
        if not self._options.replace:
            row = find_artifact(*key)
            if row is not None and not same_xml(row.xml, found.text):
                origin = f", from {row.source}" if row.source else ""
                text = f"a different one of this name exists{origin}; replace (--replace) takes this one"
                return _refused(found, Outcome.CLASH, text)
        try:
            # In a savepoint of its own, so that what the database refuses does no harm to the rest.
            with transaction.atomic():
                saved = save_artifact(found.text, source=found.file, user=self._options.user, reason="import_synapse")
        except ConfigurationError as exc:
            return _refused(found, Outcome.REJECTED, exc.message, exc.line)
        except DataError as exc:
            return _refused(found, Outcome.REJECTED, str(exc).strip())
        self._taken[key] = found
        return saved

    def _transport(self, found: FoundTransport) -> Entry:
        outcome = set_transport_parameters(found.scheme, found.parameters, replace=self._options.replace)
        return Entry(Outcome(outcome), "transport", found.scheme, found.place, findings=found.findings())

    def _resource(self, found: FoundResource) -> Entry:
        """Compare it with the one that there is; it is written when the transaction is committed."""
        registry = registry_directory()
        key = ("resource", resource_key(found.path))
        try:
            check_resource(found.path, found.content)
            before = registry.read(found.path) if found.path in self._resources else None
        except ResourceError as exc:
            finding = Finding(Severity.ERROR, str(exc), None, "import.rejected")
            return Entry(Outcome.REJECTED, *key, found.place, findings=(finding,))
        if before == found.content:
            return Entry(Outcome.UNCHANGED, *key, found.place)
        if before is not None and not self._options.replace:
            finding = Finding(
                Severity.ERROR, "a different one exists; replace (--replace) takes this one", None, "import.clash"
            )
            return Entry(Outcome.CLASH, *key, found.place, findings=(finding,))
        transaction.on_commit(partial(_write, found))
        remarks = remarks_on(found.path, found.content)
        outcome = Outcome.CREATED if before is None else Outcome.CHANGED
        return Entry(Outcome.WARNING if remarks else outcome, *key, found.place, outcome if remarks else "", remarks)


def _write(found: FoundResource) -> None:
    write_resource(found.path, found.content)


def _refused(found: FoundArtifact, outcome: Outcome, message: str, line: int | None = None) -> Entry:
    finding = found.in_file(Finding(Severity.ERROR, message, line, f"import.{outcome}"))
    return Entry(outcome, found.kind, found.name, found.place, findings=(*found.remarks, finding))


def _stored(found: FoundArtifact, saved: Saved, lints: list[Finding]) -> Entry:
    remarks = saved.row.remarks
    if saved.row.xml != found.text.replace("\r\n", "\n"):
        # Unchanged, and stored from a file that has its line breaks elsewhere.
        remarks = [replace(finding, line=None) for finding in remarks]
    told = {finding.message for finding in remarks}
    lints = [finding for finding in lints if finding.message not in told]
    findings = [*found.remarks, *map(found.in_file, [*remarks, *lints])]
    outcome = severest(findings) or Outcome(saved.outcome)
    note = saved.outcome if outcome != saved.outcome else ""
    if outcome is Outcome.FAULTY and saved.row.serving_version is not None:
        note += f", version {saved.row.serving_version} goes on being served"
    return Entry(outcome, found.kind, found.name, found.place, note, tuple(findings))


def _is_unclean(entry: Entry) -> bool:
    return entry.outcome not in CLEAN


def _reject(entry: Entry) -> Entry:
    if entry.outcome is Outcome.IGNORED:
        return entry
    note = "" if entry.outcome in FAILED else str(entry.outcome)
    return replace(entry, outcome=Outcome.REJECTED, note=note)
