"""
Checks that need more than one artifact, or more than its grammar.

===================== ===========================================================================
``lint.reference``    a name that is used, and not deployed
``lint.content``      a local entry whose content is not where its ``src`` says
``lint.outflow``      a WebSocket inbound endpoint without a sequence for back-ends' messages
``lint.port``         an inbound endpoint on a port that another one, or the proxy services, have
``lint.context``      two APIs that take the same requests
``lint.duplicate``    two artifacts of one kind and name
``lint.recursion``    a sequence or template that calls itself, perhaps through others
===================== ===========================================================================

All are warnings: names are looked up when a message needs them, and may be deployed later. An operation of a connector
that was not imported is *not runnable*.
"""

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Final

from django.conf import settings

from mediation.api import Api
from mediation.compiler import NOT_RUNNABLE, Compilation, Reference
from mediation.defaults import DEFAULTS
from mediation.errors import Needs
from mediation.findings import Finding, Severity
from mediation.grammar import Node
from mediation.inbound_endpoint import InboundEndpoint
from mediation.local_entry import LocalEntry
from mediation.mediators.call_template import CallTemplateMediator
from mediation.mediators.sequence import SequenceMediator, SequenceReference
from mediation.registry import resource_path
from mediation.templates import SequenceTemplate

from .models.inbound import port_in_use
from .registry import RESOURCE, file_path
from .registry.sources import elsewhere, is_allowed

WORDS = {
    "sequence": "sequence",
    "endpoint": "endpoint",
    "localEntry": "local entry",
    "inboundEndpoint": "inbound endpoint",
}

Key = tuple[str, str]
"""Kind and name of an artifact."""

CONNECTOR: Final = "connector"
"""Kind of the keys that stand for operations of connectors."""


def lint(compilations: Iterable[Compilation], known: Container[Key]) -> dict[Key, list[Finding]]:
    """
    Args:
        compilations: the artifacts to look at, and those that they may be in conflict with.
        known: every artifact that is or will be deployed, those of ``compilations`` too.

    Returns:
        Findings by kind and name, for artifacts that have any. Lines are those of each artifact's text.
    """
    artifacts = list(compilations)
    found: dict[Key, list[Finding]] = defaultdict(list)
    for artifact in artifacts:
        key = (artifact.kind, artifact.name)
        found[key] += _missing_references(artifact, known)
        found[key] += _missing_content(artifact, known)
        found[key] += _missing_outflow(artifact)
    for key, finding in [
        *_duplicates(artifacts),
        *_shared_ports(artifacts),
        *_shared_contexts(artifacts),
        *_recursions(artifacts),
    ]:
        found[key].append(finding)
    return {key: findings for key, findings in found.items() if findings}


def _warning(check: str, message: str, line: int | None = None) -> Finding:
    return Finding(Severity.WARNING, message, line, f"lint.{check}")


def operation_keys(keys: Iterable[Key]) -> set[Key]:
    """The operations of connectors among these templates: ``gmail.init`` for ``org.example.gmail.init``."""
    names = (name.split(".") for kind, name in keys if kind == "template")
    return {(CONNECTOR, ".".join(parts[-2:])) for parts in names if len(parts) > 2}


def _missing_references(artifact: Compilation, known: Container[Key]) -> Iterator[Finding]:
    for reference in artifact.references:
        if reference.kind == CONNECTOR:
            if (CONNECTOR, reference.name) not in known:
                yield _missing_connector(reference)
        elif not _is_known(reference, known):
            kind = WORDS.get(reference.kind, reference.kind)
            yield _warning(
                "reference",
                f"{kind} {reference.name} is not deployed; it is looked up when a message needs it",
                reference.line,
            )


def _missing_connector(reference: Reference) -> Finding:
    # Without its connector an operation is not a name that is missing, but a step that there is not.
    connector = reference.name.partition(".")[0]
    return Finding(
        Severity.NOT_RUNNABLE,
        f"<{reference.name}> runs when there is the connector {connector}: import its package",
        reference.line,
        f"{NOT_RUNNABLE}.{Needs.CONNECTOR.lower()}",
    )


def _is_known(reference: Reference, known: Container[Key]) -> bool:
    if (reference.kind, reference.name) in known:
        return True
    if reference.kind == "sequence" and reference.name in DEFAULTS:
        return True
    # A local entry may hold a sequence or an endpoint, and is found under its key; so may a resource of the registry.
    return ("localEntry", reference.name) in known or (RESOURCE, resource_path(reference.name) or "") in known


def _missing_content(artifact: Compilation, known: Container[Key]) -> Iterator[Finding]:
    entry = artifact.artifact
    if not isinstance(entry, LocalEntry) or entry.source is None:
        return
    if entry.source.lower().startswith("file:"):
        path = elsewhere(entry.source)
        if (RESOURCE, file_path(entry.source) or "") not in known and not (path is not None and path.is_file()):
            yield _warning("content", f"{entry.source} is no resource of the registry; the entry is empty until it is")
    elif not is_allowed(entry.source):
        yield _warning("content", f"{entry.source} is not read: the setting ESB_ENTRY_URLS does not name it")


def _missing_outflow(artifact: Compilation) -> Iterator[Finding]:
    inbound = artifact.artifact
    if isinstance(inbound, InboundEndpoint) and inbound.outflow_sequence is None:
        yield _warning(
            "outflow", "there is no ws.outflow.dispatch.sequence: what back-ends send runs through the sequence main"
        )


def _duplicates(artifacts: list[Compilation]) -> Iterator[tuple[Key, Finding]]:
    counts = Counter((artifact.kind, artifact.name) for artifact in artifacts)
    for key, count in counts.items():
        if count > 1:
            yield key, _warning("duplicate", f"there are {count} of this kind and name")


def _shared_ports(artifacts: list[Compilation]) -> Iterator[tuple[Key, Finding]]:
    offset = settings.ESB_PORT_OFFSET
    holders: dict[int, str] = {}
    for artifact in artifacts:
        inbound = artifact.artifact
        if artifact.kind != "inboundEndpoint" or inbound is None or inbound.suspended:
            continue
        port = inbound.port_with_offset(offset)
        if port is None:
            continue
        holder = holders.setdefault(port, inbound.name)
        if holder != inbound.name:
            yield (artifact.kind, artifact.name), _warning("port", port_in_use(holder, port))
        elif port - offset in (settings.ESB_HTTP_PORT, settings.ESB_HTTPS_PORT):
            yield (artifact.kind, artifact.name), _warning("port", f"port {port} is the one of proxy services")


def _shared_contexts(artifacts: list[Compilation]) -> Iterator[tuple[Key, Finding]]:
    holders: dict[tuple[object, ...], str] = {}
    for artifact in artifacts:
        api = artifact.artifact
        if not isinstance(api, Api):
            continue
        taken = (api.prefix, api.host, api.port, api.schemes, api.binds_to)
        holder = holders.setdefault(taken, api.name)
        if holder != api.name:
            text = f"the API {holder} takes the requests to {api.prefix or '/'}"
            yield (artifact.kind, artifact.name), _warning("context", text)


def _recursions(artifacts: list[Compilation]) -> Iterator[tuple[Key, Finding]]:
    calls = {
        (artifact.kind, artifact.name): dict(_calls(artifact.artifact))
        for artifact in artifacts
        if isinstance(artifact.artifact, SequenceMediator | SequenceTemplate)
    }
    for key in calls:
        way = _way_back(key, calls)
        if way:
            text = f"the {key[0]} calls itself: {' > '.join(name for _, name in (key, *way))}"
            yield key, _warning("recursion", text, calls[key][way[0]])


def _calls(node: object) -> Iterator[tuple[Key, int | None]]:
    """Sequences and templates that a flow runs by a fixed name, at any depth of it."""
    if isinstance(node, tuple):
        for part in node:
            yield from _calls(part)
    elif isinstance(node, SequenceReference):
        if node.key.is_literal:
            yield ("sequence", node.key.source), node.line
    elif isinstance(node, CallTemplateMediator):
        yield ("template", node.target), node.line
    elif isinstance(node, SequenceTemplate):
        yield from _calls(node.body)
    elif isinstance(node, Node):
        for field in dataclasses.fields(node):
            yield from _calls(getattr(node, field.name))


def _way_back(start: Key, calls: Mapping[Key, Mapping[Key, int | None]]) -> tuple[Key, ...]:
    """The shortest way from a sequence or template to itself; empty if there is none."""
    ways: list[tuple[Key, ...]] = [(called,) for called in calls[start]]
    seen = set(calls[start])
    for way in ways:  # grows while it is walked
        if way[-1] == start:
            return way
        for called in calls.get(way[-1], ()):
            if called not in seen:
                seen.add(called)
                ways.append((*way, called))
    return ()
