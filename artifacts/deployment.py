"""
Rows to the immutable snapshot that the engine runs.

::

    source = DatabaseSource()
    snapshot = source.load(None)
    ...
    if not source.is_current(snapshot):
        snapshot = source.load(snapshot)

Which version of an artifact serves was decided when its row was saved; a snapshot follows that. Artifacts whose served
version did not change are the same objects in the next snapshot, and so keep what they know, such as an endpoint its
suspension.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import QuerySet

from mediation.compiler import compile_artifact
from mediation.defaults import DEFAULTS, default_sequence
from mediation.environment import Environment
from mediation.errors import ConfigurationError
from mediation.inbound_endpoint import InboundEndpoint
from mediation.local_entry import LocalEntry
from mediation.mediators.sequence import SequenceMediator
from mediation.payloads.xml import parse_xml
from mediation.registry import resource_path
from mediation.vault import vault

from . import models
from .models import ARTIFACT_MODELS, Artifact, Deployment, KeptArtifact, State, TransportParameter
from .models.inbound import port_in_use
from .registry import ResourceEntry, ResourceError, below, filled, read_entries, registry_directory
from .snapshot import ArtifactState, Key, Served, Snapshot

logger = logging.getLogger(__name__)

REGISTRY_SECONDS: Final = 2.0
"""Between two looks at the registry's files."""

ATTEMPTS: Final = 5
"""To read all rows while nobody writes, before writers have to wait."""


class DatabaseSource:
    """
    The stored configuration, for the thread that follows it.

    A database that is gone makes both methods raise ``DatabaseError``; the next call connects anew.
    """

    def __init__(self) -> None:
        self._registry = registry_directory()
        self._registry_looked = 0.0

    def is_current(self, environment: Environment) -> bool:
        """One query for one number; and every few seconds a look at the registry's files."""
        with _connected():
            if Deployment.current() != environment.generation:
                return False
        now = time.monotonic()
        if now - self._registry_looked < REGISTRY_SECONDS or not isinstance(environment, Snapshot):
            return True
        self._registry_looked = now
        stamps = {path: resource.stamp for path, resource in environment.resources.items()}
        return self._registry.stamps() == stamps

    def load(self, previous: Environment | None) -> Snapshot:
        """
        The current configuration.

        Args:
            previous: the last one; what did not change since is taken from it.
        """
        before = previous if isinstance(previous, Snapshot) else None
        vault.refresh(Path(settings.ESB_SECRETS_DIR))
        resources = read_entries(self._registry, {} if before is None else before.resources)
        with _connected():
            snapshot = _consistently(lambda generation: _Loader(generation, before, resources).load())
        _tell(snapshot, {} if before is None else before.states)
        return snapshot


@contextmanager
def _connected() -> Iterator[None]:
    """Outside of requests nobody else drops a connection that has broken."""
    try:
        yield
    except (DatabaseError, InterfaceError) as exc:
        connection.close()
        if Deployment._meta.db_table in str(exc):
            # runserver says so by itself, the daphne command does not.
            raise DatabaseError(f"{exc}; make the tables with: manage.py migrate") from exc
        raise


_T = TypeVar("_T")


def _consistently(read: Callable[[int], _T]) -> _T:
    """Read what one generation consists of: all or nothing of each transaction."""
    for _ in range(ATTEMPTS):
        generation = Deployment.current()
        result = read(generation)
        if Deployment.current() == generation:
            return result
    # Whoever writes raises the generation, and waits for this row.
    with transaction.atomic():
        Deployment.objects.select_for_update().filter(pk=1).first()
        return read(Deployment.current())


class _Loader:
    """Builds one snapshot. Used once."""

    def __init__(self, generation: int, before: Snapshot | None, resources: Mapping[str, ResourceEntry]) -> None:
        self._generation = generation
        self._before = before
        self._known: Mapping[Key, Served] = {} if before is None else before.served
        self._resources = MappingProxyType(resources)
        self._served: dict[Key, Served] = {}
        self._states: dict[Key, ArtifactState] = {}

    def load(self) -> Snapshot:
        for model in ARTIFACT_MODELS:
            self._read_states(model)
            self._read_served(model)
        self._settle_ports()
        local_entries = self._local_entries()
        held = {key: entry.artifact for key, entry in local_entries.items() if entry.artifact is not None}
        defaults = {name: sequence for name in DEFAULTS if (sequence := default_sequence(name)) is not None}
        sequences = {key: each for key, each in held.items() if isinstance(each, SequenceMediator)}
        endpoints = {key: each for key, each in held.items() if key not in sequences}
        return Snapshot(
            generation=self._generation,
            sequences=defaults | sequences | self._of(models.Sequence),
            endpoints=endpoints | self._of(models.Endpoint),
            local_entries=local_entries,
            proxy_services=self._of(models.ProxyService),
            inbound=MappingProxyType(
                {
                    name: each
                    for name, each in self._of(models.InboundEndpoint).items()
                    if isinstance(each, InboundEndpoint)
                }
            ),
            transports=_transports(),
            of_kind=self._by_kind(),
            states=MappingProxyType(self._states),
            served=MappingProxyType(self._served),
            resources=self._resources,
        )

    def _local_entries(self) -> dict[str, LocalEntry]:
        """With the content of those that it lies elsewhere for; without those whose content is not there."""
        entries: dict[str, LocalEntry] = self._of(models.LocalEntry)
        for key, entry in list(entries.items()):
            if entry.source is not None:
                before = None if self._before is None else self._before.local_entries.get(key)
                try:
                    entries[key] = filled(entry, before, self._resources)
                except ResourceError as exc:
                    logger.warning("local entry %s: %s", key, exc)
                    del entries[key]
        return self._below_root() | entries

    def _below_root(self) -> dict[str, LocalEntry]:
        """What artifacts name, and the root of the configuration's registry has."""
        registry = self._served.get(("registry", "registry"))
        root = getattr(registry.artifact, "root", "") if registry is not None else ""
        names = {name for served in self._served.values() for name in served.references} if root else set()
        found = {
            name: below(root, name, self._resources) for name in names if resource_path(name) not in self._resources
        }
        return {name: entry for name, entry in found.items() if entry is not None}

    def _by_kind(self) -> Mapping[str, Mapping[str, Any]]:
        kinds: dict[str, dict[str, Any]] = {}
        for (kind, name), served in self._served.items():
            if self._states[kind, name].version is not None:
                kinds.setdefault(kind, {})[name] = served.artifact
        return MappingProxyType({kind: MappingProxyType(each) for kind, each in kinds.items()})

    def _of(self, model: type[Artifact]) -> dict[str, Any]:
        return {
            name: served.artifact
            for (kind, name), served in self._served.items()
            if kind == model.kind and self._states[kind, name].version is not None
        }

    def _read_states(self, model: type[Artifact]) -> None:
        running = (State.DEPLOYED, State.SUSPENDED)
        rows = model._default_manager.order_by("pk")
        for row in rows.exclude(state__in=running).defer("xml", "last_good_xml"):
            self._states[row.kind, row.name] = ArtifactState(State(row.state), row.serving_version, row.reason)
        for key, state, version in _columns(rows.filter(state__in=running), "state", "serving_version"):
            self._states[key] = ArtifactState(State(state), version)

    def _read_served(self, model: type[Artifact]) -> None:
        """Compile what serves, unless the last snapshot had it."""
        rows = model._default_manager.filter(serving_version__isnull=False).order_by("pk")
        identities = {key: tuple(rest) for key, *rest in _columns(rows, "pk", "created", "serving_version")}
        new = {
            key: identity[0]
            for key, identity in identities.items()
            if (known := self._known.get(key)) is None or known.identity != identity
        }
        texts = model._default_manager.only("last_good_xml").in_bulk(list(new.values()))
        for key, identity in identities.items():
            if key in new:
                text = texts[new[key]].last_good_xml if new[key] in texts else ""
                self._served[key] = Served(identity, *_compile(key, text))
            else:
                self._served[key] = self._known[key]
            if self._served[key].artifact is None:
                self._states[key] = ArtifactState(State.FAULTY, None, self._served[key].reason)

    def _settle_ports(self) -> None:
        """
        One port, one endpoint.

        Rows are saved so; this is for what two transactions saved side by side, and for a port offset that was changed
        since.
        """
        holders: dict[int, str] = {}
        for name, endpoint in self._of(models.InboundEndpoint).items():
            if endpoint.suspended:
                continue
            port = endpoint.port_with_offset(settings.ESB_PORT_OFFSET)
            if port is None:
                continue
            holder = holders.setdefault(port, name)
            if holder != name:
                key = (models.InboundEndpoint.kind, name)
                self._states[key] = ArtifactState(State.FAULTY, None, port_in_use(holder, port))


def _columns(rows: QuerySet[Any], *columns: str) -> Iterator[Any]:
    """Of each row the key, and these columns."""
    if rows.model is KeptArtifact:
        yield from (((kind, name), *rest) for kind, name, *rest in rows.values_list("kind", "name", *columns))
    else:
        yield from (((rows.model.kind, name), *rest) for name, *rest in rows.values_list("name", *columns))


def _compile(key: Key, text: str) -> tuple[Any, str, tuple[str, ...]]:
    """The artifact, or ``None`` and the reason; and the names that it uses."""
    try:
        compilation = compile_artifact(parse_xml(text))
    except ConfigurationError as exc:
        return None, str(exc), ()
    except Exception as exc:
        # One artifact that the compiler stumbles over is no reason to deploy none.
        logger.exception("<%s> %s cannot be compiled", *key)
        return None, f"{type(exc).__name__}: {exc}", ()
    reasons = [*compilation.errors, *compilation.not_runnable]
    names = tuple(reference.name for reference in compilation.references)
    return compilation.artifact, "; ".join(map(str, reasons)), names


def _transports() -> Mapping[str, Mapping[str, str]]:
    transports: dict[str, dict[str, str]] = {}
    for scheme, name, value in TransportParameter.objects.values_list("sender__scheme", "name", "value"):
        transports.setdefault(scheme, {})[name] = value
    return MappingProxyType({scheme: MappingProxyType(parameters) for scheme, parameters in transports.items()})


def _tell(snapshot: Snapshot, before: Mapping[Key, ArtifactState]) -> None:
    """One line in the log for each artifact that has become faulty."""
    for (kind, name), now in snapshot.states.items():
        if now.state in (State.FAULTY, State.FAULTY_SERVING_OLDER) and before.get((kind, name)) != now:
            version = "" if now.version is None else f", version {now.version} goes on being served"
            logger.warning("<%s> %s is faulty%s: %s", kind, name, version, now.reason)
