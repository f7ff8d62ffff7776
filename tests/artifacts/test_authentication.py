"""Who Django's users are to the engine, and when they no longer are."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import Group, User
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from artifacts.authentication import DjangoAuthenticator
from artifacts.models import AccessToken
from mediation.errors import AuthenticationUnavailable
from mediation.identity import CertifiedUser, Password, SessionCookie, Token

DJANGO = DjangoAuthenticator()


@pytest.fixture(autouse=True)
def same_connection(db, settings, monkeypatch):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast
    # The test's transaction is in a connection that must not be closed.
    monkeypatch.setattr("artifacts.authentication.close_old_connections", lambda: None)


@pytest.fixture
def alice(db):
    user = User.objects.create_user("alice", password="correct")
    user.groups.add(Group.objects.create(name="chat users"), Group.objects.create(name="ops"))
    return user


def access_token(user, **values):
    row = AccessToken(user=user, name="test", **values)
    token = row.make()
    row.save()
    return row, token


def cookies_of(user):
    client = Client()
    client.force_login(user)
    return f"theme=dark; sessionid={client.cookies['sessionid'].value}"


def test_a_user_and_password(alice):
    identity = DJANGO.identify(Password("alice", "correct"))

    assert (identity.user, identity.scheme, identity.groups) == ("alice", "basic", {"chat users", "ops"})


@pytest.mark.parametrize("password", [Password("alice", "wrong"), Password("nobody", "correct"), Password("alice", "")])
def test_a_wrong_password_is_nobody(alice, password):
    assert DJANGO.identify(password) is None


def test_a_login(alice):
    identity = DJANGO.identify(SessionCookie(cookies_of(alice)))

    assert (identity.user, identity.scheme) == ("alice", "session")


def test_a_session_without_a_login_is_nobody(alice):
    session = import_module(django_settings.SESSION_ENGINE).SessionStore()
    session["basket"] = 3
    session.save()

    assert DJANGO.identify(SessionCookie(f"sessionid={session.session_key}")) is None


@pytest.mark.parametrize("cookies", ["", "sessionid=", "sessionid=unknown", "other=1", "sessionid=\x00", "=;=;;"])
def test_other_cookies_are_nobody(alice, cookies):
    assert DJANGO.identify(SessionCookie(cookies)) is None


def test_a_login_ends_with_the_password(alice):
    cookies = cookies_of(alice)
    alice.set_password("another")
    alice.save()

    assert DJANGO.identify(SessionCookie(cookies)) is None


def test_a_token(alice):
    row, token = access_token(alice)

    identity = DJANGO.identify(Token(token, "10.1.2.3"))

    assert (identity.user, identity.scheme, identity.expires) == ("alice", "bearer", None)
    row.refresh_from_db()
    assert row.last_address == "10.1.2.3"
    assert timezone.now() - row.last_used < timedelta(seconds=10)


def test_tokens_are_stored_as_hashes(alice):
    _, token = access_token(alice)

    (stored,) = AccessToken.objects.values_list(*[field.attname for field in AccessToken._meta.fields])
    assert token not in map(str, stored)
    assert not any(token[12:] in str(value) for value in stored)


def test_a_token_knows_its_end(alice):
    end = timezone.now() + timedelta(hours=1)
    _, token = access_token(alice, expires=end)

    assert DJANGO.identify(Token(token)).expires == pytest.approx(end.timestamp())


def test_tokens_that_do_not_count(alice):
    _, expired = access_token(alice, expires=timezone.now() - timedelta(seconds=1))
    row, revoked = access_token(alice)
    row.revoke()
    _, good = access_token(alice)

    assert [DJANGO.identify(Token(token)) for token in (expired, revoked, good[:-1], good + "x", "", "ü")] == [None] * 6


def test_a_certified_user_has_to_be_a_user(alice):
    assert DJANGO.identify(CertifiedUser("alice")).groups == {"chat users", "ops"}
    assert DJANGO.identify(CertifiedUser("bob")) is None


def everything(user):
    return [
        Password("alice", "correct"),
        SessionCookie(cookies_of(user)),
        Token(access_token(user)[1]),
        CertifiedUser("alice"),
    ]


def test_a_deactivated_user_is_nobody(alice):
    credentials = everything(alice)
    alice.is_active = False
    alice.save()

    assert [DJANGO.identify(credential) for credential in credentials] == [None] * 4


def test_a_deactivated_user_is_not_renewed(alice):
    identities = [DJANGO.identify(credential) for credential in everything(alice)]
    assert DJANGO.renew(identities) == {identity: identity for identity in identities}
    alice.is_active = False
    alice.save()

    assert DJANGO.renew(identities) == dict.fromkeys(identities)


def test_a_new_password_ends_what_the_old_one_began_and_nothing_else(alice):
    password, session, token, certificate = (DJANGO.identify(credential) for credential in everything(alice))
    alice.set_password("another")
    alice.save()

    renewed = DJANGO.renew([password, session, token, certificate])

    assert renewed == {password: None, session: None, token: token, certificate: certificate}


def test_what_has_ended_is_not_renewed(alice):
    row, token = access_token(alice)
    cookies = cookies_of(alice)
    by_token, by_session = DJANGO.identify(Token(token)), DJANGO.identify(SessionCookie(cookies))
    row.revoke()
    import_module(django_settings.SESSION_ENGINE).SessionStore(cookies.rpartition("=")[2]).delete()

    assert DJANGO.renew([by_token, by_session]) == {by_token: None, by_session: None}


def test_renewing_tells_of_new_groups(alice):
    identity = DJANGO.identify(CertifiedUser("alice"))
    alice.groups.remove(Group.objects.get(name="ops"))

    assert DJANGO.renew([identity])[identity].groups == {"chat users"}


def test_renewing_many_takes_few_queries(alice, django_assert_max_num_queries):
    identities = [DJANGO.identify(Token(access_token(alice)[1])) for _ in range(50)]

    with django_assert_max_num_queries(4):
        assert len(DJANGO.renew(identities)) == 50


@pytest.mark.parametrize("ask", [lambda: DJANGO.identify(Token("esb_x")), lambda: DJANGO.renew([])])
def test_a_database_that_is_down_is_no_answer(monkeypatch, ask):
    def broken(*args, **kwargs):
        raise OperationalError("the server closed the connection unexpectedly")

    monkeypatch.setattr("artifacts.authentication.close_old_connections", broken)
    monkeypatch.setattr(connection, "close", lambda: None)
    with pytest.raises(AuthenticationUnavailable):
        ask()


def test_a_use_that_cannot_be_noted_is_a_use(alice, monkeypatch, caplog):
    _, token = access_token(alice)
    monkeypatch.setattr("django.db.models.query.QuerySet.update", _read_only)

    assert DJANGO.identify(Token(token)).user == "alice"
    assert token not in caplog.text


def _read_only(*args, **kwargs):
    raise OperationalError("attempt to write a readonly database")
