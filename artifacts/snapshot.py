"""One state of the configuration, as the engine sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from mediation.endpoints import Endpoint
from mediation.inbound_endpoint import InboundEndpoint
from mediation.local_entry import LocalEntry
from mediation.mediators.sequence import SequenceMediator
from mediation.proxy_service import ProxyService

from .models import State

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


@dataclass(frozen=True, slots=True)
class Snapshot:
    """
    One immutable state of the configuration; the :class:`mediation.environment.Environment` of the engine.

    Attributes:
        of_kind: what serves, by kind and name; of the kinds that have no mapping of their own above.
        states: of every artifact, also of those that do not serve.
        served: what the next snapshot takes over.
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

    def sequence(self, name: str) -> SequenceMediator | None:
        return self.sequences.get(name)

    def endpoint(self, name: str) -> Endpoint | None:
        return self.endpoints.get(name)

    def local_entry(self, key: str) -> LocalEntry | None:
        return self.local_entries.get(key)

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
