"""The key that signs sessions, made once per installation."""

import os
import tempfile
from pathlib import Path

from django.core.management.utils import get_random_secret_key


def secret_key(path: Path) -> str:
    """
    The key in ``path``, which is made, readable by its owner only, when it is not there.

    Processes that start together end with the same key: the first link wins, and a reader never sees half a file.
    """
    try:
        return path.read_text("ascii")
    except FileNotFoundError:
        pass
    descriptor, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)  # mkstemp makes it 0600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(get_random_secret_key())
        try:
            os.link(name, path)
        except FileExistsError:
            pass
    finally:
        os.unlink(name)
    return path.read_text("ascii")
