"""JSON Web Tokens: which count, and where their keys come from."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from contextlib import asynccontextmanager

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mediation.access import JwtRules
from mediation.authentication import Patrol, json_web_tokens
from mediation.authentication.json_web_tokens import JsonWebTokens
from mediation.errors import AuthenticationUnavailable, ConnectionFailed
from mediation.secret_reference import SecretReference
from mediation.transports.http import HTTP

from .support import EC, OTHER_RSA, RSA, SECRET, bearer, door, key_set, public_jwk, signed


class KeyServer:
    """Key sets on the web."""

    def __init__(self, **keys):
        self.document = key_set(**keys)
        self.asked = 0
        self.down = False

    async def fetch(self, url, limit, timeout):
        self.asked += 1
        if self.down:
            raise ConnectionFailed(url, "Connection refused")
        return self.document.encode()


RULES = JwtRules(key_set="https://id.example/keys", issuer="https://id.example", audience=frozenset({"esb", "chat"}))
GOOD = {"iss": "https://id.example", "aud": "esb", "kid": "one"}


@pytest.fixture
def secret(monkeypatch):
    monkeypatch.setenv("JWT_SECRET", SECRET)
    return JwtRules(secret=SecretReference("SYSTEM", "JWT_SECRET"))


@pytest.fixture
def keys():
    return KeyServer(one=RSA, two=EC)


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 1000.0

        def monotonic(self):
            return self.now

        time = staticmethod(time.time)

    clock = Clock()
    monkeypatch.setattr(json_web_tokens, "time", clock)
    return clock


async def who(token, rules=RULES, keys=None):
    identity = await JsonWebTokens((keys or KeyServer(one=RSA, two=EC)).fetch).identify(token, rules)
    return identity and identity.user


async def test_a_token_of_the_issuer_counts():
    identity = await JsonWebTokens(KeyServer(one=RSA).fetch).identify(
        signed(**GOOD, groups=["a", "b c", 7], jti="x"), RULES
    )

    assert (identity.user, identity.groups) == ("carol", {"a", "b c"})
    assert json.loads(identity.claims)["jti"] == "x"
    assert identity.expires == pytest.approx(time.time() + 90, abs=5)


async def test_keys_of_other_kinds_count_too(keys):
    assert await who(signed(EC, "ES256", **GOOD | {"kid": "two"}), keys=keys) == "carol"


def forged(header, **claims):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part(header)}.{part({'sub': 'carol', 'exp': time.time() + 60, **GOOD} | claims)}."


def confused():
    """Signed with the public key as if that were a secret."""
    pem = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    unsigned = forged({"alg": "HS256", "kid": "one"})[:-1]
    signature = hmac.new(pem, unsigned.encode(), hashlib.sha256).digest()
    return f"{unsigned}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def later(seconds):
    return int(time.time()) + seconds


BAD = {
    "expired": lambda: signed(**GOOD, exp=later(-60)),
    "without an end": lambda: signed(**GOOD, exp=None),
    "not valid yet": lambda: signed(**GOOD, nbf=later(3600)),
    "another issuer": lambda: signed(**GOOD | {"iss": "https://evil.example"}),
    "no issuer": lambda: signed(**GOOD | {"iss": None}),
    "for somebody else": lambda: signed(**GOOD | {"aud": "shop"}),
    "for nobody": lambda: signed(**GOOD | {"aud": None}),
    "a foreign key": lambda: signed(OTHER_RSA, **GOOD),
    "a key that is not there": lambda: signed(**GOOD | {"kid": "three"}),
    "another key's name": lambda: signed(**GOOD | {"kid": "two"}),
    "alg none": lambda: forged({"alg": "none", "kid": "one"}),
    "alg None": lambda: forged({"alg": "None", "kid": "one"}),
    "no alg": lambda: forged({"kid": "one"}),
    "alg is a list": lambda: forged({"alg": ["RS256"], "kid": "one"}),
    "a public key as secret": confused,
    "an algorithm that is not wanted": lambda: signed(RSA, "PS256", **GOOD),
    "no user": lambda: signed(**GOOD | {"sub": ""}),
    "a user that is no text": lambda: forged({"alg": "RS256", "kid": "one"}, sub=7),
    "cut off": lambda: signed(**GOOD)[:-8],
    "changed": lambda: signed(**GOOD).replace(".", ".e30", 1),
    "an extension that is critical": lambda: jwt.encode(
        {"sub": "carol", "exp": later(60), "iss": GOOD["iss"], "aud": "esb"},
        RSA,
        "RS256",
        headers={"kid": "one", "crit": ["x"], "x": 1},
    ),
    "nothing": lambda: "..",
    "deep": lambda: base64.urlsafe_b64encode(b"[" * 12_000).decode() + ".e30.e30",
}


@pytest.mark.parametrize("token", BAD.values(), ids=BAD)
async def test_other_tokens_do_not_count(token, keys):
    assert await who(token(), keys=keys) is None


async def test_a_token_need_not_name_its_key_where_there_is_but_one():
    nameless = signed(**GOOD | {"kid": None})
    assert await who(nameless, keys=KeyServer(one=RSA, two=EC)) == "carol"
    assert await who(nameless, keys=KeyServer(one=RSA, two=OTHER_RSA)) is None


async def test_an_audience_is_not_looked_away_from():
    """RFC 7519 4.1.3: who is not named in a token's audience MUST reject it."""
    anybody = JwtRules(key_set="https://id.example/keys")
    assert await who(signed(kid="one"), anybody) == "carol"
    assert await who(signed(kid="one", aud="shop"), anybody) is None


async def test_clocks_may_differ_by_the_leeway():
    assert await who(signed(**GOOD, exp=later(-20))) == "carol"
    assert await who(signed(**GOOD, exp=later(-20)), JwtRules(key_set=RULES.key_set, leeway=0)) is None


async def test_other_claims_can_name_user_and_groups():
    rules = JwtRules(key_set="https://id.example", user_claim="email", groups_claim="scope")
    token = signed(kid="one", email="c@example.org", scope="chat:read chat:write")
    identity = await JsonWebTokens(KeyServer(one=RSA).fetch).identify(token, rules)
    assert (identity.user, identity.groups) == ("c@example.org", {"chat:read", "chat:write"})


async def test_a_shared_secret(secret):
    assert await who(signed(SECRET, "HS256"), secret) == "carol"
    assert await who(signed(SECRET + "!", "HS256"), secret) is None
    assert await who(signed(RSA, "RS256"), secret) is None


async def test_a_secret_that_is_too_short_lets_nobody_in(monkeypatch):
    monkeypatch.setenv("SHORT", "secret")
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = signed("secret", "HS256")
    assert await who(token, JwtRules(secret=SecretReference("SYSTEM", "SHORT"))) is None


async def test_a_secret_that_is_not_there_lets_nobody_in(caplog):
    with pytest.raises(AuthenticationUnavailable):
        await who(signed(SECRET, "HS256"), JwtRules(secret=SecretReference("SYSTEM", "NOT_SET")))
    assert "$SYSTEM:NOT_SET" in caplog.text


async def test_keys_in_a_file(tmp_path):
    path = tmp_path / "keys.json"
    path.write_text(key_set(one=RSA))
    assert await who(signed(kid="one"), JwtRules(key_set=str(path))) == "carol"


async def test_shared_secrets_and_encryption_keys_of_a_document_are_no_keys():
    keys = KeyServer()
    secret = base64.urlsafe_b64encode(SECRET.encode()).rstrip(b"=").decode()
    encryption = public_jwk(RSA) | {"kid": "two", "use": "enc"}
    keys.document = json.dumps({"keys": [{"kty": "oct", "k": secret, "kid": "one"}, encryption, "junk", 7]})

    assert await who(signed(SECRET, "HS256", kid="one"), JwtRules(key_set="https://x"), keys) is None
    assert await who(signed(kid="two"), JwtRules(key_set="https://x"), keys) is None


async def test_keys_are_looked_up_once_and_again_when_they_have_grown_old(keys, clock):
    tokens = JsonWebTokens(keys.fetch)
    for _ in range(10):
        assert await tokens.identify(signed(**GOOD), RULES)
    assert keys.asked == 1
    clock.now += 301
    assert await tokens.identify(signed(**GOOD), RULES)
    assert keys.asked == 2


async def test_a_new_key_is_found_at_once_and_garbage_does_not_ask_for_keys_all_the_time(keys, clock):
    tokens = JsonWebTokens(keys.fetch)
    assert await tokens.identify(signed(**GOOD), RULES)
    clock.now += 11
    keys.document = key_set(new=OTHER_RSA)
    assert await tokens.identify(signed(OTHER_RSA, **GOOD | {"kid": "new"}), RULES)
    assert await tokens.identify(signed(**GOOD), RULES) is None, "the old key was withdrawn"
    for number in range(50):
        await tokens.identify(signed(**GOOD | {"kid": str(number)}), RULES)
    assert keys.asked == 2


async def test_keys_count_for_an_hour_when_their_place_is_down(keys, clock, caplog):
    tokens = JsonWebTokens(keys.fetch)
    assert await tokens.identify(signed(**GOOD), RULES)
    keys.down = True
    clock.now += 3599
    assert await tokens.identify(signed(**GOOD), RULES)
    assert "the key set https://id.example/keys cannot be read" in caplog.text
    clock.now += 20
    with pytest.raises(AuthenticationUnavailable):
        await tokens.identify(signed(**GOOD), RULES)


@pytest.mark.parametrize("document", ["", "[]", '{"keys": 7}', json.dumps({"keys": [{}] * 101}), "[" * 100_000])
async def test_what_is_no_key_set_lets_nobody_in(keys, document):
    keys.document = document
    with pytest.raises(AuthenticationUnavailable):
        await who(signed(**GOOD), keys=keys)


async def test_who_waits_for_keys_waits_for_one_answer(keys):
    tokens = JsonWebTokens(keys.fetch)
    await asyncio.gather(*(tokens.identify(signed(**GOOD), RULES) for _ in range(20)))
    assert keys.asked == 1


# -- in handshakes


@asynccontextmanager
async def key_server(document):
    """A server with a document at ``/keys``; yields its address."""

    async def keys(request):
        return web.Response(text=document)

    async def moved(request):
        return web.Response(status=302, headers={"Location": "/keys"})

    app = web.Application()
    app.router.add_get("/keys", keys)
    app.router.add_get("/moved", moved)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await HTTP.aclose()
        await runner.cleanup()


async def test_a_client_with_a_token_whose_keys_are_on_the_web():
    async with (
        key_server(key_set(one=RSA)) as url,
        door("bearer", jwt=JwtRules(key_set=f"{url}/keys")) as open_door,
    ):
        user, groups, scheme, claims = (await open_door.told(bearer(signed(kid="one", groups="a,b")))).split("|")
        assert (user, groups, scheme, json.loads(claims)["sub"]) == ("carol", "a,b", "bearer", "carol")
        assert await open_door.status(bearer(signed(OTHER_RSA, kid="one"))) == 401
        assert (await open_door.told(bearer("token-bob"))).startswith("bob|"), "opaque tokens count beside"


@pytest.mark.parametrize("path", ["/moved", "/none"])
async def test_keys_are_taken_from_nowhere_else(path):
    async with key_server(key_set(one=RSA)) as url, door("bearer", jwt=JwtRules(key_set=url + path)) as open_door:
        assert await open_door.status(bearer(signed(kid="one"))) == 503


async def test_a_document_that_is_too_large_is_not_read():
    document = " " * 300_000 + key_set(one=RSA)
    async with key_server(document) as url, door("bearer", jwt=JwtRules(key_set=f"{url}/keys")) as open_door:
        assert await open_door.status(bearer(signed(kid="one"))) == 503


async def test_a_connection_ends_with_its_token():
    document = key_set(one=RSA)
    async with (
        key_server(document) as url,
        door("bearer", jwt=JwtRules(key_set=f"{url}/keys", leeway=0)) as open_door,
        open_door.client(additional_headers=bearer(signed(kid="one", exp=time.time() + 1.5))) as client,
    ):
        patrol = asyncio.create_task(Patrol(open_door.runtime, 0.1).run())
        await client.send("still there?")
        assert (await client.recv()).startswith("carol|")
        await asyncio.wait_for(client.wait_closed(), 5)
        assert client.close_code == 1008
        patrol.cancel()


async def test_without_keys_no_jwt_counts():
    async with door("bearer") as open_door:
        assert await open_door.status(bearer(signed())) == 401
        assert open_door.people.questions == []
