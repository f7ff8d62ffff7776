import pytest

from artifacts.synapse_xml.document import revise
from artifacts.synapse_xml.edit import append_child, content, remove_child, set_attribute, set_content, set_flag
from mediation.errors import XmlError
from mediation.payloads.xml import parse_xml


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<r>\n  <a/>\n  <b/>\n</r>", "<r>\n  <a/>\n  <b/>\n  <new/>\n</r>"),
        ("<r>\n\t<a/>\n</r>", "<r>\n\t<a/>\n\t<new/>\n</r>"),
        ("<r><a/></r>", "<r><a/><new/></r>"),
        ("<r/>", "<r>\n    <new/>\n</r>"),
        ("<r>\n</r>", "<r>\n    <new/>\n</r>"),
        ("<r>\n  <a/>\n  <!-- last -->\n</r>", "<r>\n  <a/>\n  <!-- last -->\n  <new/>\n</r>"),
    ],
)
def test_a_new_child_is_indented_as_its_siblings(before, after):
    assert revise(before, lambda root: append_child(root, "new")) == after


def test_the_first_child_of_an_indented_element_is_indented_once_more():
    text = "<r>\n  <a/>\n</r>"

    assert revise(text, lambda root: append_child(root[0], "new")) == "<r>\n  <a>\n      <new/>\n  </a>\n</r>"


def test_a_new_child_is_of_the_namespace_and_prefix_of_its_parent():
    text = '<p:r xmlns:p="urn:p"><p:a/></p:r>'

    assert revise(text, lambda root: append_child(root, "new")) == '<p:r xmlns:p="urn:p"><p:a/><p:new/></p:r>'


@pytest.mark.parametrize(
    ("before", "index", "after"),
    [
        ("<r>\n  <a/>\n  <b/>\n</r>", 0, "<r>\n  <b/>\n</r>"),
        ("<r>\n  <a/>\n  <b/>\n</r>", 1, "<r>\n  <a/>\n</r>"),
        ("<r>\n  <a/>\n</r>", 0, "<r>\n</r>"),
    ],
)
def test_a_removed_child_takes_its_line_along(before, index, after):
    assert revise(before, lambda root: remove_child(root[index])) == after


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        ("<a> x </a>", "x"),
        ("<a/>", ""),
        ("<a>x<!-- y -->z</a>", "xz"),
        ("<a><![CDATA[<x>]]></a>", "<x>"),
        ("<a> <b c='1'>x</b> </a>", '<b c="1">x</b>'),
    ],
)
def test_content_is_text_or_markup(xml, text):
    assert content(parse_xml(xml)) == text


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("<a> x </a>", "x", "<a> x </a>"),
        ("<a> x </a>", "y", "<a>y</a>"),
        ("<a>x</a>", "<b/>", "<a>&lt;b/&gt;</a>"),
        ("<a><b/></a>", "<c>d</c>e", "<a><c>d</c>e</a>"),
        ("<a xmlns:p='urn:p'><b/></a>", "<p:c/>", "<a xmlns:p='urn:p'><p:c/></a>"),
    ],
)
def test_content_is_replaced_text_by_text_and_markup_by_markup(before, value, after):
    assert revise(before, lambda root: set_content(root, value)) == after


def test_markup_is_not_replaced_by_what_is_not_well_formed():
    with pytest.raises(XmlError):
        set_content(parse_xml("<a><b/></a>"), "<b>")


def test_an_attribute_is_set_and_removed():
    root = parse_xml('<a b="1" c=""/>')

    set_attribute(root, "b", "")
    set_attribute(root, "c", "")
    set_attribute(root, "d", "2")

    assert dict(root.attrib) == {"c": "", "d": "2"}


def test_a_flag_that_says_so_already_keeps_its_spelling():
    root = parse_xml('<a b="TRUE" c="no"/>')

    set_flag(root, "b", True, default=False)
    set_flag(root, "c", False, default=False)
    set_flag(root, "d", False, default=False)
    set_flag(root, "e", False, default=True)

    assert dict(root.attrib) == {"b": "TRUE", "c": "no", "e": "false"}
