"""REST APIs."""

from urllib.parse import quote

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.http.request import split_domain_port

from artifacts.models import Api

from .artifact import ArtifactAdmin


@admin.register(Api)
class ApiAdmin(ArtifactAdmin):
    facts = ("name", "context", "hostname", "port", "api_version", "version_type")
    facts_shown = ("resources",)
    list_display = ("name", "url_column", "api_version", "resources")

    def url_of(self, request: HttpRequest, row: Api) -> str:
        host, _ = split_domain_port(request.get_host())
        path = row.context.rstrip("/")
        if row.version_type == "url":
            path = f"{path}/{row.api_version}"
        path = quote(path.replace("{version}", row.api_version), safe="/{}")
        if not settings.ESB_HTTP_PORT:
            return path
        return f"http://{row.hostname or host}:{settings.ESB_HTTP_PORT + settings.ESB_PORT_OFFSET}{path}"
