"""TLS towards ``wss`` and ``https`` back-ends, as the transport sender's parameters say."""

from __future__ import annotations

import asyncio
import functools
import ssl
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from mediation.errors import ConnectionFailed, KeyStoreError
from mediation.options import Options
from mediation.parameters import FLAG, flag, parameter

from .keystores import FORMATS, KeyStore, Stamp, TrustStore, stamps, store_type
from .tls import backend_context

STORE_TYPES: Final = ", ".join(FORMATS)
STORED_SECRET: Final = "text, `$SYSTEM:NAME`, `$FILE:/path`"


class NamedStores:
    """The stores that parameters name; what the parameters are called is for the subclasses to say."""

    __slots__ = ()

    trust_store_file: str
    trust_store_password: str
    trust_store_type: str | None
    key_store_file: str
    key_store_password: str
    key_store_type: str | None
    key_password: str

    @property
    def trust_store(self) -> TrustStore | None:
        if not self.trust_store_file:
            return None
        return TrustStore(self.trust_store_file, self.trust_store_password, self.trust_store_type)

    @property
    def key_store(self) -> KeyStore | None:
        if not self.key_store_file:
            return None
        return KeyStore(self.key_store_file, self.key_store_password, self.key_store_type, self.key_password)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendTls(NamedStores):
    """Whom back-ends' certificates are verified with, and what we show them. The capital letters are the originals'."""

    trust_store_file: str = parameter(
        "ws.trust.store.location", default="", values="path", help="who may sign; by default the system's authorities"
    )
    trust_store_password: str = parameter("ws.trust.store.Password", default="", values=STORED_SECRET)
    trust_store_type: str | None = parameter(
        "ws.trust.store.type", store_type, values=STORE_TYPES, help="by default what the file is"
    )
    check_hostname: bool = parameter(
        "ws.client.enable.hostname.verification",
        flag,
        True,
        values=FLAG,
        help="whether the certificate has to be for the host of the address",
    )
    key_store_file: str = parameter(
        "ws.key.store.location", default="", values="path", help="our certificate for back-ends that ask for one"
    )
    key_store_password: str = parameter("ws.key.store.Password", default="", values=STORED_SECRET)
    key_store_type: str | None = parameter(
        "ws.key.store.type", store_type, values=STORE_TYPES, help="by default what the file is"
    )
    key_password: str = parameter(
        "ws.key.store.cert.Password", default="", values=STORED_SECRET, help="of the private key; by default the same"
    )


class Terms(Hashable, Protocol):
    """What the parameters of a transport sender say."""

    @property
    def trust_store(self) -> TrustStore | None: ...

    @property
    def key_store(self) -> KeyStore | None: ...

    @property
    def check_hostname(self) -> bool: ...


async def context_for(uri: str, tls: Terms) -> ssl.SSLContext | None:
    """
    The context for a connection to a back-end; ``None`` for a plain connection, and where nothing is configured.

    Raises:
        ConnectionFailed: a store cannot be used. It is read again for the next connection.
    """
    if not uri.lower().startswith(("wss:", "https:")) or (
        tls.check_hostname and tls.trust_store is None and tls.key_store is None
    ):
        return None
    directory = Path(Options.from_settings().store_dir)
    try:
        return await asyncio.to_thread(_current, tls, directory)
    except KeyStoreError as exc:
        raise ConnectionFailed(uri, exc.message) from exc


def _current(tls: Terms, directory: Path) -> ssl.SSLContext:
    return _make(tls, directory, stamps((tls.trust_store, tls.key_store), directory))


@functools.lru_cache(maxsize=32)
def _make(tls: Terms, directory: Path, made_of: tuple[Stamp, ...]) -> ssl.SSLContext:
    """
    One context for each configuration; a file that changed makes another one.

    Args:
        made_of: what the files looked like.
    """
    return backend_context(tls.trust_store, tls.key_store, directory, check_hostname=tls.check_hostname)
