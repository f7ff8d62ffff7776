"""Contexts of ports, and files that change under them; ``test_secure_websocket.py`` has the handshakes."""

from __future__ import annotations

import pytest

from mediation.errors import KeyStoreError
from mediation.inbound_tls import InboundTls
from mediation.listeners.certificates import Certificates
from tests.certificates import identity

TLS = InboundTls(key_store_file="server.pem")


@pytest.fixture
def certificates(tmp_path):
    identity().write_pem(tmp_path / "server.pem")
    return Certificates(tmp_path)


def test_a_context_stays_until_a_file_changes(certificates, tmp_path):
    current = certificates.open("a", TLS)
    context = current()

    certificates.follow({"a": TLS})
    assert current() is context

    identity().write_pem(tmp_path / "server.pem")
    certificates.follow({"a": TLS})
    assert current() is not context


def test_another_key_store_makes_another_context(certificates, tmp_path):
    current = certificates.open("a", TLS)
    context = current()
    identity().write_pem(tmp_path / "other.pem")

    certificates.follow({"a": InboundTls(key_store_file="other.pem")})

    assert current() is not context


def test_a_file_that_cannot_be_read_is_told_once_and_tried_until_it_can(certificates, tmp_path, caplog):
    current = certificates.open("a", TLS)
    context = current()
    (tmp_path / "server.pem").unlink()

    certificates.follow({"a": TLS})
    certificates.follow({"a": TLS})

    assert current() is context
    assert certificates.trouble("a").startswith("KeyStore File server.pem not found")
    assert caplog.text.count("not found") == 1

    identity().write_pem(tmp_path / "server.pem")
    certificates.follow({"a": TLS})
    assert certificates.trouble("a") == ""


def test_key_and_certificate_may_be_replaced_one_after_the_other(certificates, tmp_path):
    old, new = identity(), identity()
    (tmp_path / "certificate.pem").write_bytes(old.pem)
    (tmp_path / "key.pem").write_bytes(old.key_pem())
    tls = InboundTls(key_store_file="certificate.pem", key_file="key.pem")
    current = certificates.open("a", tls)
    context = current()

    (tmp_path / "certificate.pem").write_bytes(new.pem)
    certificates.follow({"a": tls})
    assert current() is context
    assert "the private key does not fit the certificate" in certificates.trouble("a")

    (tmp_path / "key.pem").write_bytes(new.key_pem())
    certificates.follow({"a": tls})
    assert current() is not context
    assert certificates.trouble("a") == ""


def test_a_port_says_that_its_certificate_has_expired(certificates, tmp_path):
    identity(days=(-9, -1)).write_pem(tmp_path / "server.pem")
    certificates.open("a", TLS)

    assert certificates.trouble("a").startswith("its certificate expired on ")


def test_a_port_cannot_open_without_its_store(tmp_path):
    certificates = Certificates(tmp_path)

    with pytest.raises(KeyStoreError, match="not found"):
        certificates.open("a", TLS)
    assert certificates.trouble("a") == ""


def test_an_endpoint_that_is_gone_is_forgotten(certificates, tmp_path):
    certificates.open("a", TLS)
    certificates.follow({})

    (tmp_path / "server.pem").unlink()
    certificates.follow({})

    assert certificates.trouble("a") == ""
