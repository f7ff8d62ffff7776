import pytest

from artifacts.synapse_xml.document import revise, same_xml
from mediation.errors import XmlError

NS = 'xmlns="http://ws.apache.org/ns/synapse"'


def test_a_change_that_changes_nothing_returns_the_text_itself():
    text = f"<sequence\n  {NS} name='s'/>"

    assert revise(text, lambda root: root.set("name", "s")) is text


def test_comments_and_declaration_around_the_root_stay():
    text = f'<?xml version="1.0"?>\n\n<!-- licence -->\n<sequence {NS} name="s"/>\n<!-- end -->\n'

    assert revise(text, lambda root: root.set("name", "t")) == text.replace('name="s"', 'name="t"')


def test_text_that_is_not_xml_is_refused():
    with pytest.raises(XmlError):
        revise("<sequence", lambda root: None)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f'<a {NS} b="1" c="2"/>', f"<a c='2' b='1' {NS}></a>"),
        (f"<a {NS}><b/></a>", "<a><b/></a>"),
        (f"<!-- c --><a {NS}><b x='1'>t</b>u<!-- d --></a>", "<!-- c --><a><b x='1'>t</b>u<!-- d --></a>"),
        (f'<a {NS} xmlns:p="urn:p"><p:b/></a>', '<a xmlns:p="urn:p"><p:b/></a>'),
        ("<a><![CDATA[<]]></a>", "<a>&lt;</a>"),
        ("<?xml version='1.0'?><a/>", "<a/>"),
        ("<a>\r\n</a>", "<a>\n</a>"),
    ],
)
def test_these_say_the_same(one, other):
    assert same_xml(one, other)
    assert same_xml(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<a/>", "<a x='1'/>"),
        ("<a><b/></a>", "<a> <b/></a>"),
        ("<a/>", "<!-- c --><a/>"),
        ("<a><!-- c --></a>", "<a><!-- d --></a>"),
        ("<a/>", "<a xmlns='urn:x'/>"),
        (f"<a {NS}><format><x/></format></a>", f"<a {NS}><format><x xmlns=''/></format></a>"),
        (f'<a {NS} xmlns:p="urn:p"/>', f'<a {NS} xmlns:p="urn:q"/>'),
    ],
)
def test_these_do_not_say_the_same(one, other):
    assert not same_xml(one, other)
