"""The product as users run it: processes of its own, on ports and a data directory of a test."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 30  # seconds, for a machine that does other things too


def accepts(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"not in {PATIENCE} s: {what}"
        time.sleep(0.02)


class Process(subprocess.Popen):
    """A serving process; its output is kept."""

    log: Path

    def said(self) -> str:
        return self.log.read_text()

    def ended(self) -> int:
        return self.wait(PATIENCE)


class Product:
    """
    One installation.

    Args:
        directory: its data; emptied of nothing, so a copy of another installation's may be there.
        environment: settings.
    """

    def __init__(self, directory: Path, http_port: int, **environment: str) -> None:
        self.directory = directory
        self.http_port = http_port
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "esbsite.settings",
            "ESB_DATA_DIR": str(directory),
            "ESB_HOST": "127.0.0.1",
            "ESB_HTTP_PORT": str(http_port),
            "PYTHONUNBUFFERED": "1",
        }
        self.environment.update(environment)

    def manage(self, *arguments: str) -> str:
        """Run a command of manage.py to its end; what it printed."""
        done = subprocess.run(
            [sys.executable, ROOT / "manage.py", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def deploy(self, files: Mapping[str, str], *options: str) -> str:
        """Import artifacts, given as texts by file name."""
        directory = self.directory / "artifacts"
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        for name, xml in files.items():
            (directory / f"{name}.xml").write_text(xml)
        return self.manage("import_synapse", str(directory), *options)

    @contextmanager
    def run(self, *command: str | Path, ports: tuple[int, ...] = ()) -> Iterator[Process]:
        """A process of this installation, there when it accepts on ``ports``; killed at the end if it still is."""
        with tempfile.NamedTemporaryFile("wb", prefix="log-", dir=self.directory, delete=False) as output:
            process = Process(command, env=self.environment, cwd=ROOT, stdout=output, stderr=output)
        process.log = Path(output.name)
        try:
            for port in ports:
                until(
                    lambda port=port: process.poll() is not None or accepts(port),
                    f"{command} accepts on {port}; it said: {process.said()}",
                )
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()
