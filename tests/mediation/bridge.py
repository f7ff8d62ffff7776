"""A client, an inbound endpoint and a back-end, over real sockets; the far ends are the library ``websockets``."""

import asyncio
import contextlib

import websockets

from mediation.runtime import Runtime

from .support import DictEnvironment, inbound, until

SEND = '<property name="OUT_ONLY" value="true"/><send><endpoint><address uri="{uri}"/></endpoint></send>'


class Backend:
    """A back-end that echoes, and notes what it sees."""

    def __init__(self):
        self.paths = []
        self.headers = []
        self.subprotocols = []
        self.frames = []
        self.connections = []
        self.ends = asyncio.Queue()
        self.refusal = None

    async def serve(self, connection):
        self.paths.append(connection.request.path)
        self.headers.append(connection.request.headers)
        self.connections.append(connection)
        with contextlib.suppress(websockets.exceptions.ConnectionClosedError):
            async for frame in connection:
                self.frames.append(frame)
                await connection.send(frame)
        await self.ends.put((connection.close_code, connection.close_reason))

    def check(self, connection, request):
        return None if self.refusal is None else connection.respond(self.refusal, "refused")


class Gateway:
    """The configuration of the tests: ``main`` sends to the back-end, ``out`` responds."""

    def __init__(self, uri):
        self.environment = DictEnvironment(out="<respond/>", fault="<drop/>")
        self.runtime = Runtime(self.environment)
        self.port = 0
        self.point_to(uri)
        self.configure()

    def point_to(self, uri, before=""):
        """Send to this back-end, after the mediators ``before``."""
        self.uri = uri
        self.environment.deploy(f'<sequence name="main">{before}{SEND.format(uri=uri)}</sequence>')

    def configure(self, **settings):
        self.environment._artifacts["inboundEndpoint", "test"] = inbound(**({"outflow_sequence": "out"} | settings))

    def client(self, path="/", **options):
        return websockets.connect(f"ws://127.0.0.1:{self.port}{path}", **options)

    async def idle(self):
        """Wait until no session has anything left to do."""
        await until(lambda: not self.runtime.sessions)


async def received(connection):
    return await asyncio.wait_for(connection.recv(), 10)


async def closed(connection):
    await asyncio.wait_for(connection.wait_closed(), 10)
    return connection.close_code, connection.close_reason
