"""Tokens: made here, shown once, revoked here."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import ForeignKey, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from artifacts.models import AccessToken


@admin.register(AccessToken)
class AccessTokenAdmin(admin.ModelAdmin):
    """
    A token speaks for its user, so only who may change users makes tokens for others, and sees theirs.

    Nothing but the name and the end of a token can be changed, and nothing brings it back once it is revoked.
    """

    list_display = ("name", "user", "start", "state_column", "created", "expires", "last_used", "last_address")
    list_filter = ("user", "revoked", "expires")
    list_select_related = ("user",)
    search_fields = ("name", "start", "user__username")
    fields = ("user", "name", "expires")
    facts = ("start", "state_column", "created", "revoked", "last_used", "last_address")
    actions = ("revoke",)

    @admin.display(description="state")
    def state_column(self, row: AccessToken) -> str:
        return row.state

    def get_fields(self, request: HttpRequest, obj: AccessToken | None = None) -> tuple[str, ...]:
        return self.fields if obj is None else (*self.fields, *self.facts)

    def get_readonly_fields(self, request: HttpRequest, obj: AccessToken | None = None) -> tuple[str, ...]:
        return () if obj is None else ("user", *self.facts)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessToken]:
        tokens = super().get_queryset(request)
        return tokens if _may_see_others(request) else tokens.filter(user=request.user.pk)

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "user" and field is not None:
            field.initial = request.user.pk
            if not _may_see_others(request):
                field.queryset = field.queryset.filter(pk=request.user.pk)
        return field

    def save_model(self, request: HttpRequest, obj: AccessToken, form: Any, change: bool) -> None:
        if not change:
            request.new_token = obj.make()
        super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: AccessToken, post_url_continue: str | None = None
    ) -> HttpResponse:
        # In this answer and nowhere else: a message for the next page would be stored.
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "New token",
            "row": obj,
            "token": request.new_token,
        }
        return TemplateResponse(request, "artifacts/new_token.html", context)

    @admin.action(description="Revoke", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[AccessToken]) -> None:
        now = timezone.now()
        revoked = [token for token in queryset if token.revoked is None]
        for token in revoked:
            token.revoke(now)
            self.log_change(request, token, "Revoked.")
        self.message_user(request, f"Revoked: {len(revoked)}", messages.SUCCESS)


def _may_see_others(request: HttpRequest) -> bool:
    return request.user.has_perm("auth.change_user")
