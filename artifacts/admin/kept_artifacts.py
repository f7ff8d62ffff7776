"""Artifacts of all other kinds."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from artifacts.models import KeptArtifact

from .artifact import ArtifactAdmin


@admin.register(KeptArtifact)
class KeptArtifactAdmin(ArtifactAdmin):
    """They come by import, and their XML can be changed; there is nothing else to set."""

    facts = ()
    facts_shown = ("kind", "name")
    list_display = ("name", "kind")
    list_filter = ("kind",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
