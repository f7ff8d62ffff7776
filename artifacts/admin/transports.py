"""Transport senders and their parameters."""

from typing import Any, NamedTuple

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from artifacts.models import TransportParameter, TransportSender
from artifacts.store import set_transport_parameters
from mediation.transports.remarks import sender_remarks

from .history import PAGE_SIZE
from .parts import ParameterInline
from .secrets import mask_value


class Change(NamedTuple):
    """A record of a parameter, and its value as everybody may see it."""

    record: Any
    value: str


class TransportParameterInline(ParameterInline):
    model = TransportParameter
    extra = 1
    fields = ("name", "value")


@admin.register(TransportSender)
class TransportSenderAdmin(admin.ModelAdmin):
    inlines = (TransportParameterInline,)
    list_display = ("scheme", "parameters_column")

    class Media:
        css = {"all": ["artifacts/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("parameters")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("scheme",)

    @admin.display(description="parameters")
    def parameters_column(self, row: TransportSender) -> SafeString:
        parameters = ((each.name, mask_value(each.name, each.value)) for each in row.parameters.all())
        return format_html_join("", "<div><code>{}</code> = {}</div>", parameters)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Every parameter that was added, changed or removed, the newest first."""
        row = get_object_or_404(TransportSender, pk=object_id)
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        records = TransportParameter.history.filter(sender_id=row.pk).select_related("history_user")
        page = Paginator(records, PAGE_SIZE).get_page(request.GET.get("page"))
        page.object_list = [Change(record, mask_value(record.name, record.value)) for record in page.object_list]
        context = {
            **self.admin_site.each_context(request),
            "title": f"History: {row}",
            "opts": self.opts,
            "row": row,
            "page": page,
        }
        return TemplateResponse(request, "artifacts/sender_history.html", context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Saved with its parameters, when these are known to be right."""
        if not change:
            set_transport_parameters(obj.scheme, {}, replace=False)
            obj.pk = TransportSender.objects.get(scheme=obj.scheme).pk

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)  # tells the log of changes what there was to save
        rows = [row for row in formset.cleaned_data if row.get("name") and not row.get("DELETE")]
        parameters = {row["name"]: row["value"].replace("\r\n", "\n") for row in rows}
        set_transport_parameters(formset.instance.scheme, parameters, replace=True)
        for remark in sender_remarks(formset.instance.scheme, parameters):
            messages.warning(request, remark)
