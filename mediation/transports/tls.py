"""TLS contexts: towards back-ends, for ``https`` and ``wss``, and for ports of ours."""

from __future__ import annotations

import functools
import ssl
from pathlib import Path

from mediation.errors import KeyStoreError

from .ciphers import DEFAULT_POLICY, Policy
from .keystores import KeyStore, TrustStore, trust, use_key


@functools.cache
def client_context() -> ssl.SSLContext:
    """
    The context for back-ends: the system's authorities, host names checked, TLS 1.2 or later.

    Loading the authorities takes tens of milliseconds, so there is one context in a process. Nobody may change it.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def server_context(
    key_store: KeyStore,
    trust_store: TrustStore | None,
    directory: Path,
    *,
    client_required: bool = True,
    policy: Policy = DEFAULT_POLICY,
) -> ssl.SSLContext:
    """
    A context for a port of ours. Reads files.

    Args:
        trust_store: who clients' certificates are verified with; ``None`` asks clients for none.
        directory: where relative paths start.
        client_required: whether a client needs a certificate.

    Raises:
        KeyStoreError: a store cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # TLS 1.2: a peer could make us compute keys without end (CVE-2011-1473).
    context.options |= ssl.OP_NO_RENEGOTIATION
    try:
        policy.restrict(context)
    except ssl.SSLError as exc:
        raise KeyStoreError(f"the cipher suites cannot be used: {exc.reason or exc}") from exc
    use_key(context, key_store, directory)
    if trust_store is not None:
        trust(context, trust_store, directory)
        context.verify_mode = ssl.CERT_REQUIRED if client_required else ssl.CERT_OPTIONAL
    return context


def backend_context(
    trust_store: TrustStore | None, key_store: KeyStore | None, directory: Path, *, check_hostname: bool = True
) -> ssl.SSLContext:
    """
    A context for connections to back-ends. Reads files.

    Args:
        trust_store: who may sign back-ends' certificates; ``None`` for the system's authorities.
        key_store: what we show to back-ends that ask for a certificate.

    Raises:
        KeyStoreError: a store cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = check_hostname
    if trust_store is None:
        context.load_default_certs()
    else:
        trust(context, trust_store, directory)
    if key_store is not None:
        use_key(context, key_store, directory)
    return context
