"""The TLS contexts of open ports, and how they follow the files that they are made of."""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mediation.errors import KeyStoreError
from mediation.transports.keystores import Stamp, stamps
from mediation.transports.tls import server_context

if TYPE_CHECKING:
    from mediation.inbound_tls import InboundTls

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Current:
    """
    Attributes:
        context: for new connections; those that exist keep the one that they were made with.
        seen: what the last attempt to read was made from, whether it succeeded or not.
        trouble: why ``context`` is older than that.
    """

    context: ssl.SSLContext
    seen: tuple[InboundTls, tuple[Stamp, ...]]
    trouble: str = ""


class Certificates:
    """
    The TLS context of each ``wss`` port, by its inbound endpoint.

    A context is made anew when the endpoint names another key store, or when a file has changed. It is replaced in one
    assignment; a store that cannot be read leaves everything as it is.

    :meth:`open` and :meth:`follow` read files, and may be called from any thread but the event loop's.

    Args:
        directory: where relative paths of stores start.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._current: dict[str, _Current] = {}
        self._lock = threading.Lock()

    def open(self, name: str, tls: InboundTls) -> None:
        """
        Read what the endpoint's new port needs.

        Raises:
            KeyStoreError: a store cannot be used.
        """
        with self._lock:
            self._current.pop(name, None)
            seen = self._look(tls)
            self._current[name] = _Current(self._make(tls), seen)

    def follow(self, wanted: Mapping[str, InboundTls]) -> None:
        """Read again what has changed, for ports that are open; forget those that are not ``wanted`` any more."""
        with self._lock:
            for name in self._current.keys() - wanted.keys():
                del self._current[name]
            for name, current in self._current.items():
                if self._look(wanted[name]) != current.seen:
                    self._renew(name, current, wanted[name])

    def context(self, name: str) -> ssl.SSLContext:
        """For a connection that comes in now."""
        return self._current[name].context

    def trouble(self, name: str) -> str:
        """Why a port shows an older certificate than it should; empty when it does not."""
        current = self._current.get(name)
        return current.trouble if current else ""

    def _renew(self, name: str, current: _Current, tls: InboundTls) -> None:
        current.seen = self._look(tls)
        try:
            current.context = self._make(tls)
        except KeyStoreError as exc:
            current.trouble = f"{exc.message}; the certificate that was read before is still used"
            logger.error("inbound endpoint %s: %s", name, current.trouble)
        else:
            current.trouble = ""
            logger.info("inbound endpoint %s: new connections get the certificate that was read now", name)

    def _make(self, tls: InboundTls) -> ssl.SSLContext:
        required = tls.verify_client == "require"
        return server_context(
            tls.key_store, tls.trust_store, self._directory, client_required=required, policy=tls.policy
        )

    def _look(self, tls: InboundTls) -> tuple[InboundTls, tuple[Stamp, ...]]:
        return tls, stamps((tls.key_store, tls.trust_store), self._directory)
