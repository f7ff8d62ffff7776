"""Uploaded files between the dry run and the import of them."""

import os
import secrets
import shutil
import time
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import get_valid_filename

LARGEST: Final = 32 * 1024 * 1024
SUFFIXES: Final = (".xml", ".zip", ".car", ".toml")

_KEPT_SECONDS: Final = 3600
_SESSION_KEY: Final = "artifacts.upload"


class Upload:
    """
    A file that this session uploaded.

    It is kept beside the database, because another process may get the next request, and deleted after an hour.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        return self.path.name

    @classmethod
    def keep(cls, file: UploadedFile, session: Any) -> "Upload":
        _forget_old()
        folder = _root() / secrets.token_hex(16)
        folder.mkdir(mode=0o700)
        path = folder / get_valid_filename(Path(file.name or "upload").name)[-100:]
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
            for chunk in file.chunks():
                target.write(chunk)
        session[_SESSION_KEY] = f"{folder.name}/{path.name}"
        return cls(path)

    @classmethod
    def of(cls, session: Any) -> "Upload | None":
        """The one that the session kept last; ``None`` if it is gone."""
        kept = session.get(_SESSION_KEY)
        path = _root() / kept if kept else None
        return cls(path) if path is not None and path.is_file() else None

    def forget(self, session: Any) -> None:
        session.pop(_SESSION_KEY, None)
        shutil.rmtree(self.path.parent, ignore_errors=True)


def _root() -> Path:
    root = settings.ESB_DATA_DIR / "uploads"
    root.mkdir(mode=0o700, exist_ok=True)
    return root


def _forget_old() -> None:
    for folder in _root().iterdir():
        if folder.stat().st_mtime < time.time() - _KEPT_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
