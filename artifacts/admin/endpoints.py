"""Named endpoints."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from artifacts.models import Endpoint

from .artifact import ArtifactAdmin
from .secrets import mask_url


@admin.register(Endpoint)
class EndpointAdmin(ArtifactAdmin):
    facts = ("name", "address", "method")
    facts_shown = ("endpoint_kind",)
    list_display = ("name", "endpoint_kind", "address_column", "method")
    list_filter = ("endpoint_kind",)

    def get_fieldsets(self, request: Any, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is not None and not self.has_change_permission(request, obj):
            return [(None, {"fields": ["name", "address_column", "method", "endpoint_kind", "xml_as_text"]})]
        return fieldsets

    @admin.display(description="address", ordering="address")
    def address_column(self, row: Endpoint) -> SafeString | str:
        return format_html("<code>{}</code>", mask_url(row.address)) if row.address else "-"
