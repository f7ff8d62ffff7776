import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.esbsite.serving import Product


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of an installation where nothing is deployed; to be copied."""
    directory = tmp_path_factory.mktemp("migrated")
    Product(directory, http_port=0).manage("migrate", "-v0")
    return directory


@pytest.fixture
def product(migrated: Path, tmp_path: Path, free_port: Callable[[], int]) -> Product:
    directory = tmp_path / "var"
    shutil.copytree(migrated, directory)
    return Product(directory, free_port())
