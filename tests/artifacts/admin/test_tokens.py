"""Tokens in the admin: made for oneself, shown once, revoked."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User

from artifacts.authentication import DjangoAuthenticator
from artifacts.models import AccessToken
from mediation.identity import Token

from .conftest import staff

LIST = "/admin/artifacts/accesstoken/"


@pytest.fixture
def owner(db):
    return staff("owner", "view", "add", "change")


def user(name):
    return User.objects.get(username=name)


def new_token(client, username, **values):
    response = client.post(f"{LIST}add/", {"user": user(username).pk, "name": "for the bridge"} | values)
    found = re.search(r'id="new-token">(\S+)</pre>', response.content.decode())
    return response, found and found[1]


def test_a_new_token_is_shown_once(owner, monkeypatch):
    monkeypatch.setattr("artifacts.authentication.close_old_connections", lambda: None)
    response, token = new_token(owner, "owner")

    assert "no-store" in response["Cache-Control"]
    assert DjangoAuthenticator().identify(Token(token)).user == "owner"
    row = AccessToken.objects.get()
    for url in (LIST, f"{LIST}{row.pk}/change/", f"{LIST}{row.pk}/history/", f"{LIST}{row.pk}/delete/"):
        assert token[12:] not in owner.get(url).content.decode()
    assert not any(token[12:] in f"{entry.change_message}{entry.object_repr}" for entry in LogEntry.objects.all())


def test_nobody_makes_tokens_for_others(owner):
    User.objects.create_superuser("boss")
    response, token = new_token(owner, "boss")

    assert token is None
    assert "user" in response.context["adminform"].form.errors
    assert not AccessToken.objects.exists()


def test_nobody_sees_tokens_of_others(owner, admin_client):
    new_token(admin_client, "admin")
    row = AccessToken.objects.get()

    assert "for the bridge" not in owner.get(LIST).content.decode()
    assert owner.get(f"{LIST}{row.pk}/change/").status_code == 302
    owner.post(LIST, {"action": "revoke", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.revoked is None


def test_who_may_change_users_makes_tokens_for_them(owner):
    user("owner").user_permissions.add(Permission.objects.get(codename="change_user"))
    User.objects.create_user("robot")

    _, token = new_token(owner, "robot")

    assert token is not None


def test_a_revoked_token_stays_revoked(owner):
    new_token(owner, "owner")
    row = AccessToken.objects.get()
    owner.post(LIST, {"action": "revoke", "_selected_action": [row.pk]})
    row.refresh_from_db()
    revoked = row.revoked
    assert row.state == "revoked"

    owner.post(f"{LIST}{row.pk}/change/", {"name": "other", "revoked": "", "user": 1, "digest": "0" * 64})

    changed = AccessToken.objects.get()
    assert (changed.name, changed.revoked, changed.digest) == ("other", revoked, row.digest)


def test_tokens_take_permissions(viewer, stranger, client):
    assert viewer.get(LIST).status_code == 200
    assert viewer.post(f"{LIST}add/", {}).status_code == 403
    assert stranger.get(LIST).status_code == 403
    assert client.get(LIST).status_code == 302
