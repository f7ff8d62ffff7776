"""Reading a store of any format, and what is said about one that cannot be used."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mediation.errors import KeyStoreError
from mediation.transports.keystores import KeyStore, TrustStore, exposed_key, lapse, read_key, read_trusted
from mediation.transports.keystores.stores import resolve
from tests.certificates import identity

STORES = Path(__file__).parent / "stores"
PASSWORD = "wso2carbon"
AUTHORITY = identity("authority", authority=True)
SERVER = identity("localhost", AUTHORITY)


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "both.pem").write_bytes(SERVER.pem + AUTHORITY.pem + SERVER.key_pem())
    (tmp_path / "certificate.pem").write_bytes(SERVER.pem)
    (tmp_path / "key.pem").write_bytes(SERVER.key_pem())
    (tmp_path / "locked.pem").write_bytes(SERVER.key_pem("open sesame") + SERVER.pem)
    (tmp_path / "other.pem").write_bytes(identity().key_pem() + SERVER.pem)
    (tmp_path / "store.p12").write_bytes(SERVER.pkcs12(PASSWORD))
    (tmp_path / "notes.txt").write_text("no store")
    return tmp_path


@pytest.mark.parametrize(
    "store",
    [
        KeyStore("both.pem"),
        KeyStore("both.pem", type="PEM"),
        KeyStore("certificate.pem", key_file="key.pem"),
        KeyStore("locked.pem", "open sesame"),
        KeyStore("locked.pem", "of something else", key_password="open sesame"),
        KeyStore("store.p12", PASSWORD),
        KeyStore("store.p12", PASSWORD, "PKCS12"),
    ],
    ids=str,
)
def test_a_key_is_found_in_every_format(directory, store):
    entry = read_key(store, directory)

    assert entry.key.private_numbers() == SERVER.key.private_numbers()
    assert entry.chain[0] == SERVER.certificate


@pytest.mark.parametrize("file", ["both.pem", "store.p12"])
def test_the_chain_is_sent_from_the_own_certificate_up(directory, file):
    entry = read_key(KeyStore(file, PASSWORD), directory)

    assert entry.chain == (SERVER.certificate, AUTHORITY.certificate)


@pytest.mark.parametrize("name", ["named.jks", "java8.p12"])
@pytest.mark.parametrize("type", [None, "JKS", "PKCS12"])
def test_java_calls_either_of_its_formats_by_both_names(name, type):
    assert read_key(KeyStore(name, PASSWORD, type), STORES).alias == "server"


@pytest.mark.parametrize("name", ["trust.jks", "trust.p12"])
def test_trusted_certificates_of_java(name):
    [certificate] = read_trusted(TrustStore(name, PASSWORD), STORES)

    assert certificate.subject.rfc4514_string() == "CN=rsa,O=Django ESB"


def test_every_certificate_of_a_pem_file_is_trusted(directory):
    assert read_trusted(TrustStore("both.pem"), directory) == (SERVER.certificate, AUTHORITY.certificate)


MISTAKES = [
    (KeyStore("none.jks"), "KeyStore File none.jks not found: there is no {directory}/none.jks"),
    (KeyStore("/none.jks"), "KeyStore File /none.jks not found"),
    (KeyStore("."), "KeyStore File . not found"),
    (KeyStore("/dev/zero"), "KeyStore File /dev/zero not found"),
    (KeyStore("certificate.pem", key_file="none"), "Key File none not found"),
    (KeyStore("notes.txt"), "KeyStore File notes.txt cannot be used: it is none of JKS, PKCS12, PEM"),
    (KeyStore("both.pem", type="JKS"), "KeyStore File both.pem cannot be used: its type is PEM, not JKS"),
    (KeyStore("store.p12", PASSWORD, "PEM"), "its type is PKCS12, not PEM"),
    (KeyStore("store.p12", "wrong"), "the password is wrong, or the content is damaged"),
    (KeyStore("locked.pem", "wrong"), "the password of the private key is wrong"),
    (KeyStore("certificate.pem"), "there is no private key in it"),
    (KeyStore("key.pem"), "there is no certificate for the private key in it"),
    (KeyStore("other.pem"), "the private key does not fit the certificate"),
    (KeyStore(str(STORES / "key.jceks"), PASSWORD), "it is a JCEKS store, which cannot be read here"),
    (KeyStore(str(STORES / "trust.p12"), PASSWORD), "there is no private key in it"),
    (
        KeyStore("store.p12", "$SYSTEM:NO_SUCH_VARIABLE"),
        "cannot be used: the secret $SYSTEM:NO_SUCH_VARIABLE cannot be read",
    ),
]


@pytest.mark.parametrize(("store", "message"), MISTAKES, ids=[message for _, message in MISTAKES])
def test_mistakes_are_named(directory, store, message):
    with pytest.raises(KeyStoreError) as caught:
        read_key(store, directory)

    assert message.format(directory=directory) in caught.value.message


def test_a_missing_trust_store_has_the_text_of_the_originals(directory):
    with pytest.raises(KeyStoreError, match=r"^trustStore File /none\.jks not found$"):
        read_trusted(TrustStore("/none.jks"), directory)


def test_a_trust_store_without_certificates_is_a_mistake(directory):
    with pytest.raises(KeyStoreError, match="there is no certificate in it"):
        read_trusted(TrustStore("key.pem"), directory)


def test_passwords_may_be_named(directory, monkeypatch):
    monkeypatch.setenv("STORE_PASSWORD", PASSWORD)
    (directory / "password").write_text(f"{PASSWORD}\n")

    for password in ("$SYSTEM:STORE_PASSWORD", f"$FILE:{directory}/password"):
        assert read_key(KeyStore("store.p12", password), directory).fits


def test_paths():
    assert resolve("a/b.jks", Path("/esb")) == Path("/esb/a/b.jks")
    assert resolve("/a/b.jks", Path("/esb")) == Path("/a/b.jks")
    assert resolve("${carbon.home}/repository/b.jks", Path("/esb")) == Path("/esb/repository/b.jks")


def test_a_key_that_everybody_can_read_is_noticed(directory):
    key = directory / "key.pem"
    key.chmod(0o644)
    assert exposed_key(KeyStore("certificate.pem", key_file="key.pem"), directory) == key

    key.chmod(0o600)
    assert exposed_key(KeyStore("certificate.pem", key_file="key.pem"), directory) is None

    locked = directory / "locked.pem"
    locked.chmod(0o644)
    assert exposed_key(KeyStore("locked.pem"), directory) is None


def test_certificates_have_their_time():
    now = datetime.now(UTC)
    assert lapse(SERVER.certificate, now) is None
    assert lapse(identity(days=(-9, -1)).certificate, now).startswith("expired on ")
    assert lapse(identity(days=(1, 2)).certificate, now).startswith("is not valid before ")
