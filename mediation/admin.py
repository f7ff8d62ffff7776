"""What serving processes tell of themselves, to look at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from mediation.models import PortStatus, ServingProcess


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that processes write; people only read them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ServingProcess)
class ServingProcessAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "state", "generation", "started", "heartbeat")
    list_filter = ("state",)


@admin.register(PortStatus)
class PortStatusAdmin(ReadOnlyAdmin):
    list_display = ("port", "protocol", "artifact", "process", "state", "connections", "reason")
    list_filter = ("state", "protocol")
    list_select_related = ("process",)
    search_fields = ("artifact", "reason")
