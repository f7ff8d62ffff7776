"""Proxy services on a port of their own and on the main port, in a process that serves both."""

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import reserved_ports
from tests.esbsite.serving import ROOT, Product
from tests.mediation.proxy_service_suite import ProxyServiceSuite


class Served:
    """One of the ports, and the process that changes what is deployed."""

    def __init__(self, product: Product, main_port: int, deployer: subprocess.Popen) -> None:
        self.http_url = f"http://127.0.0.1:{product.http_port}"
        self.main_url = f"http://127.0.0.1:{main_port}"
        self._deployer = deployer

    def at(self, base_url: str) -> "Served":
        self.base_url = base_url
        return self

    async def deploy(self, *artifacts: str) -> None:
        await asyncio.to_thread(self._deploy, artifacts)

    def _deploy(self, artifacts: tuple[str, ...]) -> None:
        self._deployer.stdin.write(json.dumps(artifacts) + "\n")
        self._deployer.stdin.flush()
        assert self._deployer.stdout.readline() == "live\n", "see the output of the deployer"


@contextmanager
def deployer(product: Product) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.esbsite.deployer"],
        env=product.environment,
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        yield process
        process.stdin.close()


@pytest.fixture(scope="module")
def serving(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with reserved_ports() as free_port:
        directory = tmp_path_factory.mktemp("proxy_services") / "var"
        shutil.copytree(migrated, directory)
        product = Product(directory, free_port(), ESB_POLL_SECONDS="0.01")
        main = free_port()
        command = (sys.executable, ROOT / "manage.py", "serve", str(main))
        with deployer(product) as process, product.run(*command, ports=(main, product.http_port)):
            yield Served(product, main, process)


class TestPortOfTheirOwn(ProxyServiceSuite):
    @pytest.fixture
    def served(self, serving: Served) -> Served:
        return serving.at(serving.http_url)


class TestMainPort(ProxyServiceSuite):
    @pytest.fixture
    def served(self, serving: Served) -> Served:
        return serving.at(serving.main_url)
