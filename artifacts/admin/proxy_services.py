"""Proxy services."""

from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.http.request import split_domain_port

from artifacts.models import ProxyService

from .artifact import ArtifactAdmin
from .forms import ProxyServiceForm
from .switching import SwitchingMixin


@admin.register(ProxyService)
class ProxyServiceAdmin(SwitchingMixin, ArtifactAdmin):
    form = ProxyServiceForm
    facts = (
        "name",
        "transports",
        "start_on_load",
        "in_sequence",
        "out_sequence",
        "fault_sequence",
        "endpoint",
    )
    list_display = ("name", "url_column", "transports", "endpoint")
    list_filter = ("start_on_load",)
    actions = (*SwitchingMixin.actions, *ArtifactAdmin.actions)
    switch = ("start_on_load", False)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name.endswith("_sequence"):
            field.help_text = "Name of a sequence; empty when it stands in the XML, or there is none."
        return field

    def url_of(self, request: HttpRequest, row: ProxyService) -> str:
        host, _ = split_domain_port(request.get_host())
        path = f"/services/{quote(row.name)}"
        transports = row.transports.split(",") if row.transports else ["http", "https"]
        if "http" in transports and settings.ESB_HTTP_PORT:
            return f"http://{host}:{settings.ESB_HTTP_PORT + settings.ESB_PORT_OFFSET}{path}"
        if "https" in transports and settings.ESB_HTTPS_CERTIFICATE:
            return f"https://{host}:{settings.ESB_HTTPS_PORT + settings.ESB_PORT_OFFSET}{path}"
        return path
