from __future__ import annotations

import pytest

from mediation.errors import MediationError
from mediation.headers import Headers
from mediation.http_answer import http_answer
from mediation.message import MessageContext
from mediation.payloads import Payload
from tests.mediation.support import DictEnvironment

FAULT = (
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>'
    b"<faultcode>s:Server</faultcode><faultstring>no</faultstring></s:Fault></s:Body></s:Envelope>"
)
SOAP12 = b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><a/></s:Body></s:Envelope>'


def message(body: bytes = b"<a/>", content_type: str | None = "text/xml", **axis2: object) -> MessageContext:
    ctx = MessageContext(DictEnvironment(), Payload(body, content_type), axis2=axis2)
    if content_type is not None:
        ctx.headers.set("Content-Type", content_type)
    return ctx


# -- status


@pytest.mark.parametrize(
    ("value", "status"),
    [(404, 404), ("404", 404), (404.0, 404), ("404.0", 404), (" 201 ", 201), ("0", 200), ("abc", 200), (99999, 200)],
)
def test_http_sc_is_taken_in_any_type(value, status):
    assert http_answer(message(HTTP_SC=value)).status == status


def test_a_status_that_is_none_is_logged(caplog):
    http_answer(message(HTTP_SC="abc"))

    assert "Unable to set the HTTP status code from the property HTTP_SC with value: abc" in caplog.text


def fault(**axis2: object) -> MessageContext:
    ctx = message(FAULT, **axis2)
    ctx.payload.changed()  # as makefault leaves it
    return ctx


def test_a_soap_fault_is_a_500():
    assert http_answer(fault()).status == 500


def test_a_soap_fault_can_be_a_200():
    assert http_answer(fault(FAULTS_AS_HTTP_200="TRUE")).status == 200


def test_http_sc_goes_before_the_fault():
    assert http_answer(fault(HTTP_SC=400)).status == 400


def test_a_body_that_nobody_read_is_not_parsed_for_its_status():
    answer = http_answer(message(b"<broken"))

    assert (answer.status, answer.body) == (200, b"<broken")


def test_http_sc_desc_is_the_reason():
    assert http_answer(message(HTTP_SC=404, HTTP_SC_DESC="No Such Order")).reason == "No Such Order"


def test_a_reason_that_would_forge_a_header_is_left_out():
    assert http_answer(message(HTTP_SC_DESC="OK\r\nX-Injected: 1")).reason is None


# -- fields and body


def test_an_untouched_body_leaves_byte_for_byte():
    answer = http_answer(message(b"<?xml version='1.0'?>\n<a  x='1'/>", "text/xml; charset=utf-8"))

    assert answer.body == b"<?xml version='1.0'?>\n<a  x='1'/>"
    assert answer.headers == (("Content-Type", "text/xml; charset=utf-8"),)


def test_fields_of_the_message_go_to_the_client():
    ctx = message()
    ctx.headers = Headers([("X-A", "1"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Content-Length", "999")])

    headers = http_answer(ctx).headers

    assert [pair for pair in headers if pair[0] != "Content-Type"] == [
        ("X-A", "1"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
    ]


def test_a_request_that_answers_itself_does_not_hand_credentials_back():
    ctx = message()
    ctx.headers = Headers([("Authorization", "Basic x"), ("Cookie", "a=1"), ("Host", "h"), ("User-Agent", "curl")])

    assert [name for name, _ in http_answer(ctx).headers] == ["Content-Type"]


def test_a_field_that_would_forge_another_is_refused():
    ctx = message()
    ctx.set("X-A", "1\r\nSet-Cookie: admin=1", "transport")

    with pytest.raises(MediationError, match="X-A"):
        http_answer(ctx)


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_content_has_none(status):
    answer = http_answer(message(HTTP_SC=status))

    assert (answer.body, answer.headers) == (b"", ())


def test_no_entity_body():
    answer = http_answer(message(NO_ENTITY_BODY=True))

    assert (answer.body, answer.headers) == (b"", ())


# -- SOAP clients


def test_a_soap11_client_gets_soap11():
    answer = http_answer(message(SOAP12, "application/soap+xml"), "text/xml")

    assert b"http://schemas.xmlsoap.org/soap/envelope/" in answer.body
    assert dict(answer.headers)["Content-Type"].startswith("text/xml")


def test_a_soap12_client_gets_soap12():
    answer = http_answer(message(FAULT, "text/xml"), "application/soap+xml")

    assert b"http://www.w3.org/2003/05/soap-envelope" in answer.body
    assert dict(answer.headers)["Content-Type"].startswith("application/soap+xml")


def test_a_soap_client_that_is_answered_in_json_gets_json():
    assert http_answer(message(b"{}", "application/json"), "text/xml").body == b"{}"


@pytest.mark.parametrize(
    ("soap", "namespace"), [("text/xml", b"schemas.xmlsoap.org"), ("application/soap+xml", b"w3.org/2003")]
)
def test_what_a_sequence_made_of_json_is_soap_for_a_soap_client(soap, namespace):
    ctx = message(b'{"a":1}', "application/json", messageType=soap)

    answer = http_answer(ctx, soap)

    assert namespace in answer.body
    assert b"Body><jsonObject><a>1</a></jsonObject></" in answer.body
    assert dict(answer.headers)["Content-Type"].startswith(soap)


def test_what_a_sequence_changed_is_soap_for_a_soap_client():
    ctx = message(b"<a/>")
    ctx.payload.changed()

    assert b"Body><a/></" in http_answer(ctx, "text/xml").body


@pytest.mark.parametrize("soap", ["text/xml", "application/soap+xml"])
def test_what_is_no_soap_and_was_not_changed_leaves_as_it_came(soap):
    assert http_answer(message(b"<a />"), soap).body == b"<a />"
