from lxml import etree

from mediation.payloads.nodes import detach, own_copy, replace, set_text


def text(element: etree._Element) -> str:
    return etree.tostring(element, encoding="unicode")


def test_the_text_after_a_detached_element_stays():
    for xml, left in (("<a>x<b/>y</a>", "<a>xy</a>"), ("<a><c/>x<b/>y</a>", "<a><c/>xy</a>"), ("<a><b/></a>", "<a/>")):
        tree = etree.XML(xml)
        found = tree.find("b")
        detach(found)
        assert (text(tree), text(found)) == (left, "<b/>")


def test_a_root_can_be_detached():
    root = etree.XML("<a/>")
    detach(root)
    assert text(root) == "<a/>"


def test_several_elements_take_the_place_of_one():
    tree = etree.XML("<a>x<b/>y</a>")
    replace(tree[0], [etree.XML("<c/>"), etree.XML("<d/>")])
    assert text(tree) == "<a>x<c/><d/>y</a>"


def test_text_is_replaced_and_elements_stay():
    tree = etree.XML("<a>x<b/>y</a>")
    set_text(tree, "z")
    assert text(tree) == "<a>z<b/></a>"


def test_a_copy_stands_alone():
    tree = etree.XML('<a xmlns:n="urn:n" xmlns:o="urn:o"><n:b/>y</a>')
    assert text(own_copy(tree[0])) == '<n:b xmlns:n="urn:n"/>'
