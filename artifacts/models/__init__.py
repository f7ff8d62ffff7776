"""The stored configuration: one file per family."""

from typing import Final

from .apis import Api
from .base import Artifact, State
from .endpoints import Endpoint
from .generations import Deployment
from .inbound import InboundEndpoint, InboundParameter
from .kept import KeptArtifact
from .local_entries import LocalEntry
from .messaging import MessageProcessor, MessageStore, Task
from .proxies import ProxyService
from .resources import RegistryResource
from .sequences import Sequence
from .templates import Template
from .tokens import AccessToken
from .transports import TransportParameter, TransportSender

ARTIFACT_MODELS: Final[tuple[type[Artifact], ...]] = (
    LocalEntry,
    Endpoint,
    MessageStore,
    Template,
    Sequence,
    ProxyService,
    Api,
    InboundEndpoint,
    MessageProcessor,
    Task,
    KeptArtifact,
)
"""In the order in which they are listed and exported: what is used comes before what uses it."""

__all__ = [
    "ARTIFACT_MODELS",
    "AccessToken",
    "Api",
    "Artifact",
    "Deployment",
    "Endpoint",
    "InboundEndpoint",
    "InboundParameter",
    "KeptArtifact",
    "LocalEntry",
    "MessageProcessor",
    "MessageStore",
    "ProxyService",
    "RegistryResource",
    "Sequence",
    "State",
    "Task",
    "Template",
    "TransportParameter",
    "TransportSender",
]
