"""Transport senders and their parameters."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from artifacts.models import TransportParameter, TransportSender
from artifacts.store import set_transport_parameters

from .secrets import mask_value


class TransportParameterInline(admin.TabularInline):
    """Who may change the transport may change its parameters: they are all that there is to change."""

    model = TransportParameter
    verbose_name = "parameter"
    verbose_name_plural = "parameters"
    extra = 1
    fields = ("name", "value")
    formfield_overrides = {models.TextField: {"widget": forms.Textarea(attrs={"rows": 1, "cols": 60})}}

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.fields if self.has_change_permission(request, obj) else ("name", "shown_value")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("shown_value",)

    @admin.display(description="value")
    def shown_value(self, parameter: TransportParameter) -> str:
        return mask_value(parameter.name, parameter.value)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "view") or self._may(request, "change")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "change" if obj is not None and obj.pk else "add")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    @staticmethod
    def _may(request: HttpRequest, action: str) -> bool:
        return request.user.has_perm(f"artifacts.{action}_transportsender")


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
