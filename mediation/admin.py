"""What serving processes tell of themselves, to look at."""

from __future__ import annotations

import json
from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from mediation.models import DeadLetter, EndpointStatus, PortStatus, ScheduledJob, ServingProcess, StoredMessage

SHOWN_BYTES: Final = 10_000
"""Of the body of a stored message."""


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that processes write; people only read them."""

    class Media:
        css = {"all": ["mediation/admin.css"]}

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


@admin.register(EndpointStatus)
class EndpointStatusAdmin(ReadOnlyAdmin):
    list_display = ("artifact", "endpoint", "address", "process", "state", "retry_at")
    list_filter = ("state",)
    list_select_related = ("process",)
    search_fields = ("artifact", "endpoint", "address")


@admin.register(ScheduledJob)
class ScheduledJobAdmin(ReadOnlyAdmin):
    """Tasks, message processors and polling inbound endpoints at work; the actions reach the process that has each."""

    list_display = ("name", "kind", "is_active", "process", "runs", "failures", "last_run", "reason")
    list_display_links = None
    list_filter = ("kind", "active")
    search_fields = ("name", "reason")
    actions = ("activate", "deactivate")

    @admin.display(description="state", ordering="active")
    def is_active(self, row: ScheduledJob) -> str:
        return "active" if row.active else "deactivated"

    def has_switch_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("mediation.change_scheduledjob"))  # type: ignore[union-attr]

    @admin.action(description="Activate", permissions=["switch"])
    def activate(self, request: HttpRequest, jobs: QuerySet[ScheduledJob]) -> None:
        jobs.update(active=True, reason="")
        self.message_user(request, "They go on within a second.", messages.SUCCESS)

    @admin.action(description="Deactivate", permissions=["switch"])
    def deactivate(self, request: HttpRequest, jobs: QuerySet[ScheduledJob]) -> None:
        jobs.update(active=False, reason=f"deactivated by {request.user}")
        self.message_user(request, "They stop within a second, after the message in hand.", messages.SUCCESS)


@admin.register(StoredMessage)
class StoredMessageAdmin(ReadOnlyAdmin):
    """Messages that wait in durable stores, oldest first."""

    list_display = ("message_id", "store", "stored", "attempts", "error")
    list_filter = ("store",)
    search_fields = ("message_id", "error")
    fields = ("store", "message_id", "stored", "attempts", "error", "addresses", "properties", "content")
    readonly_fields = ("addresses", "properties", "content")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[StoredMessage]:
        return super().get_queryset(request).filter(dead=False).order_by("pk")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # What a store has accepted is delivered, or thrown away by somebody who may.
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    def addresses(self, row: StoredMessage) -> str:
        return self._shown(row, "addresses")

    def properties(self, row: StoredMessage) -> str:
        return self._shown(row, "scopes")

    def _shown(self, row: StoredMessage, part: str) -> str:
        return json.dumps(json.loads(row.head).get(part), indent=2, ensure_ascii=False)

    def content(self, row: StoredMessage) -> str:
        """Text; the admin escapes it."""
        body = bytes(row.body[:SHOWN_BYTES])
        more = " ..." if len(row.body) > SHOWN_BYTES else ""
        return body.decode("utf-8", "backslashreplace") + more


@admin.register(DeadLetter)
class DeadLetterAdmin(StoredMessageAdmin):
    """Messages that were given up, until somebody puts them back or throws them away."""

    actions = ("put_back",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[StoredMessage]:
        return admin.ModelAdmin.get_queryset(self, request).filter(dead=True).order_by("pk")

    def has_put_back_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("mediation.change_deadletter"))  # type: ignore[union-attr]

    @admin.action(description="Put back into the store", permissions=["put_back"])
    def put_back(self, request: HttpRequest, letters: QuerySet[StoredMessage]) -> None:
        number = letters.update(dead=False, attempts=0, begun=False, error="")
        self.message_user(request, f"Back in their stores, at their old places: {number}")
