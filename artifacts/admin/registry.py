"""Resources of the registry: files, listed and edited."""

import hashlib
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import content_disposition_header

from artifacts.models import RegistryResource
from artifacts.registry import ResourceError, Stamp, registry_directory, remarks_on, remove_resource, write_resource
from mediation.registry import resource_key

LARGEST_TEXT = 256 * 1024
"""Bytes of a resource that is shown in a form; larger ones are replaced by an upload."""


class Row(NamedTuple):
    path: str
    key: str
    size: int
    modified: datetime


def _row(path: str, stamp: Stamp) -> Row:
    return Row(path, resource_key(path), stamp.size, datetime.fromtimestamp(stamp.modified / 1e9, UTC))


class ResourceForm(forms.Form):
    """
    Content as text, or as a file.

    ``base`` is what the content was when the form was opened: who saves over a change of somebody else is told.
    """

    path = forms.CharField(
        max_length=1000, help_text="Below the registry's directory: config/a.xslt has the key conf:/a.xslt."
    )
    content = forms.CharField(
        required=False, strip=False, widget=forms.Textarea(attrs={"rows": 24, "class": "vLargeTextField"})
    )
    file = forms.FileField(required=False, help_text="In place of the text.")
    base = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, existing: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._existing = existing
        if existing is not None:
            del self.fields["path"]

    def clean(self) -> None:
        if self.cleaned_data.get("file") is not None:
            self.cleaned_data["bytes"] = self.cleaned_data["file"].read()
        else:
            self.cleaned_data["bytes"] = self.cleaned_data.get("content", "").replace("\r\n", "\n").encode()
        path = self._existing or self.cleaned_data.get("path", "")
        there = path in registry_directory().stamps()
        if self._existing is None and there:
            self.add_error("path", "There is a resource with this path.")
        elif self._existing is not None and there and _digest(registry_directory().read(path)) != self.data.get("base"):
            self.add_error(None, "Nothing was saved: somebody has changed it since you opened this form.")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _text(content: bytes) -> str | None:
    """What a form can show; ``None`` if it is not text, or too much of it."""
    try:
        return content.decode() if len(content) <= LARGEST_TEXT else None
    except UnicodeDecodeError:
        return None


@admin.register(RegistryResource)
class RegistryResourceAdmin(admin.ModelAdmin):
    """Files are listed to who may view them; their content, which may hold secrets, is shown to who may change it."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.download_view)
        return [path("<path:path>/download/", view, name="artifacts_registryresource_download"), *super().get_urls()]

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> RegistryResource | None:
        return RegistryResource(object_id) if object_id in registry_directory().stamps() else None

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        wanted = request.GET.get("q", "")
        rows = [_row(*item) for item in registry_directory().stamps().items()]
        context = {
            "rows": [row for row in rows if wanted in row.path or wanted in row.key],
            "q": wanted,
            "directory": registry_directory().root,
            "has_add_permission": self.has_add_permission(request),
            "has_change_permission": self.has_change_permission(request),
            "has_delete_permission": self.has_delete_permission(request),
        }
        return self._page(request, "registry_list.html", "Registry", context)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ResourceForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid() and self._write(request, form, form.cleaned_data["path"]):
            self.log_addition(request, RegistryResource(form.cleaned_data["path"]), "Added.")
            return self._list()
        return self._page(request, "registry_form.html", "Add a resource", {"form": form})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        resource = self._found(request, object_id)
        if not self.has_change_permission(request, resource):
            raise PermissionDenied
        try:
            before = registry_directory().read(resource.path)
        except ResourceError as exc:
            raise Http404(str(exc)) from exc
        initial = {"content": _text(before) or "", "base": _digest(before)}
        form = ResourceForm(request.POST or None, request.FILES or None, existing=resource.path, initial=initial)
        if _text(before) is None:
            form.fields["file"].required = True
            del form.fields["content"]
        if request.method == "POST" and form.is_valid() and self._write(request, form, resource.path):
            self.log_change(request, resource, "Changed.")
            return self._list()
        context = {"form": form, "resource": resource, "key": resource_key(resource.path)}
        return self._page(request, "registry_form.html", resource.path, context)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        resource = self._found(request, object_id)
        if not self.has_delete_permission(request, resource):
            raise PermissionDenied
        if request.method != "POST":
            return self._page(request, "registry_delete.html", f"Delete {resource.path}", {"resource": resource})
        try:
            remove_resource(resource.path)
        except ResourceError as exc:
            self.message_user(request, str(exc), messages.ERROR)
        else:
            self.log_deletions(request, [resource])
            self.message_user(request, f"Deleted: {resource.path}", messages.SUCCESS)
        return self._list()

    def download_view(self, request: HttpRequest, path: str) -> HttpResponse:
        resource = self._found(request, path)
        if not self.has_change_permission(request, resource):
            raise PermissionDenied
        try:
            content = registry_directory().read(resource.path)
        except ResourceError as exc:
            raise Http404(str(exc)) from exc
        disposition = content_disposition_header(as_attachment=True, filename=path.rpartition("/")[2])
        headers = {"Content-Disposition": disposition or "attachment", "X-Content-Type-Options": "nosniff"}
        return HttpResponse(content, content_type="application/octet-stream", headers=headers)

    def _found(self, request: HttpRequest, object_id: str) -> RegistryResource:
        if not self.has_view_or_change_permission(request) and not self.has_delete_permission(request):
            raise PermissionDenied
        resource = self.get_object(request, admin.utils.unquote(object_id))
        if resource is None:
            raise Http404(f"There is no resource {object_id}.")
        return resource

    def _write(self, request: HttpRequest, form: ResourceForm, path: str) -> bool:
        content = form.cleaned_data["bytes"]
        try:
            write_resource(path, content)
        except ResourceError as exc:
            form.add_error("path" if "path" in form.fields else None, str(exc))
            return False
        for remark in remarks_on(path, content):
            self.message_user(request, f"{path} {remark}", messages.WARNING)
        self.message_user(request, f"Stored: {resource_key(path)}", messages.SUCCESS)
        return True

    def _list(self) -> HttpResponse:
        return redirect(reverse("admin:artifacts_registryresource_changelist"))

    def _page(self, request: HttpRequest, template: str, title: str, context: dict[str, Any]) -> HttpResponse:
        shown = {**self.admin_site.each_context(request), "title": title, "opts": self.opts, **context}
        return TemplateResponse(request, f"artifacts/{template}", shown)
