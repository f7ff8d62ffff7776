"""``wsclient``: talk to a WebSocket endpoint from the command line."""

import sys
import threading
from typing import Any

import websocket
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = (
        "Connects to a WebSocket endpoint. With -m it sends each TEXT and prints one answer to each; without, it sends "
        "lines of standard input and prints what comes: 'ping' sends a Ping, 'bye' closes."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", help="such as ws://localhost:9091/websocket")
        parser.add_argument("-m", "--message", action="append", dest="messages", metavar="TEXT")
        parser.add_argument("--subprotocol", action="append", dest="subprotocols", metavar="NAME")
        parser.add_argument("--header", action="append", dest="headers", metavar="'NAME: VALUE'")
        parser.add_argument("--timeout", type=float, default=10.0, help="seconds to wait for an answer to -m (10)")

    def handle(self, *args: Any, url: str, messages: list[str] | None, timeout: float, **options: Any) -> None:
        try:
            connection = websocket.create_connection(
                url,
                timeout=timeout,
                subprotocols=options["subprotocols"],
                header=options["headers"],
                suppress_origin=True,
            )
        except (OSError, ValueError, websocket.WebSocketException) as exc:
            raise CommandError(f"cannot connect to {url}: {exc}") from exc
        self.stdout.write("WebSocket Client connected!")
        try:
            if messages:
                self._exchange(connection, messages)
            else:
                self._converse(connection)
        finally:
            connection.close(timeout=2)
            connection.shutdown()  # close() leaves the socket open when the Close was the server's

    def _exchange(self, connection: websocket.WebSocket, messages: list[str]) -> None:
        """One answer to each message."""
        for message in messages:
            try:
                connection.send(message)
                answered = self._print_next(connection)
            except websocket.WebSocketTimeoutException as exc:
                raise CommandError("no answer in time") from exc
            except (OSError, websocket.WebSocketException) as exc:
                raise CommandError(f"the connection ended: {exc}") from exc
            if not answered:
                raise CommandError("the server closed the connection")
        connection.close(timeout=2)
        self.stdout.write("WebSocket Client disconnected!")

    def _converse(self, connection: websocket.WebSocket) -> None:
        """Lines of standard input go out, while what comes is printed as it comes."""
        connection.settimeout(None)
        threading.Thread(target=_send_lines, args=(connection,), daemon=True).start()
        try:
            while self._print_next(connection):
                pass
        except KeyboardInterrupt:
            pass
        except (OSError, websocket.WebSocketException) as exc:
            raise CommandError(f"the connection ended: {exc}") from exc
        self.stdout.write("WebSocket Client disconnected!")

    def _print_next(self, connection: websocket.WebSocket) -> bool:
        """Print what comes, up to and including a message. False: that was the end of the connection."""
        while True:
            opcode, data = connection.recv_data(control_frame=True)
            if opcode == websocket.ABNF.OPCODE_TEXT:
                self.stdout.write(f"WebSocket Client received message: {data.decode(errors='replace')}")
                return True
            if opcode == websocket.ABNF.OPCODE_BINARY:
                self.stdout.write(f"WebSocket Client received {len(data)} bytes: {data[:64].hex(' ')}")
                return True
            if opcode == websocket.ABNF.OPCODE_PONG:
                self.stdout.write("WebSocket Client received pong")
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                code = int.from_bytes(data[:2], "big") if len(data) >= 2 else 1005
                reason = data[2:].decode(errors="replace")
                self.stdout.write(f"WebSocket Client received closing: {code} {reason}".rstrip())
                return False


def _send_lines(connection: websocket.WebSocket) -> None:
    """Until ``bye`` or the end of the input; the server answers the Close, and that ends the conversation."""
    try:
        for line in sys.stdin:
            text = line.rstrip("\n")
            if text == "bye":
                break
            if text == "ping":
                connection.ping(bytes([8, 1, 8, 1]))
            else:
                connection.send(text)
        connection.send(b"\x03\xe8", websocket.ABNF.OPCODE_CLOSE)
    except (OSError, websocket.WebSocketException):
        pass  # the reader sees the end too, and says so
