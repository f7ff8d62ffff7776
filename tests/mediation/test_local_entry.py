import pytest

from mediation.compiler import compile_artifact
from mediation.mediators.sequence import SequenceMediator
from mediation.payloads.xml import parse_xml
from tests.mediation.support import compiled


def test_a_text_is_trimmed():
    assert compiled('<localEntry key="k">  hello </localEntry>').value == "hello"


def test_xml_is_an_element_and_a_description_is_not_meant():
    assert compiled('<localEntry key="k"><description>d</description><a/></localEntry>').value.tag == "a"


def test_a_sequence_in_an_entry_is_compiled():
    entry = compiled('<localEntry key="k"><sequence name="s"><drop/></sequence></localEntry>')

    assert isinstance(entry.artifact, SequenceMediator)


@pytest.mark.parametrize("url", ["file:samples/a.xslt", "http://host/a", "HTTPS://host/a"])
def test_a_source_is_noted_for_whoever_reads_it(url):
    entry = compiled(f'<localEntry key="k" src="{url}"/>')

    assert (entry.value, entry.source) == ("", url)


def test_a_source_that_nobody_reads_is_said_so():
    [finding] = compile_artifact(parse_xml('<localEntry key="k" src="ftp://host/a"/>')).not_runnable

    assert 'src "ftp:"' in finding.message
