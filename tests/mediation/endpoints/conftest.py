from __future__ import annotations

import pytest

from mediation import transports

from .support import Network


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    network = Network()
    for scheme in ("http", "https", "ws", "wss"):
        monkeypatch.setitem(transports.TRANSPORTS, scheme, network)
    return network
