"""The TLS contexts of open ports, and how they follow the files that they are made of."""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mediation.errors import KeyStoreError
from mediation.inbound_tls import InboundTls
from mediation.transports.keystores import Stamp, lapse, read_key, stamps
from mediation.transports.tls import server_context

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from mediation.options import Options

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Current:
    """
    Attributes:
        context: for new connections; those that exist keep the one that they were made with.
        certificate: what it shows.
        made_of: the parameters, and what the files looked like.
        trouble: why nothing newer could be read.
    """

    context: ssl.SSLContext
    certificate: Certificate
    made_of: tuple[InboundTls, tuple[Stamp, ...]]
    trouble: str = ""


class Certificates:
    """
    The TLS context of each port that has one, by its inbound endpoint; the one of proxy services has no name.

    A context is made anew when the endpoint names another key store, or when a file has changed. It is replaced in one
    assignment; a store that cannot be read leaves everything as it is, and is tried again.

    :meth:`open` and :meth:`follow` read files, and may be called from any thread but the event loop's.

    Args:
        directory: where relative paths of stores start.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._current: dict[str, _Current] = {}
        self._lock = threading.Lock()

    def open(self, name: str, tls: InboundTls) -> Callable[[], ssl.SSLContext]:
        """
        Read what the endpoint's new port needs.

        Returns:
            What gives the context for a connection that comes in now.

        Raises:
            KeyStoreError: a store cannot be used.
        """
        with self._lock:
            self._current.pop(name, None)
            current = self._current[name] = self._read(tls)
        return lambda: current.context

    def follow(self, wanted: Mapping[str, InboundTls]) -> None:
        """Read again what has changed, for ports that are open; forget those that are not ``wanted`` any more."""
        with self._lock:
            for name in self._current.keys() - wanted.keys():
                del self._current[name]
            for name, current in self._current.items():
                if current.trouble or self._look(wanted[name]) != current.made_of:
                    self._renew(name, current, wanted[name])

    def trouble(self, name: str) -> str:
        """What is wrong with the certificate of an open port; empty for nothing."""
        current = self._current.get(name)
        if current is None:
            return ""
        reason = lapse(current.certificate)
        return current.trouble or (f"its certificate {reason}" if reason else "")

    def _renew(self, name: str, current: _Current, tls: InboundTls) -> None:
        try:
            new = self._read(tls)
        except (KeyStoreError, OSError) as exc:
            trouble = f"{exc}; the certificate that was read before is still used"
            if trouble != current.trouble:
                logger.error("%s: %s", _label(name), trouble)
            current.trouble = trouble
        else:
            current.context, current.certificate, current.made_of = new.context, new.certificate, new.made_of
            current.trouble = ""
            logger.info("%s: new connections get the certificate that was read now", _label(name))

    def _read(self, tls: InboundTls) -> _Current:
        made_of = self._look(tls)  # before: what changes while we read is read again
        required = tls.verify_client == "require"
        context = server_context(
            tls.key_store, tls.trust_store, self._directory, client_required=required, policy=tls.policy
        )
        return _Current(context, read_key(tls.key_store, self._directory).chain[0], made_of)

    def _look(self, tls: InboundTls) -> tuple[InboundTls, tuple[Stamp, ...]]:
        return tls, stamps((tls.key_store, tls.trust_store), self._directory)


def _label(name: str) -> str:
    return f"inbound endpoint {name}" if name else "proxy services"


def https_tls(options: Options) -> InboundTls:
    """What the TLS of the port of proxy services is made of."""
    return InboundTls(
        key_store_file=options.https_certificate,
        key_store_password=options.https_password,
        key_file=options.https_key,
    )


def renewing(current: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """A context for servers that take only one: each connection shows the certificate that is current by then."""
    context = current()

    def show(connection: ssl.SSLSocket | ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        connection.context = current()

    context.sni_callback = show
    return context
