"""Import and export of the whole configuration."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import FileExtensionValidator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from artifacts.importing import Options, import_paths
from artifacts.models import ARTIFACT_MODELS, Deployment, RegistryResource, TransportSender
from artifacts.reporting import FAILED, Entry, Outcome, Report, summary
from artifacts.store import find_artifact
from mediation.reference import pages

from .downloads import download_everything
from .health import Level
from .references import change_url
from .uploads import LARGEST, SUFFIXES, Upload

_LEVELS: dict[Outcome, Level] = {
    Outcome.UNCHANGED: "off",
    Outcome.IGNORED: "off",
    Outcome.WARNING: "warning",
    Outcome.NOT_RUNNABLE: "warning",
    Outcome.FAULTY: "error",
    Outcome.CLASH: "error",
    Outcome.REJECTED: "error",
}


def may_import(user: Any) -> bool:
    """An import adds and changes artifacts of every kind; who may do that one by one may do it at once."""
    return _may(user, "add", "change")


def may_export(user: Any) -> bool:
    """The files hold the secrets of all artifacts, which only those see who may change them."""
    return _may(user, "change")


def _may(user: Any, *actions: str) -> bool:
    names = [model._meta.model_name for model in (*ARTIFACT_MODELS, TransportSender, RegistryResource)]
    return user.has_perms([f"artifacts.{action}_{name}" for action in actions for name in names])


class UploadForm(forms.Form):
    file = forms.FileField(
        validators=[FileExtensionValidator([suffix[1:] for suffix in SUFFIXES])],
        help_text="An XML file, a .zip or .car package, or a deployment.toml.",
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(SUFFIXES)}),
    )

    def clean_file(self) -> UploadedFile:
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(
                f"The file is larger than {LARGEST // 1024**2} MiB; use manage.py import_synapse."
            )
        return file


class ChoicesForm(forms.Form):
    """What an import shall do; chosen once more after the dry run."""

    replace = forms.BooleanField(
        required=False, label="Replace", help_text="Take the given artifact where a different one of its name exists."
    )
    strict = forms.BooleanField(
        required=False, label="Strict", help_text="Import nothing if there is any fault or warning in the file."
    )


@admin.register(Deployment)
class DeploymentAdmin(admin.ModelAdmin):
    """Has no rows to show: the generation is on the index page. Here are the pages about all artifacts at once."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("import/", view(self.import_view), name="artifacts_import"),
            path("export/", view(self.export_view), name="artifacts_export"),
            path("reference/<str:page>", view(self.reference_view), name="artifacts_reference"),
        ]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def reference_view(self, request: HttpRequest, page: str) -> HttpResponse:
        """The reference of the language, as this version of the product has it."""
        texts = {name: text for name, text in pages().items() if name != "README.md"}
        if page not in texts:
            raise Http404(f"There is no page {page}.")
        context = {
            **self.admin_site.each_context(request),
            "title": "Reference of the language",
            "pages": list(texts),
            "text": texts[page],
        }
        return TemplateResponse(request, "artifacts/reference.html", context)

    def export_view(self, request: HttpRequest) -> HttpResponse:
        if not may_export(request.user):
            raise PermissionDenied
        return download_everything()

    def import_view(self, request: HttpRequest) -> HttpResponse:
        if not may_import(request.user):
            raise PermissionDenied
        if request.method != "POST":
            return self._page(request, UploadForm(), ChoicesForm())
        if "import" in request.POST:
            return self._import(request)
        return self._dry_run(request)

    def _dry_run(self, request: HttpRequest) -> HttpResponse:
        form, choices = UploadForm(request.POST, request.FILES), ChoicesForm(request.POST)
        upload = Upload.of(request.session) if "again" in request.POST else None
        if upload is None:
            if not form.is_valid():
                return self._page(request, form, choices)
            upload = Upload.keep(form.cleaned_data["file"], request.session)
        reports = _run(upload, choices, request.user, dry_run=True)
        return self._page(request, UploadForm(), choices, upload=upload, reports=reports, dry_run=True)

    def _import(self, request: HttpRequest) -> HttpResponse:
        choices = ChoicesForm(request.POST)
        upload = Upload.of(request.session)
        if upload is None:
            self.message_user(request, "The uploaded file is no longer there; choose it again.", messages.WARNING)
            return redirect(reverse("admin:artifacts_import"))
        reports = _run(upload, choices, request.user, dry_run=False)
        upload.forget(request.session)
        failed = any(report.failed for report in reports)
        text = "Not everything was imported." if failed else "Imported."
        self.message_user(request, text, messages.WARNING if failed else messages.SUCCESS)
        return self._page(request, UploadForm(), ChoicesForm(), upload=upload, reports=reports, dry_run=False)

    def _page(
        self,
        request: HttpRequest,
        form: UploadForm,
        choices: ChoicesForm,
        *,
        upload: Upload | None = None,
        reports: list[Report] | None = None,
        dry_run: bool = True,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Import",
            "form": form,
            "choices": choices,
            "upload": upload,
            "dry_run": dry_run,
            "summary": summary(reports) if reports else "",
            "lines": [_Line(entry) for report in reports or () for entry in report.entries],
        }
        return TemplateResponse(request, "artifacts/import.html", context)


class _Line:
    """One line of a report, as the page shows it."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.level = _LEVELS.get(entry.outcome, "ok")
        self.place = entry.place
        self.findings = [(str(finding.severity), str(finding)) for finding in entry.findings]
        row = None if entry.outcome in FAILED else find_artifact(entry.kind, entry.name)
        self.url = change_url(row) if row is not None else ""


def _run(upload: Upload, choices: ChoicesForm, user: Any, *, dry_run: bool) -> list[Report]:
    choices.full_clean()  # of two boxes; whatever is posted is an answer
    chosen = choices.cleaned_data
    names = {upload.path: upload.name}
    options = Options(chosen["replace"], strict=chosen["strict"], dry_run=dry_run, user=user, names=names)
    return import_paths([upload.path], options)
