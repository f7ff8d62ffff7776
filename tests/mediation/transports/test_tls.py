from __future__ import annotations

import ssl

from mediation.transports.tls import client_context


def test_back_ends_are_verified():
    context = client_context()

    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname is True
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_the_authorities_are_loaded_once():
    assert client_context() is client_context()
