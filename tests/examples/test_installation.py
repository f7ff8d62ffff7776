"""The examples that are served and tried by ``examples/installation.py``, run as their READMEs say."""

import subprocess
import sys

import pytest

from tests.esbsite.serving import ROOT

PORTS = ("port", "http-port", "main-port")


@pytest.mark.parametrize(
    ("example", "named"),
    [
        ("browser-chat", PORTS),
        ("websocket-to-http", PORTS),
        ("http-to-websocket", PORTS),
        ("timer-broadcast", PORTS),
        ("rest-api", PORTS),
        ("store-and-forward", (*PORTS, "back-port")),
    ],
)
def test_the_example_does_what_its_readme_says(example, named, free_port):
    directory = ROOT / "examples" / example
    ports = [f"--{name}={free_port()}" for name in named]

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
