"""Java's key stores, made by Java: ``stores/README.md`` says how."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from mediation.errors import KeyStoreError
from mediation.transports.keystores import jks

STORES = Path(__file__).parent / "stores"
PASSWORD = "wso2carbon"
KEY = (STORES / "key.jks").read_bytes()


def test_a_key_is_read_with_the_passwords_of_the_store_and_its_own():
    [entry] = jks.read_keys(KEY, PASSWORD, "schlüssel")

    assert entry.alias == "server"
    assert entry.fits
    assert entry.chain[0].subject.rfc4514_string() == "CN=localhost,O=Django ESB"


def test_rsa_keys_are_longer_than_one_digest():
    [entry] = jks.read_keys((STORES / "rsa.jks").read_bytes(), PASSWORD, PASSWORD)

    assert entry.key.key_size == 2048
    assert entry.fits


def test_trusted_certificates_and_own_ones_are_trusted():
    [trusted] = jks.read_certificates((STORES / "trust.jks").read_bytes(), PASSWORD)
    [own] = jks.read_certificates((STORES / "rsa.jks").read_bytes(), PASSWORD)

    assert trusted == own


def test_a_trust_store_has_no_keys():
    assert jks.read_keys((STORES / "trust.jks").read_bytes(), PASSWORD, PASSWORD) == []


def test_a_wrong_store_password():
    with pytest.raises(KeyStoreError, match="the password is wrong, or the content is damaged"):
        jks.read_keys(KEY, "wso2", "schlüssel")


def test_a_wrong_key_password():
    with pytest.raises(KeyStoreError, match="the password of the private key server is wrong"):
        jks.read_keys(KEY, PASSWORD, PASSWORD)


@pytest.mark.parametrize("length", [4, 20, 24, 100, len(KEY) - 1])
def test_a_store_that_was_cut(length):
    with pytest.raises(KeyStoreError):
        jks.read_keys(KEY[:length], PASSWORD, "schlüssel")


@pytest.mark.filterwarnings("ignore")
def test_damage_that_the_digest_covers_is_reported_and_nothing_else_happens():
    """Whoever knows the password can make any content have the right digest."""
    rng = random.Random(7)
    for _ in range(2000):
        content = bytearray(KEY[:-20])
        for _ in range(rng.randint(1, 3)):
            content[rng.randrange(4, len(content))] = rng.randrange(256)
        signed = bytes(content) + jks.hashlib.sha1(jks._as_java(PASSWORD) + b"Mighty Aphrodite" + content).digest()
        try:
            jks.read_keys(signed, PASSWORD, "schlüssel")
        except KeyStoreError:
            pass


@pytest.mark.skipif(shutil.which("keytool") is None, reason="there is no JDK here")
def test_what_the_jdk_of_this_machine_makes(tmp_path):
    store = tmp_path / "store.jks"
    names = ["-alias", "mine", "-dname", "CN=mine", "-storetype", "JKS", "-keystore", str(store)]
    passwords = ["-storepass", "first1", "-keypass", "second"]
    subprocess.run(["keytool", "-genkeypair", "-keyalg", "EC", *names, *passwords], check=True, capture_output=True)

    [entry] = jks.read_keys(store.read_bytes(), "first1", "second")

    assert entry.alias == "mine"
    assert entry.fits
