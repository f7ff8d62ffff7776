"""``make demo``, as far as it is ours: the command that it runs. Needs the ports that the examples name."""

import fcntl
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import websocket

from tests.esbsite.serving import ROOT, Product, accepts, until

EXAMPLES_PORTS = (8082, 9091)
MANAGE = (sys.executable, ROOT / "manage.py")


@pytest.fixture
def example_ports() -> Iterator[None]:
    """The ports that the examples name, for one test at a time, whichever process runs it."""
    with (Path(tempfile.gettempdir()) / "django-esb-example-ports.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if any(map(accepts, EXAMPLES_PORTS)):
            pytest.skip(f"ports {EXAMPLES_PORTS} are in use here")
        yield


@pytest.fixture
def product(tmp_path: Path, free_port: Callable[[], int], example_ports: None) -> Product:
    """An installation without a database yet."""
    return Product(tmp_path, free_port(), ESB_HOST="0.0.0.0")


def test_both_examples_pass_and_the_login_is_printed_once(product, free_port):
    for login in (r"user: admin   password: \S{8,}", "with the login that the first run printed"):
        with product.run(*MANAGE, "demo", "--once", "--port", str(free_port())) as demo:
            assert demo.ended() == 0, demo.said()

        assert demo.said().count("PASS") == 10
        assert "FAIL" not in demo.said()
        assert re.search(rf"admin: http://localhost:\d+/admin/   {login}", demo.said())


def test_it_keeps_serving_until_it_is_stopped(product, free_port):
    with product.run(*MANAGE, "demo", "--port", str(free_port())) as demo:
        until(lambda: "Serving until Ctrl-C" in demo.said() or demo.poll() is not None, "all steps are done")
        client = websocket.create_connection("ws://localhost:9091/", timeout=5)
        client.send("by hand")
        assert client.recv() == "by hand"

        client.close()

        demo.terminate()
        assert demo.ended() == 0
    until(lambda: not any(map(accepts, EXAMPLES_PORTS)), "its children are gone")


def test_a_busy_port_is_named_with_what_to_do(product, free_port):
    with (
        product.run(*MANAGE, "echo_backend", "8082", ports=(8082,)) as backend,
        product.run(*MANAGE, "demo", "--once", "--port", str(free_port())) as demo,
    ):
        assert demo.ended() == 1
        assert f"Port 8082 is in use by process {backend.pid} (" in demo.said()
        assert "Stop it" in demo.said()
