"""Inbound endpoints, and their parameters as rows."""

import dataclasses
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.http.request import split_domain_port
from django.utils.safestring import SafeString

from artifacts.models import InboundEndpoint, InboundParameter
from artifacts.synapse_xml import read_facts
from mediation.payloads.xml import parse_xml

from .artifact import ArtifactAdmin
from .forms import BaseParameterFormSet, InboundEndpointForm
from .parts import ParameterInline
from .skeletons import SKELETONS
from .switching import SwitchingMixin


class InboundParameterInline(ParameterInline):
    """The parameters that the XML has, as rows without identity."""

    model = InboundParameter
    formset = BaseParameterFormSet
    fields = ("name", "value", "key")

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return len(_parameters(obj)) if self.has_change_permission(request, obj) else 0


def _parameters(row: InboundEndpoint | None) -> list[dict[str, str]]:
    text = row.xml if row is not None and row.xml else SKELETONS[InboundEndpoint.kind]
    return [dataclasses.asdict(parameter) for parameter in read_facts(parse_xml(text)).parameters]


@admin.register(InboundEndpoint)
class InboundEndpointAdmin(SwitchingMixin, ArtifactAdmin):
    form = InboundEndpointForm
    facts = ("name", "protocol", "sequence", "on_error", "suspended")
    facts_shown = ("port",)
    inlines = (InboundParameterInline,)
    list_display = ("name", "url_column", "sequence")
    list_filter = ("protocol", "suspended")
    actions = (*SwitchingMixin.actions, *ArtifactAdmin.actions)
    switch = ("suspended", True)

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        if inline.has_change_permission(request, obj):
            # What was posted is compared with nothing, so that every row counts as typed.
            rows = {} if request.method == "POST" else {"initial": _parameters(obj)}
            kwargs |= {"queryset": InboundParameter.objects.none(), **rows}
        return kwargs

    @admin.display(description="URL", ordering="port")
    def url_column(self, row: InboundEndpoint) -> SafeString | str:
        return super().url_column(row) if row.url else row.protocol or "-"

    def url_of(self, request: HttpRequest, row: InboundEndpoint) -> str:
        port = row.listening_port or row.port
        if row.protocol not in ("ws", "wss", "http", "https") or port is None:
            return ""
        host, _ = split_domain_port(request.get_host())
        return f"{row.protocol}://{host}:{port}/"
