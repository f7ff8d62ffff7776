"""One state of the configuration, as the engine sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple, cast

from mediation.endpoints import Endpoint
from mediation.inbound_endpoint import InboundEndpoint
from mediation.local_entry import LocalEntry
from mediation.mediators.sequence import SequenceMediator
from mediation.proxy_service import ProxyService
from mediation.registry import resource_path

from .models import State
from .registry import ResourceEntry

Key = tuple[str, str]
"""Kind and name of an artifact."""

NO_PARAMETERS: Final[Mapping[str, str]] = MappingProxyType({})
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ArtifactState:
    """
    What became of one artifact.

    Attributes:
        version: the one that serves; ``None`` when none does.
        reason: why it is not the current one, or none; empty otherwise.
    """

    state: State
    version: int | None
    reason: str = ""


class Served(NamedTuple):
    """A served version, compiled; ``artifact`` is ``None``, with a reason, if it does not compile any more."""

    identity: tuple[int, datetime, int]
    """Row, its creation and the served version: equal only for the same text."""
    artifact: Any
    reason: str
    references: tuple[str, ...] = ()
    """Names that it uses."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """
    One immutable state of the configuration; the :class:`mediation.environment.Environment` of the engine.

    Attributes:
        of_kind: what serves, by kind and name; of the kinds that have no mapping of their own above.
        states: of every artifact, also of those that do not serve.
        served: what the next snapshot takes over.
        local_entries: those whose content has been read.
        resources: of the registry, by path.
    """

    generation: int
    sequences: Mapping[str, SequenceMediator]
    endpoints: Mapping[str, Endpoint]
    local_entries: Mapping[str, LocalEntry]
    proxy_services: Mapping[str, ProxyService]
    inbound: Mapping[str, InboundEndpoint]
    transports: Mapping[str, Mapping[str, str]]
    of_kind: Mapping[str, Mapping[str, Any]]
    states: Mapping[Key, ArtifactState]
    served: Mapping[Key, Served]
    resources: Mapping[str, ResourceEntry]

    def sequence(self, name: str) -> SequenceMediator | None:
        found = self.sequences.get(name)
        if found is None and (entry := self._resource(name)) is not None:
            return entry.artifact if isinstance(entry.artifact, SequenceMediator) else None
        return found

    def endpoint(self, name: str) -> Endpoint | None:
        found = self.endpoints.get(name)
        if found is None and (entry := self._resource(name)) is not None:
            return None if isinstance(entry.artifact, SequenceMediator) else cast("Endpoint | None", entry.artifact)
        return found

    def local_entry(self, key: str) -> LocalEntry | None:
        found = self.local_entries.get(key)
        return self._resource(key) if found is None else found

    def _resource(self, key: str) -> LocalEntry | None:
        if not self.resources:
            return None
        found = self.resources.get(resource_path(key) or "")
        return None if found is None else found.entry

    def proxy_service(self, name: str) -> ProxyService | None:
        return self.proxy_services.get(name)

    def inbound_endpoint(self, name: str) -> InboundEndpoint | None:
        return self.inbound.get(name)

    def inbound_endpoints(self) -> Mapping[str, InboundEndpoint]:
        return self.inbound

    def deployed(self, kind: str) -> Mapping[str, Any]:
        return self.of_kind.get(kind, NOTHING)

    def transport_parameters(self, scheme: str) -> Mapping[str, str]:
        return self.transports.get(scheme, NO_PARAMETERS)
