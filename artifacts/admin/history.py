"""Versions of an artifact: who saved them, what was different, and the way back."""

import difflib
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Final, NamedTuple

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path

from artifacts.models import Artifact, KeptArtifact
from artifacts.store import save_artifact
from mediation.errors import ConfigurationError

from .references import change_url, compiled

PAGE_SIZE: Final = 20
CONTEXT_LINES: Final = 3


class Line(NamedTuple):
    """A line of a comparison; ``sign`` is ``+``, ``-``, a space, or ``@`` for a place."""

    sign: str
    text: str


class Version(NamedTuple):
    record: Any
    changes: list[Line]
    is_current: bool


def differences(old: str, new: str) -> list[Line]:
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), n=CONTEXT_LINES, lineterm="")
    return [Line(line[:1], line if line.startswith("@") else line[1:]) for line in list(lines)[2:]]


class HistoryMixin:
    """The pages of django-simple-history's records, on the text that is the artifact."""

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        view = self.admin_site.admin_view
        version = "<int:pk>/history/<int:history_id>/"
        return [
            path(version, view(self.version_view), name=f"{name}_version"),
            path(f"{version}revert/", view(self.revert_view), name=f"{name}_revert"),
            *super().get_urls(),
        ]

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        row = self._row(request, object_id)
        page = Paginator(row.history.all(), PAGE_SIZE).get_page(request.GET.get("page"))
        records = list(page.object_list)
        older = row.history.filter(history_id__lt=records[-1].history_id).first() if records else None
        context = {"page": page, "versions": self._versions(request, row, [*records, older])}
        return self._page(request, row, "artifacts/history.html", f"History: {row}", context | (extra_context or {}))

    def version_view(self, request: HttpRequest, pk: int, history_id: int) -> HttpResponse:
        row = self._row(request, pk)
        record = get_object_or_404(row.history, history_id=history_id)
        shown = self.shown_xml(request, row, record.xml)
        context = {
            "record": record,
            "xml": shown,
            "changes": differences(self.shown_xml(request, row), shown),
            "has_change_permission": self.has_change_permission(request, row),
        }
        title = f"Version {record.version}: {row}"
        return self._page(request, row, "artifacts/version.html", title, context)

    def revert_view(self, request: HttpRequest, pk: int, history_id: int) -> HttpResponse:
        row = self._row(request, pk)
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        record = get_object_or_404(row.history, history_id=history_id)
        text, level = self._revert(request, row, record)
        self.message_user(request, text, level)
        return redirect(change_url(row))

    def _revert(self, request: HttpRequest, row: Artifact, record: Any) -> tuple[str, int]:
        errors = () if isinstance(row, KeptArtifact) else compiled(record.xml).errors
        if errors:
            return f"Version {record.version} has a mistake and was not taken: {errors[0]}", messages.ERROR
        reason = f"reverted to version {record.version}"
        try:
            saved = save_artifact(record.xml, row=row, user=request.user, reason=reason)
        except ConfigurationError as exc:
            return f"Version {record.version} was not taken: {exc}", messages.ERROR
        if saved.outcome == "unchanged":
            return f"Version {record.version} says the same as the current one.", messages.INFO
        self.log_change(request, saved.row, f"R{reason[1:]}.")
        return f"R{reason[1:]}, as version {saved.row.version}.", messages.SUCCESS

    def _row(self, request: HttpRequest, pk: Any) -> Artifact:
        row = get_object_or_404(self.model, pk=pk)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        return row

    def _versions(self, request: HttpRequest, row: Artifact, records: Iterable[Any]) -> list[Version]:
        """All but the last record, compared with their predecessors."""
        texts = [(record, "" if record is None else self.shown_xml(request, row, record.xml)) for record in records]
        return [
            Version(record, differences(before, text), record.version == row.version)
            for (record, text), (_, before) in pairwise(texts)
        ]

    def _page(self, request: HttpRequest, row: Artifact, template: str, title: str, context: Any) -> HttpResponse:
        shown = {**self.admin_site.each_context(request), "title": title, "opts": self.opts, "row": row, **context}
        return TemplateResponse(request, template, shown)
