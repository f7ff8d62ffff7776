"""``echo_backend``: a WebSocket back-end to try the examples with."""

import asyncio
import signal
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mediation.listeners.holder import port_holder
from mediation.transports.websocket import (
    Connection,
    Frame,
    Handler,
    Handshake,
    Limits,
    Rejection,
    Request,
    listen,
    select_subprotocol,
)

ANSWERS: Final = {
    "synapse(contentType='application/json')": '{"websocketResponse":"dummy"}',
    "synapse(contentType='application/xml')": "<websocketResponse>dummy</websocketResponse>",
}
"""Sub-protocols, and what the back-end of the WSO2 examples answers to every message of a client that offers them."""


class Command(BaseCommand):
    help = (
        "A WebSocket back-end on PORT (8082). Sends back what it gets, text and binary; to a client that offers one of "
        "the sub-protocols " + " and ".join(ANSWERS) + " it answers a constant. Any path; the examples use /websocket."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("port", nargs="?", type=int, default=8082)
        parser.add_argument("--host", default="127.0.0.1")

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        try:
            asyncio.run(self._serve(host, port))
        except OSError as exc:
            holder = port_holder(port)
            raise CommandError(f"cannot open port {port}: {f'{holder} holds it' if holder else exc}") from exc

    async def _serve(self, host: str, port: int) -> None:
        listener = await listen(host, port, self._accept, limits=Limits(max_message=64 * 1024 * 1024))
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        self.stdout.write(f"echo back-end on ws://{host}:{listener.port}/websocket")
        self.stdout.flush()
        await stopped.wait()
        await listener.close(1001, "shutdown", timeout=2)

    def _accept(self, request: Request) -> Handshake:
        if request.method != "GET":
            raise Rejection(403)
        subprotocol = select_subprotocol(request.subprotocols, ANSWERS)
        return Handshake(lambda connection: _Echo(self, connection), subprotocol)

    def tell(self, frame: Frame) -> None:
        shown = frame if isinstance(frame, str) else f"{len(frame)} bytes"
        self.stdout.write(f"received {shown[:200]!r}")
        self.stdout.flush()


class _Echo(Handler):
    """One client. It is not read while it does not read itself."""

    def __init__(self, command: Command, connection: Connection) -> None:
        self._command = command
        self._connection = connection
        self._answer = ANSWERS.get(connection.subprotocol or "")

    def frame_received(self, frame: Frame) -> None:
        self._command.tell(frame)
        self._connection.send(frame if self._answer is None else self._answer)

    def connection_lost(self, code: int, reason: str) -> None: ...

    def pause_writing(self) -> None:
        self._connection.pause_reading()

    def resume_writing(self) -> None:
        self._connection.resume_reading()
