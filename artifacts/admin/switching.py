"""Suspend and activate, for kinds whose XML can say that they shall not serve."""

import dataclasses
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.urls import path

from artifacts.models import Artifact, State
from artifacts.store import RUNNING, save_artifact
from artifacts.synapse_xml import read_facts, revised
from mediation.payloads.xml import parse_xml

from .references import change_url


class SwitchingMixin:
    """
    Actions for the list, and buttons for the page of one artifact.

    Attributes:
        switch: the fact that says it, and its value when the artifact is suspended.
    """

    switch: tuple[str, bool]
    actions = ("suspend", "activate")

    @admin.action(description="Suspend", permissions=["change"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._switch_rows(request, queryset, suspend=True)

    @admin.action(description="Activate", permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._switch_rows(request, queryset, suspend=False)

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/suspend/", view(self.suspend_view), name=f"{name}_suspend"),
            path("<int:pk>/activate/", view(self.activate_view), name=f"{name}_activate"),
            *super().get_urls(),
        ]

    def suspend_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._switch_one(request, pk, suspend=True)

    def activate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._switch_one(request, pk, suspend=False)

    def _switch_one(self, request: HttpRequest, pk: int, *, suspend: bool) -> HttpResponse:
        row = get_object_or_404(self.model, pk=pk)
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self._switch_rows(request, [row], suspend=suspend)
        return redirect(change_url(row))

    def _switch_rows(self, request: HttpRequest, rows: Any, *, suspend: bool) -> None:
        word = "suspended" if suspend else "activated"
        names = []
        for row in rows:
            saved = self._switched(request, row, suspend=suspend)
            if saved.state in RUNNING:
                names.append(saved.name)
            else:
                text = f"Not {word} yet: {saved}, because it is {State(saved.state).label}: {saved.reason}"
                self.message_user(request, text, messages.WARNING)
        if names:
            self.message_user(request, f"{word.capitalize()}: {', '.join(names)}", messages.SUCCESS)

    def _switched(self, request: HttpRequest, row: Artifact, *, suspend: bool) -> Artifact:
        fact, when_suspended = self.switch
        facts = read_facts(parse_xml(row.xml))
        wanted = dataclasses.replace(facts, **{fact: when_suspended if suspend else not when_suspended})
        reason = "suspended" if suspend else "activated"
        saved = save_artifact(revised(row.xml, wanted), row=row, user=request.user, reason=reason)
        if saved.outcome != "unchanged":
            self.log_change(request, saved.row, f"{reason.capitalize()}.")
        return saved.row
