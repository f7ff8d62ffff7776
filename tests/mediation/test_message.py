from __future__ import annotations

import pytest

from mediation.headers import Headers
from mediation.message import MessageContext
from mediation.payloads import Payload
from tests.mediation.support import DictEnvironment


@pytest.mark.parametrize(
    ("content_type", "soap_action", "soap"),
    [
        ("text/xml; charset=utf-8", '"urn:a"', "text/xml"),
        ("text/xml", None, None),
        ("application/soap+xml; action=a", None, "application/soap+xml"),
        ("application/json", '"urn:a"', None),
        (None, None, None),
    ],
)
def test_which_messages_are_soap(content_type, soap_action, soap):
    headers = Headers([("SOAPAction", soap_action)] if soap_action else [])

    assert MessageContext(DictEnvironment(), Payload(b"<a/>", content_type), headers=headers).soap_media_type == soap


def test_a_message_that_is_to_be_sent_as_something_else_is_no_soap():
    ctx = MessageContext(DictEnvironment(), Payload(b"<a/>", "application/soap+xml"))
    ctx.set("messageType", "application/json", "axis2")

    assert ctx.soap_media_type is None
