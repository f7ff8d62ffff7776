"""A body in parts."""

from __future__ import annotations

import time

import pytest
from lxml import etree

from mediation.errors import MediationError
from mediation.expressions import compile_expression
from mediation.message import MessageContext
from mediation.payloads.xml import to_text
from mediation.splitting import split
from tests.mediation.mediators.support import json, message, soap


def parts(ctx: MessageContext, expression: str, attach_path: str | None = None, *, preserve: bool = False) -> list[str]:
    names = {"m": "urn:m"}
    place = None if attach_path is None else compile_expression(attach_path, names)
    total, payloads = split(ctx, compile_expression(expression, names), place, preserve=preserve)
    found = [payload.format()[0].decode() for payload in payloads]
    assert len(found) == total
    return found


XML = "<a><b>1</b><b>2</b><c/></a>"


def test_elements_become_bodies():
    ctx = message(XML, "application/xml")

    assert parts(ctx, "//b") == ["<b>1</b>", "<b>2</b>"]
    assert ctx.payload.format()[0].decode() == XML


def test_the_soap_header_is_in_each_part():
    ctx = soap("<m:a><m:b>1</m:b></m:a>", "<m:h/>")
    _, payloads = split(ctx, compile_expression("//m:b", {"m": "urn:m"}))

    part = next(payloads)

    assert part.soap_version == "soap11"
    assert part.header is not None
    assert [to_text(child) for child in part.header] == ['<m:h xmlns:m="urn:m"/>']
    assert [child.text for child in part.body] == ["1"]


def test_parts_in_a_copy_of_the_rest():
    ctx = message(XML, "application/xml")

    assert parts(ctx, "//b", "//a", preserve=True) == ["<a><c/><b>1</b></a>", "<a><c/><b>2</b></a>"]


def test_the_rest_without_a_place_is_the_body():
    _, payloads = split(message(XML, "application/xml"), compile_expression("//b", {}), preserve=True)

    assert [to_text(child) for child in next(payloads).body] == ["<a><c/></a>", "<b>1</b>"]


@pytest.mark.parametrize("place", ["//nowhere", "string(//a)"])
def test_a_part_without_a_place_is_a_failure(place):
    with pytest.raises(MediationError, match="Error in attaching the splitted elements") as failure:
        parts(message(XML, "application/xml"), "//b", place, preserve=True)

    assert failure.value.message.endswith(place)


@pytest.mark.parametrize("expression", ["//nothing", "string(//a)", "//b/text()", "count(//b)"])
def test_what_is_no_element_is_no_part(expression):
    assert parts(message(XML, "application/xml"), expression) == []


def test_elements_of_a_property_become_bodies_and_stay_in_it():
    ctx = message("<x/>", "application/xml")
    ctx.set("held", etree.fromstring(XML))

    assert parts(ctx, "$ctx:held/b") == ["<b>1</b>", "<b>2</b>"]
    assert to_text(ctx.get("held")) == XML


def test_the_envelope_is_no_part():
    with pytest.raises(MediationError, match="Error evaluating expression"):
        parts(message(XML, "application/xml"), ".")


def test_text_between_parts_stays():
    ctx = message("<a>x<b/>y<b/> z</a>", "application/xml")

    assert parts(ctx, "//b", "//a", preserve=True) == ["<a>xy z<b/></a>"] * 2


JSON = '{"id":7,"items":[{"n":1},"two",3]}'


def test_members_of_an_array_become_bodies():
    ctx = json(JSON)

    assert parts(ctx, "json-eval($.items)") == ['{"n":1}', '"two"', "3"]
    assert ctx.payload.json_text() == JSON


def test_all_that_a_path_finds():
    assert parts(json('{"a":[{"n":1},{"n":2}]}'), "json-eval($.a[*].n)") == ["1", "2"]


def test_an_object_is_one_part():
    assert parts(json('{"a":{"b":1}}'), "json-eval($.a)") == ['{"b":1}']


@pytest.mark.parametrize("expression", ["json-eval($.none)", "json-eval($.id)"])
def test_what_is_no_array_has_no_members(expression):
    assert parts(json(JSON), expression) == []


def test_members_in_a_copy_of_the_rest():
    found = parts(json(JSON), "json-eval($.items)", "json-eval($.items)", preserve=True)

    assert found == ['{"id":7,"items":{"n":1}}', '{"id":7,"items":"two"}', '{"id":7,"items":3}']


def test_a_member_without_a_place_is_a_failure():
    with pytest.raises(MediationError, match="Error in attaching the splitted elements"):
        parts(json(JSON), "json-eval($.items)", "json-eval($.x.y)", preserve=True)


def test_json_is_cut_as_xml_by_xpath():
    assert parts(json('{"a":{"b":[1,2]}}'), "//b") == ['{"b":1}', '{"b":2}']


def test_cutting_takes_time_in_proportion():
    def seconds(count: int) -> float:
        body = "<a>" + "\n  <b><c>1</c></b>" * count + "</a>"
        ctx = message(body, "application/xml")
        begin = time.process_time()
        _, payloads = split(ctx, compile_expression("//b", {}), compile_expression("//a", {}), preserve=True)
        for _ in payloads:
            pass
        return time.process_time() - begin

    seconds(10)
    assert seconds(4000) < 12 * seconds(1000)


def test_parts_keep_the_default_namespace_of_what_they_were_in():
    ctx = message('<a xmlns="urn:a"><b>1</b><b><c/></b></a>', "application/xml")

    assert parts(ctx, "//*[local-name() = 'b']") == ['<b xmlns="urn:a">1</b>', '<b xmlns="urn:a"><c/></b>']


def test_a_part_in_another_part_is_taken_out_of_it():
    assert parts(message("<a><b>1<b>2</b></b></a>", "application/xml"), "//b") == ["<b>1</b>", "<b>2</b>"]
