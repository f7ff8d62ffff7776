import pytest

from artifacts.synapse_xml import MessageProcessorFacts, MessageStoreFacts, read_facts, revised
from mediation.payloads.xml import parse_xml

STORE = '<messageStore name="s" class="a.B">\n  <parameter name="p">v</parameter>\n</messageStore>'
PROCESSOR = '<messageProcessor name="p" class="a.B" messageStore="s"><!-- why --></messageProcessor>'


@pytest.mark.parametrize(
    ("text", "facts", "changed", "becomes"),
    [
        (STORE, MessageStoreFacts("s", "a.B"), MessageStoreFacts("t"), STORE.replace('"s" class="a.B"', '"t"')),
        (
            PROCESSOR,
            MessageProcessorFacts("p", "a.B", "s"),
            MessageProcessorFacts("p", "a.C", "t", "e"),
            PROCESSOR.replace('a.B" messageStore="s"', 'a.C" messageStore="t" targetEndpoint="e"'),
        ),
    ],
    ids=["store", "processor"],
)
def test_facts_are_read_and_written_and_all_else_stays(text, facts, changed, becomes):
    assert read_facts(parse_xml(text)) == facts
    assert revised(text, changed) == becomes
