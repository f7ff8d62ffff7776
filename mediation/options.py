"""What a deployment may set: the one place where the engine reads Django's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Options:
    """
    The engine's options; ``esbsite/settings.py`` says what each means.

    Ports are as configured: whoever opens one adds :attr:`port_offset`.
    """

    host: str = "0.0.0.0"
    http_port: int = 8280
    https_port: int = 8243
    https_certificate: str = ""
    https_key: str = ""
    https_password: str = ""
    port_offset: int = 0
    share_ports: bool = False
    poll_seconds: float = 0.5
    drain_seconds: float = 30.0
    max_message_bytes: int = 1024 * 1024
    max_frame_bytes: int = 0
    message_seconds: float = 60.0
    ping_seconds: float = 20.0
    pong_seconds: float = 20.0
    idle_seconds: float = 0.0
    handshake_seconds: float = 10.0
    deflate: bool = False
    max_connections: int = 10_000
    max_connections_per_address: int = 0
    max_message_rate: int = 0
    max_queue_bytes: int = 1024 * 1024
    max_body_bytes: int = 16 * 1024 * 1024
    max_requests: int = 10_000
    max_hops: int = 10
    max_branches: int = 100
    max_grouped_messages: int = 10_000
    group_seconds: float = 300.0
    allowed_origins: tuple[str, ...] = ()
    allowed_addresses: tuple[str, ...] = ()
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    cors_origins: tuple[str, ...] = ()
    cors_headers: str = ""
    auth_trust_seconds: float = 30.0
    auth_failures_per_minute: int = 20
    store_dir: str = ""
    classes: Mapping[str, str] = field(default_factory=dict)
    data_sources: Mapping[str, str] = field(default_factory=dict)
    json_switches: Mapping[str, str] = field(default_factory=dict)
    script_workers: int = 2
    script_seconds: float = 5.0
    script_memory_bytes: int = 64 * 1024 * 1024
    transform_workers: int = 2
    transform_seconds: float = 5.0
    transform_memory_bytes: int = 512 * 1024 * 1024

    @classmethod
    def from_settings(cls) -> Options:
        return cls(
            host=settings.ESB_HOST,
            http_port=settings.ESB_HTTP_PORT,
            https_port=settings.ESB_HTTPS_PORT,
            https_certificate=settings.ESB_HTTPS_CERTIFICATE,
            https_key=settings.ESB_HTTPS_KEY,
            https_password=settings.ESB_HTTPS_PASSWORD,
            port_offset=settings.ESB_PORT_OFFSET,
            share_ports=settings.ESB_SHARE_PORTS,
            poll_seconds=settings.ESB_POLL_SECONDS,
            drain_seconds=settings.ESB_DRAIN_SECONDS,
            max_message_bytes=settings.ESB_MAX_MESSAGE_BYTES,
            max_frame_bytes=settings.ESB_MAX_FRAME_BYTES,
            message_seconds=settings.ESB_MESSAGE_SECONDS,
            ping_seconds=settings.ESB_PING_SECONDS,
            pong_seconds=settings.ESB_PONG_SECONDS,
            idle_seconds=settings.ESB_IDLE_SECONDS,
            handshake_seconds=settings.ESB_HANDSHAKE_SECONDS,
            deflate=settings.ESB_DEFLATE,
            max_connections=settings.ESB_MAX_CONNECTIONS,
            max_connections_per_address=settings.ESB_MAX_CONNECTIONS_PER_ADDRESS,
            max_message_rate=settings.ESB_MAX_MESSAGE_RATE,
            max_queue_bytes=settings.ESB_MAX_QUEUE_BYTES,
            max_body_bytes=settings.ESB_MAX_BODY_BYTES,
            max_requests=settings.ESB_MAX_REQUESTS,
            max_hops=settings.ESB_MAX_HOPS,
            max_branches=settings.ESB_MAX_BRANCHES,
            max_grouped_messages=settings.ESB_MAX_GROUPED_MESSAGES,
            group_seconds=settings.ESB_GROUP_SECONDS,
            allowed_origins=tuple(settings.ESB_ALLOWED_ORIGINS),
            allowed_addresses=tuple(settings.ESB_ALLOWED_ADDRESSES),
            trusted_proxies=tuple(settings.ESB_TRUSTED_PROXIES),
            cors_origins=tuple(settings.ESB_CORS_ORIGINS),
            cors_headers=settings.ESB_CORS_HEADERS,
            auth_trust_seconds=settings.ESB_AUTH_TRUST_SECONDS,
            auth_failures_per_minute=settings.ESB_AUTH_FAILURES_PER_MINUTE,
            store_dir=settings.ESB_STORE_DIR,
            classes=settings.ESB_CLASSES,
            data_sources=settings.ESB_DATA_SOURCES,
            json_switches=settings.ESB_JSON_SWITCHES,
            script_workers=settings.ESB_SCRIPT_WORKERS,
            script_seconds=settings.ESB_SCRIPT_SECONDS,
            script_memory_bytes=settings.ESB_SCRIPT_MEMORY_BYTES,
            transform_workers=settings.ESB_TRANSFORM_WORKERS,
            transform_seconds=settings.ESB_TRANSFORM_SECONDS,
            transform_memory_bytes=settings.ESB_TRANSFORM_MEMORY_BYTES,
        )
