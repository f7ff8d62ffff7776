import pytest
from lxml import etree

from artifacts.registry import RegistryDirectory, read_entries
from artifacts.registry.entries import entry_of
from mediation.mediators.sequence import SequenceMediator


@pytest.mark.parametrize(
    ("path", "content", "value"),
    [
        ("a.txt", b"hello\n", "hello\n"),
        ("a.json", b'{"a": 1}', '{"a": 1}'),
        ("a.js", b"\xef\xbb\xbfvar a;", "var a;"),
        ("a.html", b"<p>", "<p>"),
        ("a.properties", b"<x/>", "<x/>"),
        ("no suffix", "grüß".encode(), "grüß"),
    ],
)
def test_what_is_not_xml_is_text(path, content, value):
    entry, remark = entry_of(path, content)

    assert (entry.key, entry.value, remark) == (path, value, "")


@pytest.mark.parametrize("path", ["a.xml", "a.XSLT", "a.wsdl", "no suffix"])
def test_xml_is_an_element(path):
    entry, remark = entry_of(path, b"<?xml version='1.0' encoding='iso-8859-1'?><a>\xfc</a>")

    assert (etree.tostring(entry.value, encoding="unicode"), remark) == ("<a>ü</a>", "")


def test_xml_with_a_mistake_or_a_doctype_is_text_and_said():
    for content in ("<a>", '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>'):
        entry, remark = entry_of("a.xml", content.encode())

        assert entry.value == content
        assert remark.startswith("is served as text")


def test_what_is_neither_is_not_served():
    assert entry_of("a.bin", b"\xff\xfe\x00") == (None, "is neither XML nor text in UTF-8")


def test_sequences_and_endpoints_are_compiled():
    sequence, _ = entry_of("s.xml", b'<sequence name="s"><drop/></sequence>')
    endpoint, _ = entry_of("e.xml", b'<endpoint><address uri="http://localhost/"/></endpoint>')

    assert isinstance(sequence.artifact, SequenceMediator)
    assert endpoint.artifact is not None


def test_a_sequence_with_a_mistake_is_an_element_and_said():
    entry, remark = entry_of("s.xml", b'<sequence name="s">\n<log level="fll"/></sequence>')

    assert entry.artifact is None
    assert remark.startswith('line 2: <log> level "fll"')


def test_files_that_did_not_change_are_taken_from_before(tmp_path):
    directory = RegistryDirectory(tmp_path)
    directory.write("a.xml", b"<a/>")
    directory.write("b.xml", b"<b/>")
    before = read_entries(directory, {})
    directory.write("b.xml", b"<c/>")

    after = read_entries(directory, before)

    assert after["a.xml"] is before["a.xml"]
    assert after["b.xml"].entry.value.tag == "c"
