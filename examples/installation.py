"""A throw-away installation that serves one example, for the ``run.py`` of each."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

MANAGE = Path(__file__).resolve().parent.parent / "manage.py"
PATIENCE = 30  # seconds
MAIN_PORT, HTTP_PORT = 8000, 8280


def run(
    script: str, what: str, port: int, steps: Callable[..., None], by_hand: str, *, back_port: int | None = None
) -> None:
    """
    Serve the example of that ``run.py``, try it, and go on serving until Ctrl-C.

    Args:
        port: of the example's inbound endpoint, as its files say.
        steps: tries it, given that port, the one of proxy services, and that of the back-end if there is one.
        by_hand: what to do while it goes on; ``{port}`` and ``{http}`` are the ports.
        back_port: of a back-end that the steps serve, as the example's files say.
    """
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--once", action="store_true", help="stop when it has been tried")
    parser.add_argument("--port", type=int, default=port, help=f"of the inbound endpoint ({port})")
    parser.add_argument("--http-port", type=int, default=HTTP_PORT, help=f"of proxy services ({HTTP_PORT})")
    parser.add_argument("--main-port", type=int, default=MAIN_PORT, help=f"of the admin ({MAIN_PORT})")
    if back_port:
        parser.add_argument("--back-port", type=int, default=back_port, help=f"of the back-end ({back_port})")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="esb-example-") as directory:
        data = Path(directory)
        environment = os.environ | {
            "ESB_DATA_DIR": directory,
            "ESB_HTTP_PORT": str(options.http_port),
            "ESB_HOST": "127.0.0.1",
        }
        renumbered = {str(port): str(options.port), str(HTTP_PORT): str(options.http_port)}
        ports = [options.port, options.http_port]
        if back_port:
            renumbered[str(back_port)] = str(options.back_port)
            ports.append(options.back_port)
        manage(environment, "migrate", "-v0")
        manage(environment, "import_synapse", str(_artifacts(Path(script).resolve().parent, data, renumbered)))
        with serving(environment, options.main_port, data / "log"), contextlib.suppress(KeyboardInterrupt):
            for each in (options.port, options.http_port):
                until_it_accepts(each)
            steps(*ports)
            if not options.once:
                print(by_hand.format(port=options.port, http=options.http_port) + "\nServing until Ctrl-C.", flush=True)
                signal.pause()


def check(what: str, answer: object, expected: object) -> None:
    if answer != expected:
        sys.exit(f"FAIL  {what}: {answer!r}, not {expected!r}")
    print(f"PASS  {what}", flush=True)


def _artifacts(example: Path, data: Path, renumbered: dict[str, str]) -> Path:
    """The files of the example, with these ports."""
    directory = data / "artifacts"
    shutil.copytree(example, directory, ignore=shutil.ignore_patterns("*.py", "*.md", "__pycache__"))
    for file in directory.glob("*.xml"):
        text = file.read_text()
        for before, after in renumbered.items():
            text = text.replace(before, after)
        file.write_text(text)
    return directory


def manage(environment: dict[str, str], *arguments: str) -> str:
    """Run a command of the installation; what it prints."""
    command = [sys.executable, MANAGE, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"manage.py {arguments[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


@contextlib.contextmanager
def serving(environment: dict[str, str], port: int, log: Path) -> Iterator[None]:
    """The served installation, with its main port; what it logs is shown if a step fails."""
    with log.open("wb") as output:
        command = [sys.executable, MANAGE, "serve", str(port)]
        # Ctrl-C is for us; we stop our child in order.
        server = subprocess.Popen(command, env=environment, stderr=output, start_new_session=True)
    try:
        yield
    except SystemExit:
        print(log.read_text(), file=sys.stderr)
        raise
    finally:
        server.terminate()
        server.wait(PATIENCE)


def until_it_accepts(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    sys.exit(f"nobody accepts on port {port}")
