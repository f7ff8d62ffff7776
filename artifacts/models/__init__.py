"""The stored configuration: one file per family."""

from typing import Final

from .base import Artifact, State
from .endpoints import Endpoint
from .generations import Deployment
from .inbound import InboundEndpoint, InboundParameter
from .kept import KeptArtifact
from .local_entries import LocalEntry
from .proxies import ProxyService
from .sequences import Sequence
from .tokens import AccessToken
from .transports import TransportParameter, TransportSender

ARTIFACT_MODELS: Final[tuple[type[Artifact], ...]] = (
    LocalEntry,
    Endpoint,
    Sequence,
    ProxyService,
    InboundEndpoint,
    KeptArtifact,
)
"""In the order in which they are listed and exported: what is used comes before what uses it."""

__all__ = [
    "ARTIFACT_MODELS",
    "AccessToken",
    "Artifact",
    "Deployment",
    "Endpoint",
    "InboundEndpoint",
    "InboundParameter",
    "KeptArtifact",
    "LocalEntry",
    "ProxyService",
    "Sequence",
    "State",
    "TransportParameter",
    "TransportSender",
]
