import pytest

from artifacts.synapse_xml.spelling import canonical, respell
from mediation.payloads.xml import parse_xml

PROXY = """<?xml version='1.0' encoding="UTF-8"?>
<!-- before -->

<proxy xmlns="http://ws.apache.org/ns/synapse"
       name='shop'   transports="http,https"
       x:owner="me" xmlns:x="urn:x">
    <target inSequence="in" ></target>
    <description><![CDATA[a < b]]> &amp; &#x63;</description><?pi data?>
    <parameter name="lines">one&#10;two</parameter>
    <parameter name="attr" value="a&#10;b &quot;c&quot; > d"/>
</proxy>
<!-- after -->
"""


def edited(text, change):
    root = parse_xml(text)
    change(root)
    respelled = respell(root, text)
    assert canonical(parse_xml(respelled)) == canonical(root)
    return respelled


def test_an_unchanged_tree_is_written_as_its_author_did():
    assert edited(PROXY, lambda root: None) == PROXY


def test_a_changed_attribute_respells_its_own_tag_only():
    respelled = edited(PROXY, lambda root: root[0].set("inSequence", "other"))

    assert respelled == PROXY.replace('<target inSequence="in" >', '<target inSequence="other" >')


def test_a_changed_tag_keeps_the_layout_of_its_attributes():
    def change(root):
        root.set("name", "store")
        del root.attrib["transports"]
        root.set("trace", 'a"b')

    respelled = edited(PROXY, change)

    assert respelled == PROXY.replace(
        """name='shop'   transports="http,https"
       x:owner="me" xmlns:x="urn:x">""",
        """name="store"
       x:owner="me" xmlns:x="urn:x" trace="a&quot;b">""",
    )


def test_changes_at_both_ends_leave_the_middle_alone():
    def change(root):
        root[0].set("inSequence", "other")
        root[-1].set("value", "e")

    respelled = edited(PROXY, change)

    assert "<![CDATA[a < b]]> &amp; &#x63;" in respelled
    assert "one&#10;two" in respelled


@pytest.mark.parametrize("empty", ["<a/>", "<a />", "<a\n/>", "<a></a>", '<a x="/>"/>', '<a x = "1" />'])
def test_an_empty_element_gets_content(empty):
    respelled = edited(f"<r>{empty}<b/></r>", lambda root: root[0].append(parse_xml("<new/>")))

    assert "<new/></a><b/></r>" in respelled


def test_an_element_loses_its_content():
    assert edited("<r><a ><b/></a ></r>", lambda root: root[0].remove(root[0][0])) == "<r><a ></a ></r>"


@pytest.mark.parametrize(
    "text",
    [
        "<r>\r\n  <a/>\r\n</r>",
        "<r><!-- < > & --><a>]]&gt;</a></r>",
        "<r><a/>x<![CDATA[y]]>z</r>",
        "<p:r xmlns:p='urn:p'><p:a p:b='&lt;'/></p:r>",
        "<?xml version='1.0'?><?pi?><r/><?pi?>",
        "\ufeff<r/>",
    ],
)
def test_every_spelling_is_kept(text):
    assert edited(text, lambda root: None) == text


def test_what_is_written_means_the_same_even_when_elements_look_alike():
    text = "<r>" + "<a>\n</a>" * 300 + "</r>"

    respelled = edited(text, lambda root: [root.remove(each) for each in list(root)[::3]])

    assert respelled.count("<a>") == 200
