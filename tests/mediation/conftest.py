"""What tests with real WebSocket connections share."""

import pytest
import websockets

from mediation.listeners.websocket import open_websocket_port

from .bridge import Backend, Gateway


@pytest.fixture
async def backend():
    backend = Backend()
    async with websockets.serve(backend.serve, "127.0.0.1", 0, process_request=backend.check, max_size=None) as server:
        backend.server = server
        backend.uri = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/websocket?x=1"
        yield backend


@pytest.fixture
async def gateway(backend):
    gateway = Gateway(backend.uri)
    listener = await open_websocket_port("test", 0, gateway.runtime)
    gateway.port = listener.port
    yield gateway
    await listener.close()
