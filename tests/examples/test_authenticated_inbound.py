"""The example of an endpoint that asks, run as its README says."""

import subprocess
import sys

from tests.esbsite.serving import ROOT

EXAMPLE = ROOT / "examples" / "authenticated-inbound"


def test_every_way_in_is_tried(free_port):
    command = [sys.executable, EXAMPLE / "run.py", "--port", str(free_port()), "--main-port", str(free_port())]

    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    told = "".join(f"    {line}\n" for line in done.stdout.splitlines())
    assert told in (EXAMPLE / "README.md").read_text()
