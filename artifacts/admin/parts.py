"""Rows below a form that are a part of what the form edits."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from .secrets import mask_value


class ParameterInline(admin.TabularInline):
    """
    Named values. Who may change the whole may change them; who may only look sees no secrets.

    Attributes:
        fields: ``name``, ``value`` and others.
    """

    verbose_name = "parameter"
    verbose_name_plural = "parameters"
    formfield_overrides = {models.TextField: {"widget": forms.Textarea(attrs={"rows": 1, "cols": 50})}}

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if self.has_change_permission(request, obj):
            return self.fields
        return tuple("shown_value" if field == "value" else field for field in self.fields)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("shown_value",)

    @admin.display(description="value")
    def shown_value(self, parameter: Any) -> str:
        return mask_value(parameter.name, parameter.value)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "view") or self._may(request, "change")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "change" if obj is not None and obj.pk else "add")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def _may(self, request: HttpRequest, action: str) -> bool:
        whole = self.parent_model._meta
        return request.user.has_perm(f"{whole.app_label}.{action}_{whole.model_name}")
