"""
What the bus costs per WebSocket message, beside a bridge that does nothing else.

::

    python -m benchmarks.bridge                      # table on standard output
    python -m benchmarks.bridge --rounds 7 --sizes 64 1024 65536 --json result.json

A client sends a frame and waits for its echo (closed loop), through the bus (inbound endpoint, two sequences,
back-end connection) and through a bare picows bridge of thirty lines, in turns, in the same run. The bare bridge
checks nothing: it is the floor, not a peer to put into production. What counts is the CPU time of the process in the
middle; messages per second depend on the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect, ws_create_server

ROOT = Path(__file__).resolve().parent.parent

CONFIGURATION = """
<definitions xmlns="http://ws.apache.org/ns/synapse">
    <sequence name="toBackend">
        <property name="OUT_ONLY" value="true"/>
        <send><endpoint><address uri="ws://127.0.0.1:{backend}/"/></endpoint></send>
    </sequence>
    <sequence name="toClient"><respond/></sequence>
    <inboundEndpoint name="bridge" protocol="ws" sequence="toBackend" onError="fault" suspend="false">
        <parameters>
            <parameter name="inbound.ws.port">{port}</parameter>
            <parameter name="ws.outflow.dispatch.sequence">toClient</parameter>
            <parameter name="ws.outflow.dispatch.fault.sequence">fault</parameter>
        </parameters>
    </inboundEndpoint>
</definitions>
"""


# -- the processes


class Echo(WSListener):
    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
        else:
            transport.send(frame.msg_type, frame.get_payload_as_bytes())


class BareBackend(WSListener):
    def __init__(self, client: WSTransport) -> None:
        self.client = client

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self.client.send(frame.msg_type, frame.get_payload_as_bytes())


class BareClient(WSListener):
    def __init__(self, backend: str) -> None:
        self.backend_url = backend
        self.backend: WSTransport | None = None
        self.early: list[tuple[WSMsgType, bytes]] = []

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.task = asyncio.get_running_loop().create_task(self.connect(transport))

    async def connect(self, transport: WSTransport) -> None:
        self.backend, _ = await ws_connect(lambda: BareBackend(transport), self.backend_url)
        for kind, payload in self.early:
            self.backend.send(kind, payload)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if self.backend is None:
            self.early.append((frame.msg_type, frame.get_payload_as_bytes()))
        elif frame.msg_type == WSMsgType.CLOSE:
            self.backend.disconnect()
            transport.disconnect()
        else:
            self.backend.send(frame.msg_type, frame.get_payload_as_bytes())


async def serve_echo(port: int) -> None:
    server = await ws_create_server(lambda request: Echo(), "127.0.0.1", port)
    await server.serve_forever()


async def serve_bare(port: int, backend: int) -> None:
    server = await ws_create_server(lambda request: BareClient(f"ws://127.0.0.1:{backend}/"), "127.0.0.1", port)
    await server.serve_forever()


@contextlib.contextmanager
def process(*command: str, core: int | None, port: int, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that listens on ``port``, pinned to a core, ended at the end."""
    child = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        if core is not None:
            os.sched_setaffinity(child.pid, {core})
        wait_for(port, child)
        yield child
    finally:
        child.terminate()
        child.wait(30)


def wait_for(port: int, child: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.1):
            return
        if child.poll() is not None:
            raise SystemExit(f"{child.args} ended with {child.returncode}")
        time.sleep(0.1)
    raise SystemExit(f"{child.args} did not open port {port}")


@contextlib.contextmanager
def bus(port: int, backend: int, core: int | None) -> Iterator[subprocess.Popen[bytes]]:
    """The product with the bridge's configuration, in a directory of its own."""
    with tempfile.TemporaryDirectory() as directory:
        configuration = Path(directory, "bridge.xml")
        configuration.write_text(CONFIGURATION.format(port=port, backend=backend))
        environment = {
            "ESB_DATA_DIR": directory,
            "ESB_HTTP_PORT": "0",
            "DATABASE_URL": f"sqlite:///{directory}/db.sqlite3",
        }
        manage = (sys.executable, "manage.py")
        for command in (("migrate", "-v0"), ("import_synapse", str(configuration))):
            subprocess.run(
                (*manage, *command), cwd=ROOT, env=os.environ | environment, check=True, stdout=subprocess.DEVNULL
            )
        serve = (*manage, "runserver", "--noreload", f"127.0.0.1:{free_port()}")
        with process(*serve, core=core, port=port, **environment) as child:
            yield child


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


# -- the load


@dataclass
class Result:
    peer: str
    size: int
    messages_per_second: float
    cpu_seconds_per_million: float


class Caller(WSListener):
    """Sends a frame, waits for it to come back, checks it, sends the next."""

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self.count = 0
        self.stopped = False

    def on_ws_connected(self, transport: WSTransport) -> None:
        transport.send(WSMsgType.BINARY, self.payload)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.get_payload_as_bytes() != self.payload:
            raise SystemExit(f"a frame did not come back as it was sent: {frame.msg_type}")
        self.count += 1
        if not self.stopped:
            transport.send(WSMsgType.BINARY, self.payload)


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(peer: str, port: int, pid: int, size: int, connections: int, seconds: float) -> Result:
    payload = os.urandom(size)
    callers = []
    for _ in range(connections):
        transport, caller = await ws_connect(lambda: Caller(payload), f"ws://127.0.0.1:{port}/")
        callers.append((transport, caller))
    await asyncio.sleep(seconds / 4)  # warm up
    begun, cpu, counted = time.perf_counter(), cpu_seconds(pid), sum(caller.count for _, caller in callers)
    await asyncio.sleep(seconds)
    took, cpu = time.perf_counter() - begun, cpu_seconds(pid) - cpu
    messages = sum(caller.count for _, caller in callers) - counted
    for transport, caller in callers:
        caller.stopped = True
        transport.disconnect()
    await asyncio.gather(*(transport.wait_disconnected() for transport, _ in callers), return_exceptions=True)
    if not messages:
        raise SystemExit(f"{peer}: no message came back")
    return Result(peer, size, messages / took, cpu / messages * 1e6)


# -- the run


def run(arguments: argparse.Namespace) -> list[Result]:
    cores = sorted(os.sched_getaffinity(0))
    middle, ends = (cores[0], cores[1]) if len(cores) > 1 else (None, None)
    if ends is not None:
        os.sched_setaffinity(0, {ends})
    backend, bare_port, bus_port = free_port(), free_port(), free_port()
    module = (sys.executable, "-m", "benchmarks.bridge")
    results = []
    with (
        process(*module, "--echo", str(backend), core=ends, port=backend),
        process(*module, "--bare", str(bare_port), str(backend), core=middle, port=bare_port) as bare,
        bus(bus_port, backend, middle) as product,
    ):
        for size in arguments.sizes:
            for _ in range(arguments.rounds):
                for peer, port, pid in (("bare bridge", bare_port, bare.pid), ("bus", bus_port, product.pid)):
                    results.append(
                        asyncio.run(measure(peer, port, pid, size, arguments.connections, arguments.seconds))
                    )
    return results


def report(results: list[Result], sizes: list[int]) -> None:
    print(f"{'size':>8}  {'peer':12} {'messages/s':>12} {'CPU s per million':>18} {'ratio':>7}")
    for size in sizes:
        floor = None
        for peer in ("bare bridge", "bus"):
            mine = [result for result in results if (result.peer, result.size) == (peer, size)]
            rate = statistics.median(result.messages_per_second for result in mine)
            cpu = statistics.median(result.cpu_seconds_per_million for result in mine)
            floor = floor or cpu
            print(f"{size:>8}  {peer:12} {rate:>12,.0f} {cpu:>18.1f} {cpu / floor:>7.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU cost per WebSocket message, beside a bare picows bridge.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 1024])
    parser.add_argument("--json", type=Path, help="also write every measurement to this file")
    parser.add_argument("--echo", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--bare", type=int, nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.echo:
        asyncio.run(serve_echo(arguments.echo))
    elif arguments.bare:
        asyncio.run(serve_bare(*arguments.bare))
    else:
        results = run(arguments)
        report(results, arguments.sizes)
        if arguments.json:
            arguments.json.write_text(json.dumps([asdict(result) for result in results], indent=1))


if __name__ == "__main__":
    main()
