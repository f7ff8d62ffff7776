"""What a ``wss`` endpoint says of its TLS, and what is said about that."""

from __future__ import annotations

from pathlib import Path
from ssl import TLSVersion

import pytest

from mediation.compiler import compile_artifact
from mediation.findings import Severity
from mediation.inbound_tls import KEY_STORE, TRUST_STORE, InboundTls, check_stores
from mediation.parameters import declared_parameters
from mediation.payloads.xml import parse_xml
from mediation.transports.backend_tls import BackendTls
from mediation.transports.keystores import KeyStore, TrustStore
from tests.certificates import identity

from .support import compiled

STORE = {"wss.ssl.key.store.file": "wso2carbon.jks", "wss.ssl.key.store.pass": "wso2carbon"}
TRUST = {"wss.ssl.trust.store.file": "client-truststore.jks", "wss.ssl.trust.store.pass": "wso2carbon"}


def xml(parameters, protocol="wss"):
    inside = "".join(f'<parameter name="{name}">{value}</parameter>\n' for name, value in parameters.items())
    return f"""<inboundEndpoint name="test" protocol="{protocol}" sequence="s"><parameters>
<parameter name="inbound.ws.port">9443</parameter>
{inside}</parameters></inboundEndpoint>"""


def test_the_sample_of_the_originals():
    tls = compiled(xml({**STORE, **TRUST, "wss.ssl.cert.pass": "wso2carbon"})).tls

    assert tls.key_store == KeyStore("wso2carbon.jks", "wso2carbon", None, "wso2carbon")
    assert tls.trust_store == TrustStore("client-truststore.jks", "wso2carbon")
    assert tls.verify_client == "require"
    assert (tls.policy.minimum, tls.policy.maximum) == (TLSVersion.TLSv1_2, TLSVersion.TLSv1_3)


def test_every_parameter_is_read():
    more = {
        "wss.ssl.key.store.type": "pkcs12",
        "wss.ssl.trust.store.type": "PEM",
        "wss.ssl.verify.client": "optional",
        "wss.ssl.protocols": "TLSv1.2",
        "wss.ssl.cipher.suites": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "wss.ssl.key.file": "key.pem",
    }
    tls = compiled(xml(STORE | TRUST | more)).tls

    assert (tls.key_store.type, tls.key_store.key_file, tls.trust_store.type) == ("PKCS12", "key.pem", "PEM")
    assert tls.verify_client == "optional"
    assert tls.policy.maximum is TLSVersion.TLSv1_2
    assert tls.policy.ciphers == ("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384")


@pytest.mark.parametrize("file", [{"wss.ssl.key.store.file": "a.pem"}, STORE])
def test_pem_files_need_no_password(file):
    trust = {"wss.ssl.trust.store.file": "trust", "wss.ssl.trust.store.type": "PEM"}
    assert compiled(xml(file | trust)).tls.trust_store.password == ""


MISTAKES = [
    ({}, "keyStoreFile or keyStorePass not defined "),
    ({"wss.ssl.key.store.pass": "x"}, "keyStoreFile or keyStorePass not defined "),
    ({"wss.ssl.key.store.file": "a.jks"}, "keyStoreFile or keyStorePass not defined "),
    (STORE | {"wss.ssl.trust.store.file": "t.jks"}, "trustStorePass is not defined "),
    (
        STORE | {"wss.ssl.key.store.type": "BCFKS"},
        'parameter wss.ssl.key.store.type "BCFKS" names a format, which cannot be read here; keytool -importkeystore',
    ),
    (
        STORE | {"wss.ssl.key.store.type": "X"},
        'parameter wss.ssl.key.store.type "X" is not one of JKS, PKCS12, PEM',
    ),
    (STORE | {"wss.ssl.verify.client": "optional"}, "parameter wss.ssl.verify.client needs a trust store"),
    (
        STORE | {"wss.ssl.protocols": "SSLv3"},
        'parameter wss.ssl.protocols "SSLv3" names none of the protocols TLSv1.2, TLSv1.3',
    ),
    (
        STORE | {"wss.ssl.cipher.suites": "TLS_RSA_WITH_NULL_SHA"},
        'parameter wss.ssl.cipher.suites "TLS_RSA_WITH_NULL_SHA" names no cipher suite',
    ),
    (
        {"wss.ssl.key.store.file": "a.jks", "wss.ssl.key.store.pass": "{wso2:vault-lookup('pass')}"},
        "parameter wss.ssl.key.store.pass is in a secure vault, which there is none of",
    ),
]


@pytest.mark.parametrize(("parameters", "message"), MISTAKES, ids=[message for _, message in MISTAKES])
def test_mistakes_have_the_texts_of_the_originals(parameters, message):
    compilation = compile_artifact(parse_xml(xml(parameters)))

    assert compilation.artifact is None
    assert compilation.errors[0].message.startswith(message)


def test_what_is_ignored_is_a_warning_on_its_line():
    suites = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,SSL_RSA_WITH_RC4_128_MD5"
    more = {"wss.ssl.protocols": "TLSv1,TLSv1.2", "wss.ssl.cipher.suites": suites}

    protocol, suite = compile_artifact(parse_xml(xml(STORE | more))).warnings

    assert (protocol.line, protocol.message) == (5, "the protocol TLSv1 is not known or not safe; it is ignored")
    assert suite.line == 6
    assert suite.message == "the cipher suite SSL_RSA_WITH_RC4_128_MD5 is not known or not safe; it is ignored"


def test_without_tls_the_parameters_have_no_effect_and_say_so():
    [finding] = compile_artifact(parse_xml(xml({"wss.ssl.key.store.file": "a.jks"}, "ws"))).findings

    assert finding.severity is Severity.INFO
    assert finding.message == 'parameter "wss.ssl.key.store.file" has no effect: the protocol of the endpoint is ws'


def test_clients_are_let_in_under_terms_that_our_own_certificate_is_no_part_of():
    terms = InboundTls(key_store_file="old.p12", trust_store_file="t.jks").terms

    assert InboundTls(key_store_file="new.p12", key_store_password="x", trust_store_file="t.jks").terms == terms
    assert InboundTls(key_store_file="old.p12").terms != terms
    assert InboundTls(key_store_file="old.p12", trust_store_file="t.jks", verify_client="optional").terms != terms
    assert InboundTls(key_store_file="old.p12", trust_store_file="t.jks", protocols=("TLSv1.3",)).terms != terms


@pytest.mark.parametrize("parameters", [InboundTls, BackendTls])
def test_every_parameter_is_in_the_documentation(parameters):
    text = (Path(__file__).parents[2] / "docs" / "websocket.md").read_text()
    assert [declared.name for _, declared in declared_parameters(parameters) if f"`{declared.name}`" not in text] == []


# -- files


def test_stores_that_are_right_leave_nothing_to_say(tmp_path):
    identity().write_pem(tmp_path / "server.pem")

    tls = InboundTls(key_store_file="server.pem", trust_store_file="server.pem")

    assert list(check_stores(tls, tmp_path)) == []


def test_missing_stores_are_errors_with_the_texts_of_the_originals(tmp_path):
    tls = InboundTls(key_store_file="/none.jks", trust_store_file="/none-either.jks")

    assert list(check_stores(tls, tmp_path)) == [
        (KEY_STORE, Severity.ERROR, "KeyStore File /none.jks not found"),
        (TRUST_STORE, Severity.ERROR, "trustStore File /none-either.jks not found"),
    ]


def test_certificates_that_have_expired_are_warnings(tmp_path):
    expired = identity(days=(-9, -1))
    expired.write_pem(tmp_path / "server.pem")

    key, trust = check_stores(InboundTls(key_store_file="server.pem", trust_store_file="server.pem"), tmp_path)

    assert key[:2] == (KEY_STORE, Severity.WARNING)
    assert key[2].startswith("KeyStore File server.pem: certificate CN=localhost expired on ")
    assert trust[2] == "trustStore File server.pem: none of the certificates is valid today"


def test_a_key_that_everybody_can_read_is_a_warning(tmp_path):
    identity().write_pem(tmp_path / "server.pem").chmod(0o644)

    [(_, severity, message)] = check_stores(InboundTls(key_store_file="server.pem"), tmp_path)

    assert severity is Severity.WARNING
    assert message == f"every user of this machine can read the private key in {tmp_path}/server.pem"
