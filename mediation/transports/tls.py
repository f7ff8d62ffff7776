"""TLS towards back-ends, for ``https`` and ``wss``."""

from __future__ import annotations

import functools
import ssl


@functools.cache
def client_context() -> ssl.SSLContext:
    """
    The context for back-ends: the system's authorities, host names checked, TLS 1.2 or later.

    Loading the authorities takes tens of milliseconds, so there is one context in a process. Nobody may change it.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
