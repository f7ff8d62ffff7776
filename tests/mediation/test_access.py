"""The ``ws.auth`` parameters: what they take, and that a mistake never opens a door."""

import pytest

from mediation.access import AccessRules, JwtRules, _fingerprints
from mediation.compiler import compile_artifact
from mediation.identity import Identity
from mediation.payloads.xml import parse_xml
from mediation.secret_reference import SecretReference

FINGERPRINT = ":".join(["AB"] * 32)


def compilation(protocol="ws", **parameters):
    inside = "".join(
        f'<parameter name="ws.auth{"." if name else ""}{name.replace("_", ".")}">{value}</parameter>'
        for name, value in parameters.items()
    )
    return compile_artifact(
        parse_xml(
            f'<inboundEndpoint name="test" protocol="{protocol}" sequence="main"><parameters>'
            f'<parameter name="inbound.ws.port">9091</parameter>{inside}</parameters></inboundEndpoint>'
        )
    )


def rules(**parameters):
    compiled = compilation(**parameters)
    assert compiled.artifact is not None, [str(finding) for finding in compiled.findings]
    return compiled.artifact.access


def test_by_default_nobody_is_asked():
    assert rules() == AccessRules()
    assert rules().open
    assert rules(**{"": "none"}).open


def test_every_parameter_is_read():
    found = rules(
        **{
            "": "basic, Session bearer",
            "groups": "chat users, ops",
            "recheck": "false",
            "keep_credentials": "true",
            "jwt_issuer": "https://id.example",
            "jwt_audience": "esb, chat",
            "jwt_jwks": "https://id.example/keys",
            "jwt_algorithms": "RS256 EdDSA",
            "jwt_leeway": "5",
            "jwt_user_claim": "email",
            "jwt_groups_claim": "roles",
        }
    )

    assert found == AccessRules(
        schemes=("basic", "session", "bearer"),
        groups=frozenset({"chat users", "ops"}),
        recheck=False,
        keep_credentials=True,
        jwt=JwtRules(
            issuer="https://id.example",
            audience=frozenset({"esb", "chat"}),
            key_set="https://id.example/keys",
            algorithms=frozenset({"RS256", "EdDSA"}),
            leeway=5,
            user_claim="email",
            groups_claim="roles",
        ),
    )


@pytest.mark.parametrize("place", ["https://id.example/keys", "http://localhost:8080/keys", "/etc/keys.json"])
def test_where_keys_may_be(place):
    assert rules(**{"": "bearer", "jwt_jwks": place}).jwt.key_set == place


def test_a_shared_secret_is_named():
    found = rules(**{"": "bearer", "jwt_secret": "$SYSTEM:JWT_SECRET"}).jwt

    assert found.secret == SecretReference("SYSTEM", "JWT_SECRET")
    assert found.accepted_algorithms == {"HS256"}
    assert rules(**{"": "bearer", "jwt_jwks": "/keys"}).jwt.accepted_algorithms == {"RS256", "ES256"}


MISTAKES = [
    ({"": "basci"}, 'ws.auth "basci" is not none, or some of basic, session, bearer, certificate'),
    ({"": "none basic"}, "is not none, or some of"),
    ({"": ""}, "ws.auth is empty"),
    ({"groups": "ops"}, "ws.auth.groups says who may connect, but ws.auth asks nobody"),
    ({"": "none", "groups": "ops"}, "ws.auth.groups says who may connect, but ws.auth asks nobody"),
    ({"": "basic", "groups": ""}, "ws.auth.groups is empty"),
    ({"": "basic", "groups": " , "}, "names nothing"),
    ({"": "basic", "group": "ops"}, "ws.auth.group is not known"),
    ({"": "basic", "recheck": "maybe"}, "is not true or false"),
    ({"": "basic", "jwt_jwks": "/keys"}, "ws.auth.jwt.jwks needs ws.auth with bearer"),
    ({"": "basic", "certificate_field": "cn"}, "ws.auth.certificate.field needs ws.auth with certificate"),
    ({"": "certificate"}, "ws.auth certificate needs the protocol wss"),
    ({"": "bearer", "jwt_issuer": "x"}, "ws.auth.jwt.issuer needs keys: ws.auth.jwt.jwks or ws.auth.jwt.secret"),
    ({"": "bearer", "jwt_jwks": "/keys", "jwt_secret": "$SYSTEM:X"}, "exclude each other"),
    ({"": "bearer", "jwt_jwks": "http://id.example/keys"}, "is neither an https address nor the absolute path"),
    ({"": "bearer", "jwt_jwks": "keys.json"}, "is neither an https address nor the absolute path"),
    ({"": "bearer", "jwt_jwks": "file:///etc/keys"}, "is neither an https address nor the absolute path"),
    ({"": "bearer", "jwt_jwks": "/keys", "jwt_algorithms": "none"}, "is not some of"),
    ({"": "bearer", "jwt_jwks": "/keys", "jwt_algorithms": "RS256 HS256"}, "does not fit the keys"),
    ({"": "bearer", "jwt_secret": "$SYSTEM:X", "jwt_algorithms": "RS256"}, "does not fit the keys"),
    ({"": "bearer", "jwt_jwks": "/keys", "jwt_leeway": "1e9"}, "is not a whole number from 0 to 600"),
    ({"": "basic", "certificate_users": "AB=alice"}, "is not a list of SHA256=user"),
]


@pytest.mark.parametrize(("parameters", "text"), MISTAKES, ids=[text for _, text in MISTAKES])
def test_a_mistake_opens_no_door(parameters, text):
    found = compilation(**parameters)

    assert found.artifact is None
    assert any(text in str(finding) for finding in found.errors), [str(finding) for finding in found.errors]


def test_a_certificate_needs_somebody_who_vouches_for_it():
    found = compilation("wss", **{"": "certificate"})

    assert any("ws.auth certificate needs wss.ssl.trust.store.file" in str(finding) for finding in found.errors)


def test_a_secret_in_clear_is_refused_and_not_repeated():
    found = compilation(**{"": "bearer", "jwt_secret": "CANARY"})

    assert found.artifact is None
    assert "is to be named, not written here" in str(found.errors[0])
    assert "CANARY" not in " ".join(map(str, found.findings))


def test_passwords_over_ws_are_warned_of():
    assert any("clear text" in str(finding) for finding in compilation(**{"": "basic"}).warnings)
    assert not compilation(**{"": "bearer"}).warnings


def test_fingerprints_name_users():
    found = _fingerprints(f"{FINGERPRINT}=alice, {'0' * 64}=bob")

    assert dict(found) == {"ab" * 32: "alice", "0" * 64: "bob"}


def test_who_may_connect():
    everybody = AccessRules(schemes=("basic",))
    some = AccessRules(schemes=("basic",), groups=frozenset({"ops", "dev"}))
    alice = Identity("alice", "basic", frozenset({"ops"}))

    assert everybody.permits(Identity("bob", "basic"))
    assert some.permits(alice)
    assert not some.permits(Identity("bob", "basic"))
    assert not everybody.permits(Identity("alice", "bearer"))


def service(attributes="", **parameters):
    inside = "".join(
        f'<parameter name="ws.auth{"." if name else ""}{name.replace("_", ".")}">{value}</parameter>'
        for name, value in parameters.items()
    )
    target = "<target><inSequence><respond/></inSequence></target>"
    return compile_artifact(parse_xml(f'<proxy name="p" {attributes}>{target}{inside}</proxy>'))


def test_a_proxy_service_has_the_same_parameters():
    found = service('transports="https"', **{"": "basic, bearer"}, groups="ops", keep_credentials="true")

    assert not found.findings
    assert found.artifact.access.schemes == ("basic", "bearer")
    assert found.artifact.access.groups == {"ops"}
    assert found.artifact.access.keep_credentials
    assert service().artifact.access.open


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"": "session"}, "session is for WebSocket clients; a proxy service takes basic, bearer"),
        ({"": "basic certificate"}, "certificate is for WebSocket clients"),
        ({"": "basic", "group": "ops"}, "parameter ws.auth.group is not known"),
        ({"groups": "ops"}, "ws.auth.groups says who may connect, but ws.auth asks nobody"),
    ],
)
def test_a_mistake_opens_no_service(parameters, text):
    found = service(**parameters)

    assert found.artifact is None
    assert any(text in str(finding) for finding in found.errors), [str(finding) for finding in found.errors]


def test_what_means_little_to_a_service_is_said():
    assert any("clear text over http" in str(finding) for finding in service(**{"": "basic"}).warnings)
    found = service('transports="https"', **{"": "basic"}, recheck="false").findings
    assert [finding.message for finding in found] == ["ws.auth.recheck has no effect: each request is asked"]
