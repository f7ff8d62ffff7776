"""What all tests share."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connections


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """
    A database in a file of its own for each test process.

    SQLite in memory locks tables between threads whatever the time-out is, and the product reads from threads.
    """
    settings = connections["default"].settings_dict
    if settings["ENGINE"].endswith("sqlite3"):
        settings["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture
def free_port() -> Iterator[Callable[[], int]]:
    """A function that finds ports nobody listens on."""
    with reserved_ports() as find:
        yield find


@contextmanager
def reserved_ports() -> Iterator[Callable[[], int]]:
    """A function that finds ports nobody listens on, each a different one, kept for whoever listens with its number."""
    reserved: list[socket.socket] = []

    def find() -> int:
        # Bound, but not listening: the kernel gives the number to no one else, and SO_REUSEADDR lets the test have it.
        holder = socket.socket()
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        reserved.append(holder)
        return holder.getsockname()[1]

    yield find
    for holder in reserved:
        holder.close()
