"""Templates of sequences and endpoints."""

from django.contrib import admin

from artifacts.models import Template

from .artifact import ArtifactAdmin


@admin.register(Template)
class TemplateAdmin(ArtifactAdmin):
    facts = ("name", "on_error")
    facts_shown = ("template_kind", "parameters")
    list_display = ("name", "template_kind", "parameters")
    list_filter = ("template_kind",)
