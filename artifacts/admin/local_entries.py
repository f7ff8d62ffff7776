"""Local entries."""

from django.contrib import admin
from django.utils.text import Truncator

from artifacts.models import LocalEntry

from .artifact import ArtifactAdmin
from .secrets import mask_value, mask_xml


@admin.register(LocalEntry)
class LocalEntryAdmin(ArtifactAdmin):
    facts = ("name", "entry_kind", "value")
    masked = {"value": "value_column"}
    list_display = ("name", "entry_kind", "value_column")
    list_filter = ("entry_kind",)

    @admin.display(description="value")
    def value_column(self, row: LocalEntry) -> str:
        value = mask_xml(row.value) if row.entry_kind == LocalEntry.EntryKind.XML else mask_value(row.name, row.value)
        return Truncator(value).chars(80)
