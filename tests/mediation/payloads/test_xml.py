from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import mediation
from mediation.errors import XmlError
from mediation.payloads.xml import parse_xml, serialise, to_text

BOMB = (
    "<!DOCTYPE r [<!ENTITY a0 'ha'>"
    + "".join(f"<!ENTITY a{i} '{f'&a{i - 1};' * 10}'>" for i in range(1, 10))
    + "]><r>&a9;</r>"
)


@pytest.mark.parametrize(
    "document",
    [
        b"<!DOCTYPE r><r/>",
        b'<!DOCTYPE r [<!ENTITY x "y">]><r/>',
        b'<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x.dtd"><r/>',
        b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><r>&x;</r>',
        b'<!DOCTYPE r [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x.dtd"> %p;]><r/>',
        BOMB.encode(),
        BOMB.encode("utf-16"),
        ('<!DOCTYPE r [<!ENTITY x "' + "y" * 60_000 + '">]><r>' + "&x;" * 60_000 + "</r>").encode(),
        b"<a>" * 200_000,
        b"<r>&x;</r>",
        "<!DOCTYPE r><r/>",
        BOMB,
    ],
    ids=lambda document: repr(document[:40]),
)
def test_what_an_attacker_sends_is_refused_quickly(document: bytes | str):
    started = time.perf_counter()

    with pytest.raises(XmlError):
        parse_xml(document)
    assert time.perf_counter() - started < 0.1


@pytest.mark.parametrize(
    "document",
    [
        '<!DOCTYPE r [<!ENTITY x "y">]><r>&x;</r>',
        '<?xml version="1.0"?>\n<!-- a --><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n<r a="&x;"/>',
        "<!DOCTYPE r><r>",
        BOMB,
    ],
)
def test_a_doctype_is_what_the_author_is_told_of_whatever_the_parser_stumbled_over(document: str):
    with pytest.raises(XmlError, match="a DOCTYPE is not allowed: remove it") as caught:
        parse_xml(document)
    assert caught.value.line == 1


def test_a_prolog_that_never_ends_costs_no_time():
    started = time.perf_counter()

    with pytest.raises(XmlError):
        parse_xml("<!-- -->" * 50_000)
    assert time.perf_counter() - started < 0.5


def test_the_limit_on_nesting_is_told_without_the_parsers_options():
    with pytest.raises(XmlError, match=r"Excessive depth in document: 256$"):
        parse_xml("<a>" * 300)


@pytest.mark.parametrize(
    "document", [b"", b" ", b"text", b"<a>", b"<a></b>", b"<a/><b/>", b"<r>\xff</r>", "<a>\ud800</a>"]
)
def test_what_is_not_well_formed_is_refused(document: bytes | str):
    with pytest.raises(XmlError):
        parse_xml(document)


ROOT = Path(mediation.__file__).parent.parent


def sources(*packages: str) -> Iterator[Path]:
    for package in packages:
        yield from (path for path in (ROOT / package).rglob("*.py") if path != Path(parse_xml.__code__.co_filename))


def test_there_is_no_other_parser():
    parsers = re.compile(
        r"etree\.(fromstring|parse|iterparse|XML|XMLParser|HTML)\b|ElementTree|minidom|xml\.sax(?!\.saxutils)|expat"
    )

    assert [path for path in sources("mediation", "artifacts", "esbsite") if parsers.search(path.read_text())] == []


def test_the_engine_runs_no_xpath_that_was_not_compiled():
    assert [path for path in sources("mediation") if ".xpath(" in path.read_text()] == []


def test_a_mistake_has_its_line_and_column():
    with pytest.raises(XmlError) as caught:
        parse_xml("<a>\n  <b>\n</a>")

    assert (caught.value.line, caught.value.column) == (3, 5)
    assert str(caught.value) == "line 3: Opening and ending tag mismatch: b line 2 and a"


def test_text_is_read_whatever_its_declaration_says():
    assert parse_xml('<?xml version="1.0" encoding="UTF-16"?><a>é</a>').text == "é"


def test_bytes_are_read_as_their_declaration_says():
    assert parse_xml('<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode("latin-1")).text == "é"


def test_indentation_can_be_dropped():
    assert to_text(parse_xml("<a>\n  <b> x </b>\n</a>", remove_blank_text=True)) == "<a><b> x </b></a>"


def test_comments_and_instructions_stay():
    assert to_text(parse_xml("<a><!-- why --><?how?></a>")) == "<a><!-- why --><?how?></a>"


def test_an_element_is_written_without_what_follows_and_what_only_its_parents_use():
    root = parse_xml('<s:e xmlns:s="urn:s" xmlns:t="urn:t"><t:a>é</t:a> tail</s:e>')

    assert to_text(root[0]) == '<t:a xmlns:t="urn:t">é</t:a>'
    assert serialise(root[0]) == '<t:a xmlns:t="urn:t">é</t:a>'.encode()


def test_prefixes_in_the_values_of_xsi_type_stay_declared():
    root = parse_xml(
        '<e xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="urn:x"><a xsi:type="xsd:string"/></e>'
    )

    assert 'xmlns:xsd="urn:x"' in to_text(root[0])


def test_the_declaration_names_the_encoding_and_lacking_characters_become_references():
    element = parse_xml("<a>é€</a>")

    assert serialise(element, declaration=True) == "<?xml version='1.0' encoding='utf-8'?><a>é€</a>".encode()
    assert serialise(element, encoding="iso8859-1") == b"<a>\xe9&#8364;</a>"


@pytest.mark.parametrize(
    "content",
    [
        "<!DOCTYPE r><r/>".encode("utf-16"),
        "<!DOCTYPE r><r/>".encode("utf-16-le"),
        "<!DOCTYPE r><r/>".encode("utf-16-be"),
        b"\xef\xbb\xbf<!DOCTYPE r><r/>",
        b" \n<!DOCTYPE r><r/>",
        b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE r+AD4-<r/>',
        b"<!-- a --><!DOCTYPE r><r/>",
    ],
)
def test_a_doctype_is_found_in_whatever_encoding_it_is(content: bytes):
    with pytest.raises(XmlError):
        parse_xml(content)
