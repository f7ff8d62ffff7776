"""Handshakes that are asked who they are: real ones, with clients that we did not write."""

import asyncio
import base64
import hashlib

import pytest
import websockets

from mediation.access import AccessRules
from mediation.authentication import Patrol
from mediation.authentication.credentials import Attempt
from mediation.headers import Headers
from mediation.identity import Identity
from mediation.options import Options
from mediation.transports.websocket import Rejection
from tests.mediation.support import until

from .support import basic, bearer, cookie, door

ORIGIN = {"Origin": "http://127.0.0.1:8000"}


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        (basic("alice", "right"), "alice|chat users,ops|basic|"),
        (bearer("token-bob"), "bob||bearer|"),
        (cookie("alice") | ORIGIN, "alice|chat users,ops|session|"),
        ({"Authorization": "bAsIc " + basic("bob", "right")["Authorization"][6:]}, "bob||basic|"),
    ],
    ids=["basic", "bearer", "session", "any case"],
)
async def test_messages_say_who_their_client_is(headers, told):
    async with door("basic bearer session") as open_door:
        assert await open_door.told(headers) == told


async def test_by_default_nobody_is_asked():
    async with door("") as open_door:
        assert await open_door.told({}) == "|||"
        assert await open_door.told(basic("alice", "wrong")) == "|||"
        assert open_door.people.questions == []


@pytest.mark.parametrize(
    "headers",
    [
        basic("alice", "wrong"),
        basic("nobody", "right"),
        bearer("token-nobody"),
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic " + base64.b64encode(b"no colon").decode()},
        {"Authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()},
        {"Authorization": "Basic " + base64.b64encode(b"alice:ri\0ght").decode()},
        {"Authorization": "Basic"},
        {"Authorization": "Bearer to ken"},
        {"Authorization": "Digest username=alice"},
        {},
        cookie("alice"),
    ],
)
async def test_whoever_does_not_prove_who_it_is_gets_401_before_the_101(headers):
    async with door("basic bearer") as open_door:
        response = await open_door.refusal(headers)

    assert response.status_code == 401
    challenges = response.headers.get_all("WWW-Authenticate")
    assert challenges[0] == 'Basic realm="test", charset="UTF-8"'
    assert challenges[1].startswith('Bearer realm="test"')


async def test_two_authorization_headers_are_none():
    headers = websockets.Headers([*basic("alice", "right").items(), *basic("bob", "right").items()])
    async with door() as open_door:
        assert await open_door.status(headers) == 401
        assert open_door.people.questions == []


async def test_a_scheme_that_was_not_asked_for_does_not_count():
    async with door("bearer") as open_door:
        assert await open_door.status(basic("alice", "right")) == 401
    async with door("session") as open_door:
        assert await open_door.status(bearer("token-alice") | ORIGIN) == 403


async def test_without_a_challenge_to_make_the_answer_is_403():
    async with door("session") as open_door:
        assert await open_door.status(cookie("nobody") | ORIGIN) == 403


async def test_who_is_in_none_of_the_groups_gets_403():
    async with door(groups=frozenset({"chat users", "admins"})) as open_door:
        assert (await open_door.told(basic("alice", "right"))).startswith("alice|")
        assert await open_door.status(basic("bob", "right")) == 403


@pytest.mark.parametrize("origin", [None, "http://evil.example", "null", "http://127.0.0.1.evil.example", "*"])
async def test_a_login_counts_only_for_pages_of_this_host(origin):
    async with door("session") as open_door:
        open_door.rules(AccessRules(schemes=("session",)), allowed_origins=("*",))
        assert await open_door.status(cookie("alice") | ({"Origin": origin} if origin else {})) == 403
        assert open_door.people.questions == []


async def test_a_login_counts_for_pages_that_are_named():
    async with door("session") as open_door:
        open_door.rules(AccessRules(schemes=("session",)), allowed_origins=("https://shop.example",))
        assert (await open_door.told(cookie("alice") | {"Origin": "https://shop.example"})).startswith("alice|")


async def test_what_browsers_send_along_does_not_count_for_any_page_and_tokens_do():
    async with door() as open_door:
        open_door.rules(AccessRules(schemes=("basic", "bearer")), allowed_origins=("*",))
        evil = {"Origin": "http://evil.example"}
        assert await open_door.status(basic("alice", "right") | evil) == 403
        assert (await open_door.told(bearer("token-alice") | evil)).startswith("alice|")


async def test_headers_of_a_client_never_say_who_it_is():
    said = {"websocket.user": "admin", "WebSocket.User": "admin", "websocket.auth.scheme": "x", "isInbound": "no"}
    async with door() as open_door:
        seen = []

        class Spy:
            def mediate(self, ctx):
                seen.append(ctx)
                return True

        open_door.environment._artifacts["sequence", "main"] = Spy()
        async with open_door.client(additional_headers=basic("bob", "right") | said):
            await until(lambda: seen)
    ctx = seen[0]
    for properties in (ctx.properties, ctx.axis2):
        assert properties["websocket.user"] == "bob"
        assert properties["isInbound"] is True
        assert "WebSocket.User" not in properties
    assert ctx.headers.get("Authorization") is None
    assert "Authorization" not in ctx.properties


async def test_a_known_credential_is_not_asked_for_again_until_the_trust_has_ended():
    async with door(options=Options(auth_trust_seconds=30)) as open_door:
        now = [0.0]
        open_door.runtime.gate.lookups._clock = lambda: now[0]
        for _ in range(5):
            await open_door.told(basic("alice", "right"))
        assert len(open_door.people.questions) == 1

        del open_door.people.groups["alice"]
        now[0] = 29.9
        assert (await open_door.told(basic("alice", "right"))).startswith("alice|")
        now[0] = 30.0
        assert await open_door.status(basic("alice", "right")) == 401


async def test_what_is_known_of_one_password_says_nothing_of_another():
    async with door() as open_door:
        await open_door.told(basic("alice", "right"))
        assert await open_door.status(basic("alice", "wrong")) == 401
        assert await open_door.status(basic("alice", "")) == 401


async def test_clients_with_one_credential_are_one_question():
    async with door() as open_door:
        open_door.people.answering.clear()
        clients = [asyncio.create_task(open_door.told(basic("alice", "right"))) for _ in range(20)]
        await until(lambda: open_door.people.questions and len(open_door.runtime.gate.lookups._asking) == 1)
        open_door.people.answering.set()
        assert {answer.partition("|")[0] for answer in await asyncio.gather(*clients)} == {"alice"}
        assert len(open_door.people.questions) == 1


async def test_others_go_on_while_a_password_is_checked():
    async with door("basic bearer") as open_door, open_door.client(additional_headers=bearer("token-alice")) as client:
        open_door.people.answering.clear()
        slow = asyncio.create_task(open_door.told(basic("bob", "right")))
        await until(lambda: len(open_door.people.questions) == 2)
        for _ in range(10):
            await client.send("still there?")
            assert (await asyncio.wait_for(client.recv(), 1)).startswith("alice|")
        assert not slow.done()
        open_door.people.answering.set()
        assert (await slow).startswith("bob|")


async def test_an_address_that_is_wrong_too_often_is_not_asked_any_more():
    async with door("basic bearer", Options(auth_failures_per_minute=3)) as open_door:
        known = await open_door.told(basic("alice", "right"))
        assert [await open_door.status(basic("alice", f"guess {n}")) for n in range(5)] == [401, 401, 401, 429, 429]
        assert len(open_door.people.questions) == 4
        refused = await open_door.refusal(basic("bob", "right"))
        assert (refused.status_code, int(refused.headers["Retry-After"]) in range(1, 61)) == (429, True)

        assert await open_door.told(basic("alice", "right")) == known
        assert (await open_door.told(bearer("token-bob"))).startswith("bob|")


async def test_guesses_at_the_same_time_are_no_more_guesses():
    async with door(options=Options(auth_failures_per_minute=3)) as open_door:
        statuses = await asyncio.gather(*(open_door.status(basic("alice", f"guess {n}")) for n in range(30)))
        # Those that were being checked when the last one failed are as many as there are threads.
        assert len(open_door.people.questions) <= 5
        assert statuses.count(429) >= 25


async def test_nobody_is_let_in_when_nobody_can_say_who_it_is():
    async with door("basic bearer session") as open_door:
        open_door.people.down = True
        for headers in (basic("alice", "right"), bearer("token-alice"), cookie("alice") | ORIGIN):
            assert await open_door.status(headers) == 503
        open_door.people.down = False
        assert (await open_door.told(basic("alice", "right"))).startswith("alice|")


async def test_without_an_authenticator_nobody_is_let_in():
    async with door() as open_door:
        open_door.runtime.gate.lookups._authenticator = None
        assert await open_door.status(basic("alice", "right")) == 503


async def test_a_client_that_goes_away_meanwhile_leaves_nothing():
    async with door() as open_door:
        open_door.people.answering.clear()
        waiting = asyncio.create_task(open_door.told(basic("alice", "right")))
        await until(lambda: open_door.people.questions)
        waiting.cancel()
        open_door.people.answering.set()
        await until(lambda: not open_door.runtime.gate.lookups._asking)
        assert not open_door.runtime.sessions


# -- certificates: what TLS has verified, as Python gives it

CERTIFICATE = {
    "subject": ((("organizationName", "Example"),), (("commonName", "alice"),)),
    "subjectAltName": (("DNS", "bob"), ("email", "alice"), ("DNS", "other"), ("URI", "spiffe://x/alice")),
}
DER = b"the certificate, whole"


async def admitted(rules, certificate=CERTIFICATE):
    async with door() as open_door:
        attempt = Attempt("test", "inboundendpoint:test", Headers(), "127.0.0.1", certificate, DER)
        return await open_door.runtime.gate.admit(attempt, AccessRules(schemes=("certificate",), **rules), None)


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"certificate_field": "email"},
        {"certificate_users": ((hashlib.sha256(DER).hexdigest(), "alice"),)},
    ],
    ids=["common name", "e-mail", "fingerprint"],
)
async def test_a_certificate_names_a_user(rules):
    assert await admitted(rules) == Identity("alice", "certificate", frozenset({"chat users", "ops"}), proof="alice")


@pytest.mark.parametrize(
    ("rules", "certificate"),
    [
        ({}, None),
        ({}, {}),
        ({}, {"subject": ((("commonName", "nobody"),),)}),
        ({}, {"subject": ((("commonName", "alice"),), (("commonName", "bob"),))}),
        ({"certificate_field": "dns"}, CERTIFICATE),
        ({"certificate_users": (("00" * 32, "alice"),)}, CERTIFICATE),
    ],
    ids=["none", "not verified", "unknown", "two names", "two alternative names", "another fingerprint"],
)
async def test_other_certificates_name_nobody(rules, certificate):
    with pytest.raises(Rejection, match="403"):
        await admitted(rules, certificate)


# -- connections that live on


async def looked_at(open_door):
    await Patrol(open_door.runtime, 1).look()


async def test_a_connection_ends_when_its_user_does():
    async with (
        door("basic bearer") as open_door,
        open_door.client(additional_headers=basic("alice", "right")) as alice,
        open_door.client(additional_headers=bearer("token-bob")) as bob,
    ):
        del open_door.people.groups["alice"]
        await looked_at(open_door)
        await asyncio.wait_for(alice.wait_closed(), 5)
        assert (alice.close_code, alice.close_reason) == (1008, "no longer allowed to be connected")
        await bob.send("still there?")
        assert await bob.recv() == "bob||bearer|"


async def test_a_connection_lives_on_with_new_groups_if_they_are_enough():
    async with (
        door(groups=frozenset({"ops"})) as open_door,
        open_door.client(additional_headers=basic("alice", "right")) as alice,
    ):
        open_door.people.groups["alice"] = {"ops", "new"}
        await looked_at(open_door)
        await alice.send("who am I now?")
        assert await alice.recv() == "alice|new,ops|basic|"
        open_door.people.groups["alice"] = {"new"}
        await looked_at(open_door)
        await asyncio.wait_for(alice.wait_closed(), 5)


async def test_who_connected_before_an_endpoint_asked_has_to_come_again():
    async with door("") as open_door, open_door.client() as anybody:
        open_door.rules(AccessRules(schemes=("basic",)))
        await looked_at(open_door)
        await asyncio.wait_for(anybody.wait_closed(), 5)


async def test_connections_stay_when_the_endpoint_does_not_recheck_them_or_nobody_can_say():
    async with door(recheck=False) as open_door, open_door.client(additional_headers=basic("alice", "right")) as alice:
        del open_door.people.groups["alice"]
        await looked_at(open_door)
        open_door.rules(AccessRules(schemes=("basic",)))
        open_door.people.down = True
        await looked_at(open_door)
        await alice.send("still there?")
        assert (await asyncio.wait_for(alice.recv(), 5)).startswith("alice|")
