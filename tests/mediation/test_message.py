from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

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


# -- copies


def of_properties(**properties: Any) -> MessageContext:
    return MessageContext(DictEnvironment(), Payload("<r/>", "application/xml"), default=properties)


def test_a_copy_and_its_original_do_not_see_each_other_s_xml():
    original = of_properties(order=etree.fromstring("<order/>"), found=[etree.fromstring("<item/>"), "text"])
    original.variables["held"] = etree.fromstring("<held/>")
    copies = [original.copy(), original.copy(), original.copy().copy()]

    for number, ctx in enumerate([original, *copies]):
        ctx.get("order").set("number", str(number))
        ctx.get("found")[0].set("number", str(number))
        ctx.variable("held").set("number", str(number))

    for number, ctx in enumerate([original, *copies]):
        assert ctx.get("order").get("number") == str(number)
        assert ctx.get("found")[0].get("number") == str(number)
        assert ctx.get("found")[1] == "text"
        assert ctx.variable("held").get("number") == str(number)


def test_an_answer_shares_the_xml_of_its_request_alone():
    original = of_properties(order=etree.fromstring("<order/>"))
    copied = original.copy()
    answer = copied.response(Payload(), Headers(), {})
    answer.get("order").set("seen", "true")

    assert original.get("order").attrib == copied.get("order").attrib == {}


def test_xml_that_nobody_looks_at_is_not_copied():
    order = etree.fromstring("<order/>")
    copied = of_properties(order=order).copy()

    assert copied.properties["order"] is order
    assert copied.get("order") is copied.get("order") is not order


def test_a_value_that_is_set_after_the_copy_is_its_own():
    copied = of_properties(order=etree.fromstring("<order/>")).copy()
    copied.set("order", "text")
    copied.variables["held"] = None

    assert copied.get("order") == "text"
    assert copied.variable("held") is copied.variable("nothing") is None
