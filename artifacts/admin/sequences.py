"""Sequences."""

from django.contrib import admin

from artifacts.models import Sequence

from .artifact import ArtifactAdmin


@admin.register(Sequence)
class SequenceAdmin(ArtifactAdmin):
    facts = ("name", "on_error")
    list_display = ("name", "on_error")
