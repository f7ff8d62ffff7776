"""Inbound endpoints, and their parameters as rows."""

import dataclasses
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.http.request import split_domain_port

from artifacts.models import InboundEndpoint, InboundParameter
from artifacts.synapse_xml import read_facts
from mediation.payloads.xml import parse_xml

from .artifact import ArtifactAdmin
from .forms import BaseParameterFormSet, InboundEndpointForm
from .secrets import mask_value
from .skeletons import SKELETONS
from .switching import SwitchingMixin


class ParameterInline(admin.TabularInline):
    """
    The parameters that the XML has, as rows without identity.

    Who may change the endpoint may change them: they are a part of it.
    """

    model = InboundParameter
    formset = BaseParameterFormSet
    verbose_name = "parameter"
    verbose_name_plural = "parameters"
    fields = ("name", "value", "key")
    formfield_overrides = {models.TextField: {"widget": forms.Textarea(attrs={"rows": 1, "cols": 50})}}

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.fields if self.has_change_permission(request, obj) else ("name", "shown_value", "key")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("shown_value",)

    @admin.display(description="value")
    def shown_value(self, parameter: InboundParameter) -> str:
        return mask_value(parameter.name, parameter.value)

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return len(_parameters(obj)) if self.has_change_permission(request, obj) else 0

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
        return request.user.has_perm(f"artifacts.{action}_inboundendpoint")


def _parameters(row: InboundEndpoint | None) -> list[dict[str, str]]:
    text = row.xml if row is not None and row.xml else SKELETONS[InboundEndpoint.kind]
    return [dataclasses.asdict(parameter) for parameter in read_facts(parse_xml(text)).parameters]


@admin.register(InboundEndpoint)
class InboundEndpointAdmin(SwitchingMixin, ArtifactAdmin):
    form = InboundEndpointForm
    facts = ("name", "protocol", "sequence", "on_error", "suspended")
    facts_shown = ("port",)
    inlines = (ParameterInline,)
    list_display = ("name", "url_column", "protocol", "port", "sequence")
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

    def url_of(self, request: HttpRequest, row: InboundEndpoint) -> str:
        port = row.listening_port or row.port
        if row.protocol != "ws" or port is None:
            return ""
        host, _ = split_domain_port(request.get_host())
        return f"ws://{host}:{port}/"
