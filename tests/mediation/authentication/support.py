"""A gate to try: users that are made up, tokens signed with keys of the tests."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any

import jwt
import websockets
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mediation.access import AccessRules
from mediation.errors import AuthenticationUnavailable
from mediation.identity import CertifiedUser, Credential, Identity, Password, SessionCookie, Token
from mediation.listeners.websocket import open_websocket_port
from mediation.options import Options
from mediation.runtime import Runtime
from tests.mediation.support import DictEnvironment, inbound

PROPERTIES = ("websocket.user", "websocket.user.groups", "websocket.auth.scheme", "websocket.auth.claims")

TELL = """<filter xpath="not(get-property('source.handshake.present') = 'true')"><then>
    <payloadFactory media-type="text"><format>$1</format><args><arg expression="fn:concat({})"/></args></payloadFactory>
    <respond/></then></filter>""".format(",'|',".join(f"get-property('{name}')" for name in PROPERTIES))
"""Answers with what the message says of its client."""

RSA, OTHER_RSA = (rsa.generate_private_key(65537, 2048) for _ in range(2))
EC = ec.generate_private_key(ec.SECP256R1())
SECRET = "a shared secret of enough bytes, that is 32 or more"


class People:
    """An authenticator of made-up people."""

    def __init__(self) -> None:
        self.groups: dict[str, set[str]] = {"alice": {"chat users", "ops"}, "bob": set()}
        self.questions: list[Credential] = []
        self.down = False
        self.answering = threading.Event()
        self.answering.set()

    def identify(self, credential: Credential) -> Identity | None:
        self.questions.append(credential)
        assert self.answering.wait(10)
        if self.down:
            raise AuthenticationUnavailable("no database")
        match credential:
            case Password(user=user, password="right") | CertifiedUser(user=user):
                pass
            case SessionCookie(cookies=text) | Token(token=text):
                user = text.removeprefix("session=").removeprefix("token-")
            case _:
                return None
        if user not in self.groups:
            return None
        return Identity(user, credential.scheme, frozenset(self.groups[user]), proof=user)

    def renew(self, identities: Collection[Identity]) -> Mapping[Identity, Identity | None]:
        if self.down:
            raise AuthenticationUnavailable("no database")
        return {
            each: Identity(each.user, each.scheme, frozenset(self.groups[each.user]), proof=each.proof)
            if each.user in self.groups
            else None
            for each in identities
        }


class Door:
    """An inbound endpoint that asks, open on a port."""

    def __init__(self, access: AccessRules, options: Options | None = None, **settings: Any) -> None:
        self.people = People()
        self.environment = DictEnvironment(main=TELL, fault="<drop/>")
        self.runtime = Runtime(self.environment, options, self.people)
        self.rules(access, **settings)
        self.port = 0

    def rules(self, access: AccessRules, **settings: Any) -> None:
        self.environment._artifacts["inboundEndpoint", "test"] = inbound(access=access, **settings)

    def client(self, **options: Any) -> websockets.connect:
        return websockets.connect(f"ws://127.0.0.1:{self.port}/", compression=None, **options)

    async def told(self, headers: Mapping[str, str], **options: Any) -> str:
        """What messages of a client say of it."""
        async with self.client(additional_headers=headers, **options) as client:
            await client.send("who am I?")
            return str(await client.recv())

    async def status(self, headers: Mapping[str, str], **options: Any) -> int:
        return (await self.refusal(headers, **options)).status_code

    async def refusal(self, headers: Mapping[str, str], **options: Any) -> Any:
        try:
            async with self.client(additional_headers=headers, **options):
                raise AssertionError("it was let in")
        except websockets.InvalidStatus as exc:
            return exc.response


@asynccontextmanager
async def door(schemes: str = "basic", options: Options | None = None, **rules: Any) -> AsyncIterator[Door]:
    opened = Door(AccessRules(schemes=tuple(schemes.split()), **rules), options)
    listener = await open_websocket_port("test", 0, opened.runtime)
    opened.port = listener.port
    try:
        yield opened
    finally:
        opened.people.answering.set()
        await listener.close(timeout=1)
        opened.runtime.gate.close()


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def cookie(user: str) -> dict[str, str]:
    return {"Cookie": f"session={user}"}


def signed(key: Any = RSA, algorithm: str = "RS256", kid: str | None = None, **claims: Any) -> str:
    values = {"sub": "carol", "exp": int(time.time()) + 60} | claims
    headers = None if kid is None else {"kid": kid}
    payload = {name: value for name, value in values.items() if value is not None}
    return jwt.encode(payload, key, algorithm, headers=headers)


def key_set(**keys: Any) -> str:
    """The public halves of these keys as a JWK Set."""
    return json.dumps({"keys": [public_jwk(key) | {"kid": name} for name, key in keys.items()]})


def public_jwk(key: Any) -> dict[str, Any]:
    algorithm = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    return dict(algorithm.to_jwk(key.public_key(), as_dict=True))
