"""Artifacts as files."""

import io
import zipfile
from collections.abc import Iterable
from pathlib import PurePosixPath

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from artifacts.exporting import export_files, export_resources
from artifacts.models import Artifact
from artifacts.store import all_artifacts


def download(rows: Iterable[Artifact]) -> HttpResponse:
    """One artifact as an XML file; several as a zip file in the multi-file layout."""
    files = [(path, text) for path, text in export_files(rows) if path.suffix == ".xml"]
    if len(files) == 1:
        [(path, text)] = files
        return _attachment(text.encode(), path.name, "application/xml")
    return _attachment(_zipped(files), "artifacts.zip", "application/zip")


def download_everything() -> HttpResponse:
    """All artifacts, the registry and the transports' parameters as a zip file."""
    files = [*export_files(all_artifacts()), *export_resources()]
    return _attachment(_zipped(files), "configuration.zip", "application/zip")


def _zipped(files: Iterable[tuple[PurePosixPath, str | bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files:
            archive.writestr(str(path), content)
    return buffer.getvalue()


def _attachment(content: bytes, name: str, content_type: str) -> HttpResponse:
    disposition = content_disposition_header(as_attachment=True, filename=name)
    return HttpResponse(
        content,
        content_type=content_type,
        headers={"Content-Disposition": disposition or "attachment", "X-Content-Type-Options": "nosniff"},
    )
