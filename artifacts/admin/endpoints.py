"""Named endpoints."""

from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from artifacts.models import Endpoint
from mediation.monitoring import endpoints

from .artifact import ArtifactAdmin
from .secrets import mask_url


@admin.register(Endpoint)
class EndpointAdmin(ArtifactAdmin):
    facts = ("name", "address", "method")
    facts_shown = ("endpoint_kind",)
    masked = {"address": "address_column"}
    list_display = ("name", "endpoint_kind", "address_column", "method")
    list_filter = ("endpoint_kind",)
    actions = ("switch_off", "activate", *ArtifactAdmin.actions)

    @admin.action(description="Switch off", permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        self._told(request, queryset, endpoints.switch_off, "Switched off")

    @admin.action(description="Activate", permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        self._told(request, queryset, endpoints.activate, "Activated")

    def _told(
        self, request: HttpRequest, queryset: QuerySet[Endpoint], act: Callable[[list[str]], None], word: str
    ) -> None:
        rows = list(queryset)
        act([row.name for row in rows])
        for row in rows:
            self.log_change(request, row, f"{word}.")
        names = ", ".join(row.name for row in rows)
        self.message_user(request, f"{word} in every serving process: {names}", messages.SUCCESS)

    @admin.display(description="address", ordering="address")
    def address_column(self, row: Endpoint) -> SafeString | str:
        return format_html("<code>{}</code>", mask_url(row.address)) if row.address else "-"
