"""Local entries."""

from typing import Any

from django.contrib import admin
from django.utils.text import Truncator

from artifacts.models import LocalEntry

from .artifact import ArtifactAdmin
from .secrets import mask_value, mask_xml


@admin.register(LocalEntry)
class LocalEntryAdmin(ArtifactAdmin):
    facts = ("name", "entry_kind", "value")
    list_display = ("name", "entry_kind", "value_column")
    list_filter = ("entry_kind",)

    def get_fieldsets(self, request: Any, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is not None and not self.has_change_permission(request, obj):
            return [(None, {"fields": ["name", "entry_kind", "value_column", "xml_as_text"]})]
        return fieldsets

    @admin.display(description="value")
    def value_column(self, row: LocalEntry) -> str:
        value = mask_xml(row.value) if row.entry_kind == LocalEntry.EntryKind.XML else mask_value(row.name, row.value)
        return Truncator(value).chars(80)
