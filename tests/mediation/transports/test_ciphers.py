"""Names of the JSSE, and what is made of them."""

from __future__ import annotations

import ssl
from ssl import TLSVersion

import pytest

from mediation.transports.ciphers import SUITES, Policy, policy

GCM = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"


@pytest.mark.parametrize(("java", "openssl"), SUITES.items())
def test_openssl_knows_every_suite_of_the_table(java, openssl):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(f"{openssl}:@SECLEVEL=0")

    [suite] = [each for each in context.get_ciphers() if each["protocol"] != "TLSv1.3"]
    assert suite["name"] == openssl
    # OpenSSL describes what a suite does, in other words than its name.
    exchange = "Kx=ECDH" if "_ECDHE_" in java else "Kx=DH" if "_DHE_" in java else "Kx=RSA"
    assert exchange in suite["description"].replace(" ", "")
    assert ("_256_" in java or "CHACHA20" in java) == (suite["alg_bits"] == 256)


@pytest.mark.parametrize("protocols", [[], ["TLS"], ["TLS", "TLSv1.2"], ["TLSv1.2", "TLSv1.3"], ["TLSv1.3", "SSLv3"]])
def test_the_default_is_what_is_secure(protocols):
    found, _ = policy(protocols, [])

    assert found.maximum is TLSVersion.TLSv1_3
    assert found.minimum is (TLSVersion.TLSv1_3 if protocols == ["TLSv1.3", "SSLv3"] else TLSVersion.TLSv1_2)


def test_a_single_version():
    assert policy(["TLSv1.2"], [])[0] == Policy(TLSVersion.TLSv1_2, TLSVersion.TLSv1_2)


def test_a_version_needs_a_suite():
    assert policy([], [GCM])[0] == Policy(TLSVersion.TLSv1_2, TLSVersion.TLSv1_2, ("ECDHE-RSA-AES128-GCM-SHA256",))
    assert policy([], ["TLS_AES_128_GCM_SHA256"])[0] == Policy(TLSVersion.TLSv1_3, TLSVersion.TLSv1_3)
    assert policy([], [GCM, "TLS_AES_128_GCM_SHA256"])[0].maximum is TLSVersion.TLSv1_3


def test_names_of_openssl_are_taken_too():
    assert policy([], ["ECDHE-RSA-AES128-GCM-SHA256"])[0].ciphers == ("ECDHE-RSA-AES128-GCM-SHA256",)


def test_signals_among_the_suites_are_no_suites():
    found, remarks = policy([], ["TLS_EMPTY_RENEGOTIATION_INFO_SCSV", GCM])

    assert (found.ciphers, remarks) == (("ECDHE-RSA-AES128-GCM-SHA256",), [])


def test_what_is_unknown_or_broken_is_ignored_and_said():
    found, remarks = policy(["TLSv1", "TLSv1.2"], ["SSL_RSA_WITH_RC4_128_MD5", GCM])

    assert found.ciphers == ("ECDHE-RSA-AES128-GCM-SHA256",)
    assert remarks == [
        "the protocol TLSv1 is not known or not safe; it is ignored",
        "the cipher suite SSL_RSA_WITH_RC4_128_MD5 is not known or not safe; it is ignored",
    ]


@pytest.mark.parametrize(
    ("protocols", "suites", "message"),
    [
        (["SSLv3"], [], "names none of the protocols TLSv1.2, TLSv1.3"),
        ([], ["SSL_RSA_WITH_RC4_128_MD5"], "names no cipher suite that can be used with the protocols"),
        (["TLSv1.3"], [GCM], "names no cipher suite that can be used with the protocols"),
    ],
)
def test_nothing_left_is_a_mistake(protocols, suites, message):
    with pytest.raises(ValueError, match=message):
        policy(protocols, suites)
