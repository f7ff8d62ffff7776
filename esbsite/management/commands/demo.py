"""``demo``: both examples of the WebSocket guide, served, run and checked before your eyes."""

import contextlib
import io
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand

from mediation.listeners.holder import port_holder
from mediation.monitoring.processes import live_generations, live_processes

MANAGE = settings.BASE_DIR / "manage.py"
EXAMPLES = settings.BASE_DIR / "examples" / "websocket-endpoint"
BACKEND_PORT, INBOUND_PORT = 8082, 9091  # as the examples say
INBOUND = f"ws://localhost:{INBOUND_PORT}/"
BODY = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">'
    "<soapenv:Body><test>Value</test></soapenv:Body></soapenv:Envelope>"
)
ANSWER = 'Payload: {"websocketResponse":"dummy"}'
PATIENCE = 15  # seconds that a step may take


class Command(BaseCommand):
    help = "Serves the product and runs both examples of examples/websocket-endpoint through it, step by step."
    requires_system_checks = ()

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="stop after the steps; exit with 0 if all passed, else 1"
        )
        parser.add_argument("--port", type=int, default=8000, help="the main port, with the admin (8000)")

    def handle(self, *args, once: bool, port: int, **options) -> None:
        self.port = port
        self.http_port = settings.ESB_HTTP_PORT + settings.ESB_PORT_OFFSET
        self.proxy = f"http://localhost:{self.http_port}/services/websocketProxy1"
        self.log = settings.ESB_DATA_DIR / "demo.log"
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        self._check_ports()
        with contextlib.ExitStack() as children:
            try:
                self._run(children)
                if once:
                    return
                self._tell()
                signal.pause()
            except KeyboardInterrupt:
                self.stdout.write("\nstopping")

    # -- the steps

    def _run(self, children: contextlib.ExitStack) -> None:
        with self._step("the database is ready"):
            call_command("migrate", verbosity=0)
        login = self._login()
        with self._step(f"an echo back-end answers on port {BACKEND_PORT}"):
            children.enter_context(self._child("echo_backend", str(BACKEND_PORT)))
            server = children.enter_context(self._child("serve", str(self.port)))
            self._until(lambda: _accepts(BACKEND_PORT))
        with self._step(f"the product serves, its admin is on port {self.port}"):
            self._until(lambda: any(row.pid == server.pid for row in live_processes()))
            self._until(lambda: _accepts(self.port) and _accepts(self.http_port))
        self._example_1("example 1: a WebSocket client talks to a WebSocket back-end")
        self._example_2()
        self._example_1("example 1 again, restored while serving")
        self.stdout.write(f"\nadmin: http://localhost:{self.port}/admin/   {login}")

    def _example_1(self, title: str) -> None:
        self._say(title)
        with self._step("imported, and live"):
            self._import("example-1")
            self._until(lambda: _accepts(INBOUND_PORT))
        with self._step(f'"hello" through {INBOUND} comes back unchanged'):
            told = io.StringIO()
            call_command("wsclient", INBOUND, "-m", "hello", stdout=told)
            if "received message: hello\n" not in told.getvalue():
                raise CommandError(told.getvalue())

    def _example_2(self) -> None:
        self._say("example 2: an HTTP client talks to a WebSocket back-end")
        with self._step("imported in place of example 1, and live"):
            self._import("example-2")
        start = self.log.stat().st_size
        with self._step(f"POST to {self.proxy} is accepted: 202, no body"):
            request = urllib.request.Request(self.proxy, BODY.encode(), {"Content-Type": "text/xml"})
            with urllib.request.urlopen(request, timeout=PATIENCE) as response:
                body = response.read()
                if response.status != 202 or body:
                    raise CommandError(f"{response.status} {body!r}")
        with self._step("the back-end's answer ran through outDispatchSeq, into the log"):
            self._until(lambda: ANSWER.encode() in self.log.read_bytes()[start:])

    def _import(self, example: str) -> None:
        told = io.StringIO()
        paths = [str(EXAMPLES / example), str(EXAMPLES / "deployment.toml")]
        try:
            call_command("import_synapse", *paths, "--replace", "--wait", stdout=told)
        except CommandError as exc:
            raise CommandError(f"{exc}\n{told.getvalue()}") from exc
        if not live_generations():
            raise CommandError(f"the server has stopped; see {self.log}")

    def _login(self) -> str:
        users = get_user_model().objects
        if users.filter(is_superuser=True).exists():
            return "with the login that the first run printed; new password: manage.py changepassword admin"
        password = secrets.token_urlsafe(9)
        users.create_superuser("admin", password=password)
        return f"user: admin   password: {password}   (printed this once)"

    # -- what the steps need

    def _check_ports(self) -> None:
        for port, change in {
            self.port: "or take another one with: manage.py demo --port N",
            self.http_port: "or take another one with the environment variable ESB_HTTP_PORT",
            BACKEND_PORT: "the examples need this one",
            INBOUND_PORT: "the examples need this one",
        }.items():
            if _accepts(port) or not _can_open(port):
                holder = port_holder(port) or "another process"
                raise CommandError(f"Port {port} is in use by {holder}. Stop it; {change}.")

    @contextlib.contextmanager
    def _child(self, *command: str) -> Iterator[subprocess.Popen]:
        """A command of ours in a process of its own, stopped at the end; its output is in the log."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, str(MANAGE), *command],
                env=os.environ | {"ESB_POLL_SECONDS": "0.1"},  # nobody likes to wait for a demo
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for us; we stop our children in order
            )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(settings.ESB_DRAIN_SECONDS + 5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @contextlib.contextmanager
    def _step(self, claim: str) -> Iterator[None]:
        try:
            yield
        except Exception as exc:
            self.stdout.write(f"{self.style.ERROR('FAIL')}  {claim}\n      {exc}")
            raise CommandError(f"the demo failed; the log of the server is in {self.log}") from exc
        self._say(f"{self.style.SUCCESS('PASS')}  {claim}")

    def _until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise CommandError(f"not within {PATIENCE} s")
            time.sleep(0.05)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _tell(self) -> None:
        manage = f"{_shown(Path(sys.executable))} manage.py"
        examples = _shown(EXAMPLES)
        self._say(
            f"""
The same by hand, in another terminal (example 1 is live):
  {manage} wsclient {INBOUND}
  {manage} import_synapse {examples}/example-2 {examples}/deployment.toml --replace --wait
  curl -v --request POST -H Content-Type:text/xml -d '{BODY}' {self.proxy}
  {manage} import_synapse {examples}/example-1 --replace --wait
Without the demo:
  {manage} echo_backend {BACKEND_PORT}
  {manage} runserver

The log is in {_shown(self.log)}. Serving until Ctrl-C."""
        )


def _shown(path: Path) -> str:
    """As short as it can be typed here."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def _accepts(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("localhost", port), timeout=1):
        return True
    return False


def _can_open(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
