"""Named endpoints."""

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
    masked = {"address": "address_column"}
    list_display = ("name", "endpoint_kind", "address_column", "method")
    list_filter = ("endpoint_kind",)

    @admin.display(description="address", ordering="address")
    def address_column(self, row: Endpoint) -> SafeString | str:
        return format_html("<code>{}</code>", mask_url(row.address)) if row.address else "-"
