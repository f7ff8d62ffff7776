"""The example of TLS on both sides, run as its README says."""

import subprocess
import sys

from tests.esbsite.serving import ROOT

EXAMPLE = ROOT / "examples" / "secure-websocket"


def test_only_who_shows_a_certificate_gets_through(free_port):
    ports = ["--port", str(free_port()), "--back-port", str(free_port()), "--main-port", str(free_port())]

    done = subprocess.run(
        [sys.executable, EXAMPLE / "run.py", *ports], capture_output=True, text=True, timeout=100, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    told = "".join(f"    {line}\n" for line in done.stdout.splitlines())
    assert told in (EXAMPLE / "README.md").read_text()
