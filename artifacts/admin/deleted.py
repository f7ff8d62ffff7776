"""Deleted artifacts: their last version is in the history, and can be restored."""

from collections.abc import Iterator
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path

from artifacts.store import find_artifact, save_artifact
from mediation.errors import ConfigurationError

from .references import change_url

MOST: Final = 200
"""Records that are looked at for a page; the newest ones."""


class DeletedMixin:
    """A page for each kind, which lists what was deleted and is not there again."""

    change_list_template = "artifacts/change_list.html"

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_deleted"
        return [path("deleted/", self.admin_site.admin_view(self.deleted_view), name=name), *super().get_urls()]

    def deleted_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._restore(request, request.POST.get("record", ""))
        context = {
            **self.admin_site.each_context(request),
            "title": f"Deleted {self.opts.verbose_name_plural}",
            "opts": self.opts,
            "records": list(self._deleted()),
            "may_restore": self._may_restore(request),
        }
        return TemplateResponse(request, "artifacts/deleted.html", context)

    def _may_restore(self, request: HttpRequest) -> bool:
        # Kinds that nobody adds by hand are restored all the same.
        return request.user.has_perm(f"{self.opts.app_label}.add_{self.opts.model_name}")

    def _deleted(self) -> Iterator[Any]:
        """The last record of each, the newest first."""
        seen = set()
        for record in self.model.history.filter(history_type="-").select_related("history_user")[:MOST]:
            kind = getattr(record, "kind", self.model.kind)
            if (kind, record.name) not in seen and find_artifact(kind, record.name) is None:
                seen.add((kind, record.name))
                yield record

    def _restore(self, request: HttpRequest, record_id: str) -> HttpResponse:
        if not self._may_restore(request):
            raise PermissionDenied
        found = self.model.history.filter(history_type="-")
        record = get_object_or_404(found, history_id=record_id if record_id.isdecimal() else 0)
        kind = getattr(record, "kind", self.model.kind)
        if find_artifact(kind, record.name) is not None:
            self.message_user(request, f"There is a new {record.name} by now.", messages.WARNING)
            return redirect(request.path)
        try:
            reason = f"restored version {record.version}"
            saved = save_artifact(record.xml, source=record.source, user=request.user, reason=reason)
        except ConfigurationError as exc:
            self.message_user(request, f"{record.name} was not restored: {exc}", messages.ERROR)
            return redirect(request.path)
        self.log_addition(request, saved.row, "Restored.")
        self.message_user(request, f"Restored: {saved.row.name}", messages.SUCCESS)
        return redirect(change_url(saved.row))
