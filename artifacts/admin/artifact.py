"""What the admin pages of all kinds of artifacts have in common."""

from typing import Any, ClassVar, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from artifacts.models import Artifact
from artifacts.store import delete_artifact, save_artifact
from mediation.findings import Finding, Severity

from .deleted import DeletedMixin
from .downloads import download
from .forms import ArtifactForm
from .health import Serving, badge
from .history import HistoryMixin
from .references import lint_rows, used_by, uses
from .secrets import mask_xml

_MOST_MESSAGES: Final = 10


class ArtifactAdmin(DeletedMixin, HistoryMixin, admin.ModelAdmin):
    """
    List, form, history and export of one kind.

    Rows in a list carry what is computed once for the whole page, and what only the request knows:
    ``health``, ``warnings`` and ``url``.

    Attributes:
        facts: the columns that are fields of the form.
        facts_shown: columns that follow from the XML, and are shown with them.
        masked: what is shown in place of a fact that may hold a secret, to people who may only look.
    """

    facts: ClassVar[tuple[str, ...]] = ("name",)
    facts_shown: ClassVar[tuple[str, ...]] = ()
    masked: ClassVar[dict[str, str]] = {}

    form = ArtifactForm
    change_form_template = "artifacts/change_form.html"
    delete_confirmation_template = "artifacts/delete_confirmation.html"
    actions = ("export",)
    list_per_page = 50
    search_fields = ("name", "source")
    search_help_text = "Name, source file or XML"

    class Media:
        css = {"all": ["artifacts/admin.css"]}

    # -- list

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        name, *facts = self.list_display
        return (name, "state_column", "warnings_column", *facts, "updated_column")

    def get_list_filter(self, request: HttpRequest) -> tuple[str, ...]:
        return ("state", *self.list_filter, "updated")

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        # Searching the text for passwords would find them one letter at a time.
        return (*self.search_fields, "xml") if self.has_change_permission(request) else self.search_fields

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        rows = list(changelist.result_list)
        serving, lints = Serving(), lint_rows(rows)
        for row in rows:
            row.health = serving.health(row)
            row.warnings = _warnings(row, lints[row.pk])
            row.url = self.url_of(request, row)
        changelist.result_list = rows
        return changelist

    def url_of(self, request: HttpRequest, row: Any) -> str:
        """Where clients reach it; empty for kinds that nobody calls from outside."""
        return ""

    @admin.display(description="URL")
    def url_column(self, row: Any) -> SafeString | str:
        return format_html("<code>{}</code>", row.url) if row.url else "-"

    @admin.display(description="state", ordering="state")
    def state_column(self, row: Any) -> SafeString:
        reason = format_html('<div class="esb-reason">{}</div>', row.health.reason) if row.health.reason else ""
        return format_html("{}{}", row.health.badge(), reason)

    @admin.display(description="updated", ordering="updated")
    def updated_column(self, row: Any) -> str:
        return localtime(row.updated).strftime("%Y-%m-%d %H:%M")

    @admin.display(description="warnings")
    def warnings_column(self, row: Any) -> SafeString | str:
        if not row.warnings:
            return ""
        texts = format_html_join("", "<li>{}</li>", ((str(warning),) for warning in row.warnings))
        return format_html(
            '<details class="esb-warnings"><summary>{}</summary><ul>{}</ul></details>',
            badge("warning", str(len(row.warnings))),
            texts,
        )

    @admin.action(description="Export as XML", permissions=["change"])
    def export(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        return download(queryset)

    # -- form

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        facts = [*self.facts, *self.facts_shown]
        if obj is not None and not self.has_change_permission(request, obj):
            return [(None, {"fields": [*(self.masked.get(fact, fact) for fact in facts), "xml_as_text"]})]
        return [(None, {"fields": facts}), ("XML", {"fields": ["xml", "base_version"], "classes": ["esb-xml"]})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.facts_shown, *self.masked.values(), "xml_as_text")

    @admin.display(description="XML")
    def xml_as_text(self, row: Any) -> SafeString:
        return format_html('<pre class="esb-code">{}</pre>', mask_xml(row.xml))

    def shown_xml(self, request: HttpRequest, row: Artifact, text: str | None = None) -> str:
        """The text of the row, or of an old version of it, as this user may see it."""
        text = row.xml if text is None else text
        return text if self.has_change_permission(request, row) else mask_xml(text)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if kwargs.get("change"):
            # The form has read the typed text into its own instance.
            row = self.model._default_manager.get(pk=kwargs["obj"].pk)
            remarks = [*row.remarks, *_new(lint_rows([row])[row.pk], row.remarks)]
            form = context["adminform"].form
            if not form.is_bound and "xml" in form.fields:
                form.show_remarks(remarks)
            context |= {
                "row": row,
                "health": Serving().health(row),
                "remarks": remarks,
                "url": self.url_of(request, row),
                "uses": uses(row),
                "used_by": used_by(row),
                "switch": getattr(self, "switch", None),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        row = self.model._default_manager.get(pk=obj.pk) if change else None
        saved = save_artifact(form.cleaned_data["xml"], row=row, user=request.user)
        obj.pk = saved.row.pk
        if saved.outcome == "unchanged":
            self.message_user(request, "Nothing was changed: the XML says the same as before.", messages.INFO)
        if saved.row.reason:
            self.message_user(
                request, f"Stored, but {saved.row.get_state_display()}: {saved.row.reason}", messages.WARNING
            )
        for warning in _warnings(saved.row, lint_rows([saved.row])[saved.row.pk])[:_MOST_MESSAGES]:
            self.message_user(request, str(warning), messages.WARNING)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Inline rows are part of the XML, and saved with it."""

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        return super().construct_change_message(request, form, [], add)

    # -- deletes

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        row = self.get_object(request, object_id)
        found = used_by(row) if row is not None and self.has_delete_permission(request, row) else []
        return super().delete_view(request, object_id, {"used_by": found, **(extra_context or {})})

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete_artifact(obj, request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            delete_artifact(row, request.user)

    # -- download

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [path("<int:pk>/export/", self.admin_site.admin_view(self.export_view), name=name), *super().get_urls()]

    def export_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = get_object_or_404(self.model, pk=pk)
        # The file holds the artifact's secrets.
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        return download([row])


def _warnings(row: Artifact, lints: list[Finding]) -> list[Finding]:
    remarks = row.remarks
    return [each for each in (*remarks, *_new(lints, remarks)) if each.severity is Severity.WARNING]


def _new(lints: list[Finding], remarks: list[Finding]) -> list[Finding]:
    """Lint also says what was found when the row was saved."""
    told = {remark.message for remark in remarks}
    return [finding for finding in lints if finding.message not in told]
