from __future__ import annotations

import pytest
from lxml import etree

from mediation.errors import PayloadError
from mediation.payloads import Payload
from mediation.payloads.xml import PAYLOAD_NS, SOAP11_NS, SOAP12_NS, parse_xml, to_text

SOAP11 = f'<s:Envelope xmlns:s="{SOAP11_NS}"><s:Header><h/></s:Header><s:Body><test>Value</test></s:Body></s:Envelope>'
SOAP12 = f'<s:Envelope xmlns:s="{SOAP12_NS}"><s:Body><test>Value</test></s:Body></s:Envelope>'
EMPTY = f'<soapenv:Envelope xmlns:soapenv="{SOAP11_NS}"><soapenv:Body/></soapenv:Envelope>'


# -- what is only carried


@pytest.mark.parametrize("frame", ["hi", b"\x00\xff", "<not xml", ""])
def test_a_frame_without_a_type_is_carried_and_the_language_sees_an_empty_envelope(frame: str | bytes):
    payload = Payload(frame, is_frame=True)

    assert to_text(payload.envelope) == EMPTY
    assert payload.first_child is None
    assert not payload.is_json
    assert payload.json() is None
    assert payload.json_text() == ""
    assert payload.as_frame() == frame
    assert not payload.modified


def test_a_frame_of_a_type_without_a_builder_is_only_carried():
    payload = Payload("hi", "chat", is_frame=True)

    assert to_text(payload.envelope) == EMPTY
    assert payload.as_frame() == "hi"


def test_a_carried_frame_is_not_built_until_somebody_looks():
    payload = Payload("hi")
    assert not payload.is_built

    assert payload.format() == (b"hi", "text/plain")
    assert payload.format("application/json") == (b"hi", "application/json")
    assert not payload.is_built


def test_an_empty_message_stays_empty():
    assert Payload().format() == (b"", "application/octet-stream")
    assert Payload().as_frame() == ""


# -- builders


@pytest.mark.parametrize(
    ("raw", "content_type", "first_child", "version"),
    [
        (SOAP11.encode(), "text/xml", "<test>Value</test>", "soap11"),
        (SOAP12.encode(), "application/soap+xml; charset=utf-8", "<test>Value</test>", "soap12"),
        (SOAP11.encode(), "application/xml", "<test>Value</test>", "soap11"),
        (b"<a>1</a>", "text/xml", "<a>1</a>", "pox"),
        (b"<a>1</a>", "application/xml", "<a>1</a>", "pox"),
        (b"<a>1</a>", "application/atom+xml", "<a>1</a>", "pox"),
        (b"<a>1</a>", "chat/unheard-of", "<a>1</a>", "pox"),
        (b'{"a":1}', "application/json", "<jsonObject><a>1</a></jsonObject>", "pox"),
        (b'{"a":1}', "application/problem+json", "<jsonObject><a>1</a></jsonObject>", "pox"),
        ("h\u00e9".encode("latin-1"), "text/plain; charset=ISO-8859-1", f'<text xmlns="{PAYLOAD_NS}">hé</text>', "pox"),
        (b"\x00\xff", "application/octet-stream", f'<binary xmlns="{PAYLOAD_NS}">AP8=</binary>', "pox"),
        (
            b"a=1&b=%C3%A9&a=2",
            "application/x-www-form-urlencoded",
            "<xformValues><a>1</a><b>é</b><a>2</a></xformValues>",
            "pox",
        ),
    ],
)
def test_a_body_is_built_by_its_content_type(raw: bytes, content_type: str, first_child: str, version: str):
    payload = Payload(raw, content_type)

    assert payload.first_child is not None
    assert to_text(payload.first_child) == first_child
    assert payload.soap_version == version
    assert payload.format() == (raw, content_type)


@pytest.mark.parametrize("content_type", ["text/xml", "application/json", "text/plain", "multipart/form-data", "chat"])
@pytest.mark.parametrize("blank", [None, b"", b" \r\n"])
def test_a_blank_body_is_an_empty_envelope(blank: bytes | None, content_type: str):
    payload = Payload(blank, content_type)

    assert payload.first_child is None
    assert not payload.is_json


def test_the_charset_parameter_outweighs_the_declaration():
    payload = Payload(
        '<?xml version="1.0" encoding="utf-8"?><a>é</a>'.encode("latin-1"), "text/xml; charset=ISO-8859-1"
    )

    assert payload.first_child is not None
    assert payload.first_child.text == "é"


@pytest.mark.parametrize(
    ("raw", "content_type", "message"),
    [
        (b"<a>", "text/xml", "Error while building Passthrough stream"),
        (b"<!DOCTYPE a><a/>", "application/xml", "Error while building Passthrough stream"),
        (b"plain", "chat", "Error while building Passthrough stream"),
        (b"<a/>", "application/soap+xml", "needs a SOAP Envelope"),
        (f'<s:Envelope xmlns:s="{SOAP11_NS}"/>'.encode(), "text/xml", "no Body"),
        (b"{", "application/json", "not JSON"),
        (b"hello", "application/json", "Payload is not a JSON string"),
        (b"\xff", "text/plain", "not UTF-8 text"),
        (b"a", "text/plain; charset=klingon", 'charset "klingon" is not known'),
        (b"a", "text/plain; charset=zlib", 'charset "zlib" is not known'),
        (b"a", "text/plain; charset=idna", 'charset "idna" is not known'),
        (b"a", "multipart/form-data", "boundary"),
        (b"--b\r\n\r\n", "multipart/form-data; boundary=b", "closing boundary"),
    ],
)
def test_a_body_that_is_not_what_its_type_says_faults_with_601000(raw: bytes, content_type: str, message: str):
    payload = Payload(raw, content_type)

    with pytest.raises(PayloadError, match=message) as caught:
        _ = payload.envelope
    assert caught.value.code == 601000


def test_the_detail_of_a_parse_failure_says_where_it_is():
    with pytest.raises(PayloadError) as caught:
        _ = Payload(b"<a>\n<b></a>", "text/xml").envelope
    assert caught.value.detail.startswith("line 2: Opening and ending tag mismatch")


def test_multipart_fields_are_elements_and_files_are_base64():
    body = (
        b'preamble\r\n--b\r\nContent-Disposition: form-data; name="field"\r\n\r\none\r\ntwo\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="x.bin"\r\n\r\n\x00\xff\r\n--b--\r\n'
    )
    payload = Payload(body, 'multipart/form-data; boundary="b"')

    assert payload.json() == {"mediate": {"field": "one\r\ntwo", "file": "AP8="}}


def test_the_root_part_of_multipart_related_is_the_body():
    body = b"--b\r\nContent-Type: text/xml\r\n\r\n" + SOAP11.encode() + b"\r\n--b\r\n\r\nattachment\r\n--b--"
    payload = Payload(body, "multipart/related; boundary=b")

    assert payload.soap_version == "soap11"
    assert payload.format()[0] == body


# -- JSON stays text


def test_json_leaves_verbatim_after_it_was_looked_at_as_xml():
    raw = b'{ "list" : [1], "none" : [], "n" : 1.50 }'
    payload = Payload(raw, "application/json")

    assert payload.body.findtext("jsonObject/list") == "1"
    assert payload.is_json
    assert payload.json() == {"list": [1], "none": [], "n": 1.5}
    assert payload.format("application/json; charset=UTF-8")[0] == raw


def test_json_loses_its_arrays_only_when_the_tree_was_changed():
    payload = Payload(b'{"list":[1],"a":{}}', "application/json")
    etree.SubElement(payload.body[0], "more").text = "x"
    payload.changed()

    assert not payload.is_json
    assert payload.json_text() == '{"list":1,"a":null,"more":"x"}'
    assert payload.format() == (b'{"list":1,"a":null,"more":"x"}', "application/json; charset=UTF-8")


def test_xml_is_converted_for_those_who_ask_for_json():
    payload = Payload(b"<location><n>25.0000</n></location>", "text/xml")

    assert payload.json_text() == '{"location":{"n":25.0000}}'
    assert payload.json() == {"location": {"n": 25.0}}
    assert payload.format("application/json")[0] == b'{"location":{"n":25.0000}}'


# -- changing


def test_a_new_body_keeps_the_soap_header():
    payload = Payload(SOAP11.encode(), "text/xml")
    payload.replace_body(parse_xml("<new/>"))

    assert to_text(payload.envelope) == SOAP11.replace("<test>Value</test>", "<new/>")
    assert payload.modified
    assert payload.raw is None


def test_a_new_body_of_a_carried_frame_leaves_as_xml():
    payload = Payload("hi", is_frame=True)
    payload.replace_body(parse_xml("<new/>"))

    assert payload.as_frame() == "<new/>"
    assert payload.format() == (b"<new/>", "application/xml; charset=UTF-8")


def test_broken_json_can_be_replaced_without_being_parsed():
    payload = Payload(b"{broken", "application/json")
    payload.replace_body(parse_xml("<new/>"))

    assert payload.format("application/xml")[0] == b"<new/>"


@pytest.mark.parametrize(("given", "text"), [('{ "a": 1 }', '{ "a": 1 }'), ({"a": [1.5]}, '{"a":[1.5]}')])
def test_replaced_json_is_kept_as_given(given: object, text: str):
    payload = Payload(b"<a/>", "text/xml")
    payload.replace_json(given)

    assert payload.is_json
    assert payload.json_text() == text
    assert payload.format() == (text.encode(), "application/json; charset=UTF-8")
    assert payload.as_frame() == text


def test_a_refused_replacement_leaves_the_body_as_it_was():
    payload = Payload(b"<a/>", "text/xml")

    with pytest.raises(PayloadError):
        payload.replace_json("{")
    with pytest.raises(PayloadError):
        payload.replace_envelope(parse_xml("<a/>"))
    with pytest.raises(PayloadError):
        payload.replace_text("\x00")
    assert payload.format() == (b"<a/>", "text/xml")


def test_text_binary_and_nothing():
    payload = Payload(b"<a/>", "text/xml")

    payload.replace_text("h\u00e9 <")
    assert payload.format() == ("hé <".encode(), "text/plain; charset=UTF-8")
    payload.replace_binary(b"\x00")
    assert payload.format() == (b"\x00", "application/octet-stream")
    assert payload.as_frame() == b"\x00"
    payload.clear()
    assert payload.first_child is None
    assert payload.format()[0] == b""


@pytest.mark.parametrize(
    ("content_type", "first_child"),
    [
        ("text/plain", '<line xmlns="urn:x">a &lt; b</line>'),
        ("application/octet-stream", '<line xmlns="urn:x">YSA8IGI=</line>'),
    ],
)
def test_the_element_around_text_and_binary_content_has_the_name_that_is_wanted(content_type: str, first_child: str):
    payload = Payload(b"a < b", content_type, wrapper="{urn:x}line").copy()

    assert to_text(payload.first_child) == first_child
    assert payload.format()[0] == b"a < b"


def test_xml_keeps_its_names():
    content = f'<text xmlns="{PAYLOAD_NS}">a</text>'
    assert to_text(Payload(content, "application/xml", wrapper="line").first_child) == content


def test_a_copy_and_its_original_do_not_see_each_other_s_changes():
    original = Payload(b"<a/>", "text/xml")
    original.replace_body(parse_xml("<b/>"))
    copy = original.copy()
    copy.body[0].tag = "c"
    copy.changed()
    original.body[0].set("x", "1")

    assert original.format()[0] == b'<b x="1"/>'
    assert copy.format()[0] == b"<c/>"


def test_a_copy_of_what_came_is_not_parsed_again_before_it_is_needed():
    original = Payload(b'{"a":1}', "application/json")
    original.json()
    copy = original.copy()
    copy.replace_json({"b": 2})

    assert original.format()[0] == b'{"a":1}'
    assert copy.json() == {"b": 2}


# -- formatters


@pytest.mark.parametrize(
    ("message_type", "as_rest", "body"),
    [
        ("text/xml", None, f"<?xml version='1.0' encoding='utf-8'?>{SOAP11}"),
        ("text/xml", True, "<test>Value</test>"),
        ("application/xml", None, "<test>Value</test>"),
        ("application/json", None, '{"test":"Value"}'),
        ("text/plain", None, ""),
        ("application/x-www-form-urlencoded", None, ""),
    ],
)
def test_a_changed_soap_message_is_written_by_media_type(message_type: str, as_rest: bool | None, body: str):
    payload = Payload(SOAP11.encode(), "text/xml")
    payload.changed()

    assert payload.format(message_type, as_rest=as_rest) == (body.encode(), f"{message_type}; charset=UTF-8")


def test_soap_is_written_in_the_version_of_the_media_type():
    payload = Payload(SOAP11.encode(), "text/xml")

    written = parse_xml(payload.format("application/soap+xml")[0])

    assert written.tag == f"{{{SOAP12_NS}}}Envelope"
    assert [etree.QName(child).localname for child in written] == ["Header", "Body"]
    assert written[1].findtext("test") == "Value"


FAULT11 = (
    f'<s:Envelope xmlns:s="{SOAP11_NS}"><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>no</faultstring>'
    "<detail><why/></detail></s:Fault></s:Body></s:Envelope>"
)


def test_a_fault_is_translated_and_back():
    payload = Payload(FAULT11.encode(), "text/xml")
    assert payload.is_fault

    soap12 = Payload(payload.format("application/soap+xml")[0], "application/soap+xml")
    names = {"s": SOAP12_NS}
    assert soap12.is_fault
    assert soap12.body.findtext("s:Fault/s:Code/s:Value", namespaces=names) == "soapenv:Sender"
    assert soap12.body.findtext("s:Fault/s:Reason/s:Text", namespaces=names) == "no"
    assert soap12.body.find("s:Fault/s:Detail/why", names) is not None

    soap11 = Payload(soap12.format("text/xml")[0], "text/xml")
    assert soap11.body.findtext("*/faultcode") == "soapenv:Client"
    assert soap11.body.findtext("*/faultstring") == "no"


def test_a_form_goes_through_json_and_back_with_names_that_are_no_xml_names():
    payload = Payload(b"paramName=abc&2paramName=def&$paramName=g%20hi", "application/x-www-form-urlencoded")

    assert payload.json() == {"xformValues": {"paramName": "abc", "2paramName": "def", "$paramName": "g hi"}}
    payload.changed()
    assert payload.format()[0] == b"paramName=abc&2paramName=def&%24paramName=g+hi"


def test_json_leaves_as_multipart_form_with_a_boundary_and_a_charset():
    body, content_type = Payload(b'{"action":"ping"}', "application/json").format("multipart/form-data")

    assert "charset=UTF-8" in content_type
    assert Payload(body, content_type).json() == {"mediate": {"action": "ping"}}
    assert "charset" not in Payload(b'{"a":1}', "application/json").format("multipart/form-data", charset=None)[1]


def test_a_charset_in_the_message_type_is_used():
    payload = Payload("<a>é</a>".encode(), "text/xml")

    assert payload.format("application/xml; charset=ISO-8859-1") == (
        "<a>é</a>".encode("latin-1"),
        "application/xml; charset=ISO-8859-1",
    )


def test_the_text_of_a_text_body_leaves_and_an_element_in_it_is_written():
    payload = Payload(b"x", "text/plain")
    assert payload.first_child is not None
    payload.first_child.append(parse_xml("<a/>"))
    payload.changed()

    assert payload.format()[0] == b"<a/>"


# -- frames


def test_a_posted_envelope_is_a_text_frame_without_its_declaration():
    payload = Payload(f'<?xml version="1.0" encoding="UTF-8"?>{SOAP11}'.encode(), "text/xml")

    assert payload.as_frame() == SOAP11
    assert payload.as_frame(as_rest=False) == f"<?xml version='1.0' encoding='UTF-8'?>{SOAP11}"


def test_a_changed_envelope_is_a_text_frame_too():
    payload = Payload(SOAP11.encode(), "text/xml")
    payload.changed()

    assert payload.as_frame() == SOAP11
    assert payload.as_frame(as_rest=False) == f"<?xml version='1.0' encoding='UTF-8'?>{SOAP11}"


@pytest.mark.parametrize(
    ("raw", "content_type", "frame"),
    [
        (b'{"a": 1}', "application/json", '{"a": 1}'),
        (b"hi", "text/plain", "hi"),
        (b"\x00", "application/octet-stream", b"\x00"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode("latin-1"), "text/xml", "<a>é</a>"),
        ("<a>é</a>".encode("latin-1"), "text/xml; charset=ISO-8859-1", "<a>é</a>"),
    ],
)
def test_a_posted_body_is_a_text_frame_unless_it_is_binary(raw: bytes, content_type: str, frame: str | bytes):
    assert Payload(raw, content_type).as_frame() == frame


def test_a_frame_keeps_its_kind():
    assert Payload(b'{"a": 1}', "application/json", is_frame=True).as_frame() == b'{"a": 1}'
    assert Payload('{"a": 1}', "application/json", is_frame=True).as_frame() == '{"a": 1}'


def test_a_frame_is_formatted_when_another_type_is_asked_for():
    assert Payload('{"a":1}', "application/json", is_frame=True).as_frame("application/xml") == (
        "<jsonObject><a>1</a></jsonObject>"
    )


GUESSES = [
    (' {"a": 1}', {"a": 1}, "application/json"),
    ("[1]", [1], "application/json"),
    ("<a>1</a>", {"a": 1}, "application/xml"),
    ("{message:no json}", None, None),
    ("<no xml", None, None),
    ("hello", None, None),
    ("", None, None),
    (b'{"a": 1}', None, None),
]


@pytest.mark.parametrize(("raw", "value", "content_type"), GUESSES)
def test_a_text_of_no_type_is_guessed_when_somebody_looks_into_it(raw, value, content_type):
    payload = Payload(raw, is_frame=True, guess=True)
    assert (payload.is_json, payload.is_built, payload.content_type) == (False, False, None)
    assert payload.json() == value
    assert (payload.content_type, payload.as_frame(), payload.modified) == (content_type, raw, False)


def test_a_guess_is_made_for_those_who_ask_for_the_envelope_too():
    payload = Payload("<a/>", is_frame=True, guess=True)
    assert payload.first_child.tag == "a"
    assert Payload('{"a": 1}', is_frame=True, guess=True).copy().first_child.tag == "jsonObject"


@pytest.mark.parametrize(
    ("raw", "content_type", "unread"),
    [
        (b"<a/>", "application/xml", b"<a/>"),
        ("<a>é</a>", "text/xml", "<a>é</a>".encode()),
        (b"<a/>", "text/xml; charset=UTF-8", b"<a/>"),
        (b"<a/>", "text/xml; charset=iso-8859-1", None),
        (b"<?xml version='1.0' encoding='iso-8859-1'?><a/>", "text/xml", None),
        (b"<a/>", "application/soap+xml", None),
        (b"<a/>", None, None),
        (b"{}", "application/json", None),
        (b" ", "text/xml", None),
        (None, "text/xml", None),
    ],
)
def test_xml_that_nobody_has_looked_into_can_be_handed_on(raw, content_type, unread):
    assert Payload(raw, content_type).unread_xml == unread


def test_xml_that_somebody_has_looked_into_is_no_longer_handed_on():
    payload = Payload(b"<a/>", "text/xml")
    assert payload.first_child is not None
    assert payload.unread_xml is None


@pytest.mark.parametrize("raw", ["<a/>", b"<a/>"])
def test_what_was_rewritten_elsewhere_leaves_as_it_is(raw):
    payload = Payload(raw, "text/xml", is_frame=isinstance(raw, str)).rewritten("<b>é</b>".encode())
    assert payload.format() == ("<b>é</b>".encode(), "text/xml; charset=UTF-8")
    assert payload.first_child.text == "é"
    if isinstance(raw, str):
        assert payload.as_frame() == "<b>é</b>"
