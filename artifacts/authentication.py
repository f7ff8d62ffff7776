"""Django's users, their logins and their tokens, for the engine."""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from http.cookies import CookieError
from importlib import import_module
from typing import Any, Final, TypeVar

from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    authenticate,
    get_user_model,
    load_backend,
)
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.db.models import Q
from django.http import parse_cookie
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from artifacts.models import AccessToken
from artifacts.models.tokens import digest_of
from mediation.errors import AuthenticationUnavailable
from mediation.identity import (
    BASIC,
    BEARER,
    CERTIFICATE,
    SESSION,
    CertifiedUser,
    Credential,
    Identity,
    Password,
    SessionCookie,
    Token,
)

logger = logging.getLogger(__name__)

USED_EVERY: Final = timedelta(minutes=1)
"""How exactly the last use of a token is known: a write for each connection would cost more than it tells."""

AT_ONCE: Final = 500
"""Users or tokens that one query asks for."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Proof:
    """What an identity stands on, for when it is asked about again."""

    user: Any
    password: str = ""
    """What Django makes of the user's password to end logins when it changes."""
    session: str = ""
    token: int | None = None


class DjangoAuthenticator:
    """
    Asks ``AUTHENTICATION_BACKENDS``, the session store and the tokens of the admin.

    Connections to the database are the calling thread's own, and are treated as Django treats those of a request.
    """

    def identify(self, credential: Credential) -> Identity | None:
        return _asking(lambda: _identify(credential))

    def renew(self, identities: Collection[Identity]) -> Mapping[Identity, Identity | None]:
        return _asking(lambda: _renew(identities))


def _asking(question: Callable[[], _T]) -> _T:
    """
    Raises:
        AuthenticationUnavailable: the database is out of reach.
    """
    try:
        close_old_connections()
        try:
            return question()
        finally:
            close_old_connections()
    except (DatabaseError, InterfaceError) as exc:
        connection.close()
        raise AuthenticationUnavailable(f"the database does not answer: {type(exc).__name__}") from exc


# -- who somebody is


def _identify(credential: Credential) -> Identity | None:
    match credential:
        case Password(user=name, password=password):
            # Takes as long for a user that there is not, and refuses one that is not active.
            user = authenticate(None, username=name, password=password)
            return None if user is None else _identity(user, BASIC, password=_stamp(user))
        case SessionCookie(cookies=cookies):
            return _by_session(cookies)
        case Token(token=token, address=address):
            return _by_token(token, address)
        case CertifiedUser(user=name):
            users = get_user_model()._default_manager
            user = users.filter(**{get_user_model().USERNAME_FIELD: name}).first()
            return _identity(user, CERTIFICATE) if user is not None and user.is_active else None


def _by_session(cookies: str) -> Identity | None:
    try:
        key = parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return None
    if not key:
        return None
    session = _session(key)
    try:
        backend = session[BACKEND_SESSION_KEY]
        primary_key = get_user_model()._meta.pk.to_python(session[SESSION_KEY])
    except KeyError:
        return None  # nobody has logged in
    user = load_backend(backend).get_user(primary_key) if backend in settings.AUTHENTICATION_BACKENDS else None
    # A login ends when the user's password changes.
    if user is None or not constant_time_compare(session.get(HASH_SESSION_KEY) or "", _stamp(user)):
        return None
    return _identity(user, SESSION, password=_stamp(user), session=key)


def _by_token(token: str, address: str) -> Identity | None:
    found = AccessToken.objects.valid().select_related("user").filter(digest=digest_of(token)).first()
    if found is None or not found.user.is_active:
        return None
    _note_use(found, address)
    expires = None if found.expires is None else found.expires.timestamp()
    return replace(_identity(found.user, BEARER, token=found.pk), expires=expires)


def _note_use(token: AccessToken, address: str) -> None:
    now = timezone.now()
    try:
        # Only if nobody else has: in an update, not a save, which could undo a revocation.
        AccessToken.objects.filter(Q(last_used=None) | Q(last_used__lt=now - USED_EVERY), pk=token.pk).update(
            last_used=now, last_address=address[:64]
        )
    except DatabaseError as exc:
        logger.warning("the use of the token %s cannot be noted: %s", token, exc)


# -- whether it still is


def _renew(identities: Iterable[Identity]) -> dict[Identity, Identity | None]:
    known = [identity for identity in identities if isinstance(identity.proof, _Proof)]
    users = _in_bulk(get_user_model()._default_manager.prefetch_related("groups"), {each.proof.user for each in known})
    tokens = _in_bulk(AccessToken.objects.valid(), {each.proof.token for each in known} - {None})
    return {identity: _renewed(identity, users.get(identity.proof.user), tokens) for identity in known}


def _renewed(identity: Identity, user: Any, tokens: Mapping[int, AccessToken]) -> Identity | None:
    proof = identity.proof
    if user is None or not user.is_active:
        return None
    if proof.password and not constant_time_compare(proof.password, _stamp(user)):
        return None
    if proof.session and str(_session(proof.session).get(SESSION_KEY)) != str(user.pk):
        return None
    if proof.token is not None and proof.token not in tokens:
        return None
    token = tokens.get(proof.token)
    expires = token.expires.timestamp() if token is not None and token.expires is not None else None
    return replace(identity, user=user.get_username(), groups=_groups(user), expires=expires)


def _in_bulk(rows: Any, keys: Collection[Any]) -> dict[Any, Any]:
    wanted, found = list(keys), {}
    for start in range(0, len(wanted), AT_ONCE):
        found |= rows.in_bulk(wanted[start : start + AT_ONCE])
    return found


# -- parts


def _identity(user: Any, scheme: str, **proof: Any) -> Identity:
    return Identity(user.get_username(), scheme, _groups(user), proof=_Proof(user.pk, **proof))


def _groups(user: Any) -> frozenset[str]:
    return frozenset(group.name for group in user.groups.all())


def _stamp(user: Any) -> str:
    return user.get_session_auth_hash()


def _session(key: str) -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore(key)
