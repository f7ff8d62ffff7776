"""The examples that are served and tried by ``examples/installation.py``, run as their READMEs say."""

import subprocess
import sys

import pytest

from tests.esbsite.serving import ROOT


@pytest.mark.parametrize("example", ["browser-chat", "websocket-to-http", "http-to-websocket", "timer-broadcast"])
def test_the_example_does_what_its_readme_says(example, free_port):
    directory = ROOT / "examples" / example
    ports = [f"--{name}={free_port()}" for name in ("port", "http-port", "main-port")]

    done = subprocess.run(
        [sys.executable, directory / "run.py", "--once", *ports],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    told = "".join(f"    {line}\n" for line in done.stdout.splitlines())
    assert told in (directory / "README.md").read_text()
