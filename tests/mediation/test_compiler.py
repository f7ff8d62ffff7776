"""XML to artifacts: what is right, what is wrong and where, what is only kept."""

import pytest

from mediation.compiler import compile_artifact
from mediation.findings import Severity
from mediation.payloads.xml import parse_xml


def compilation(xml):
    return compile_artifact(parse_xml(xml))


def findings(xml):
    return [(f.severity, f.line, f.message) for f in compilation(xml).findings]


def test_a_value_that_an_attribute_does_not_take():
    result = compilation('<sequence name="s">\n  <log level="fll"/>\n</sequence>')
    assert result.artifact is None
    assert [str(f) for f in result.findings] == [
        'line 2: <log> level "fll" is not one of simple, headers, full, custom'
    ]


def test_every_mistake_is_reported_not_only_the_first():
    broken_branch = '<filter><then>\n<log level="b"/></then></filter>'
    text = f'<sequence name="s">\n<log level="a"/>\n<nonsense/>\n{broken_branch}\n</sequence>'
    lines = [(f.severity, f.line) for f in compilation(text).findings]
    assert [line for _, line in lines][:3] == [2, 3, 5]
    assert {severity for severity, _ in lines} == {Severity.ERROR}


def test_an_unknown_mediator_has_the_text_of_the_originals():
    assert findings('<sequence name="s"><nonsense/></sequence>') == [
        (Severity.ERROR, 1, "Unknown mediator referenced by configuration element : nonsense")
    ]


def test_mediators_cannot_be_nested_without_end():
    depth = 80
    nested = '<filter xpath="true()">' * depth + "<drop/>" + "</filter>" * depth
    [finding] = compilation(f'<sequence name="s">{nested}</sequence>').errors
    assert finding.message == "mediators are nested more than 60 deep"


@pytest.mark.parametrize("mediator", ["RMSequence", "smooks", "datamapper"])
def test_a_mediator_that_we_do_not_run_is_said_so(mediator):
    result = compilation(f'<sequence name="s"><{mediator}/></sequence>')
    assert result.artifact is None
    [finding] = result.not_runnable
    assert f"<{mediator}> is kept, but cannot run in this version" in finding.message


@pytest.mark.parametrize("kind", ["eventSource"])
def test_an_artifact_kind_that_we_do_not_run_is_said_so(kind):
    result = compilation(f'<{kind} name="x"/>')
    assert (result.kind, result.name, result.artifact) == (kind, "x", None)
    assert [f.severity for f in result.findings] == [Severity.NOT_RUNNABLE]


def test_what_is_no_artifact_is_an_error():
    assert findings("<html/>") == [(Severity.ERROR, 1, "<html> is not an artifact")]


def test_unknown_attributes_and_children_are_warnings():
    result = compilation('<sequence name="s"><log lvl="full"><prop/></log></sequence>')
    assert result.artifact is not None
    assert [f.message for f in result.warnings] == [
        '<log> does not know the attribute "lvl"; it is ignored',
        "<log> does not know the child <prop>; it is ignored",
    ]


def test_elements_without_a_namespace_are_synapse_s():
    assert compilation('<sequence name="s"><drop/></sequence>').artifact is not None


def test_a_sequence_needs_a_name_and_no_key():
    assert findings("<sequence/>") == [(Severity.ERROR, 1, '<sequence> needs the attribute "name"')]
    assert compilation('<sequence key="x"/>').errors


def test_references_are_collected_with_their_lines():
    result = compilation(
        '<sequence name="s" onError="e">\n<sequence key="a"/>\n<sequence key="{get-property(\'b\')}"/>'
        '\n<send><endpoint key="c"/></send></sequence>'
    )
    assert [(r.kind, r.name, r.line) for r in result.references] == [
        ("sequence", "e", 1),
        ("sequence", "a", 2),
        ("endpoint", "c", 4),
    ]


def test_comments_between_mediators_are_no_mediators():
    result = compilation('<sequence name="s"><!-- a --><drop/><?pi?></sequence>')
    assert len(result.artifact.mediators) == 1


PROXY = '<proxy name="p" {attributes}><target {target}>{inside}</target>{more}</proxy>'


def proxy(attributes="", target='inSequence="s"', inside="", more=""):
    return compilation(PROXY.format(attributes=attributes, target=target, inside=inside, more=more))


def test_a_proxy_service_is_read():
    service = proxy(
        'transports="http https" startOnLoad="false"',
        'outSequence="o" endpoint="e"',
        "<inSequence><drop/></inSequence><faultSequence><drop/></faultSequence>",
        '<parameter name="a"> b </parameter><description/>',
    ).artifact
    assert (service.name, service.transports, service.start_on_load) == ("p", {"http", "https"}, False)
    assert len(service.in_sequence.mediators) == 1
    assert (service.out_sequence.name, service.endpoint.key, service.parameters) == ("o", "e", {"a": "b"})


def test_a_proxy_service_needs_something_to_do():
    [finding] = proxy(target="").errors
    assert finding.message == "Target of the proxy service must declare either an inSequence or endpoint or both"


def test_a_secured_proxy_service_is_not_served_unsecured():
    [finding] = proxy(more="<enableSec/>").not_runnable
    assert finding.message.startswith("<enableSec> of a proxy service is kept")


def test_transports_that_do_not_run_are_warned_of():
    result = proxy('transports="http,jms"')
    assert result.artifact.transports == {"http"}
    assert "jms" in result.warnings[0].message
    assert proxy().artifact.transports == {"http", "https"}


@pytest.mark.parametrize(
    "xml",
    [
        '<xslt key="k" source="${payload}"/>',
        '<xquery key="k" target="${payload}"/>',
        '<rewrite><rewriterule><action xpath="${payload.a}"/></rewriterule></rewrite>',
        '<callout serviceURL="http://localhost"><source xpath="${payload}"/><target key="t"/></callout>',
        '<makefault><code expression="${payload}"/><reason value="r"/></makefault>',
    ],
)
def test_where_the_language_takes_no_synapse_expression_it_is_refused(xml):
    found = compilation(f'<sequence name="s">{xml}</sequence>')

    assert any("synapse expressions do not run here" in finding.message for finding in found.errors), found.findings


def of_expression(expression):
    text = expression.replace(">", "&gt;")
    return compile_artifact(
        parse_xml(f'<sequence name="s">\n<log><property name="p" expression="{text}"/></log></sequence>')
    )


@pytest.mark.parametrize(
    "expression", ["//a[count(//b) > 1]", "//a[@b = $body//c]", "count(//a[count(//b[count(..) > 0]) > 0])"]
)
def test_a_predicate_that_looks_through_the_whole_document_is_warned_of(expression):
    [warning] = of_expression(expression).findings
    assert (warning.severity, warning.line, warning.check) == (Severity.WARNING, 2, "expression.search")
    assert warning.message.startswith(f'"{expression}" looks through the whole document')


@pytest.mark.parametrize("expression", ["//a[.//b]", "//a[b//c = 1]/d//e", "count(//a) + count(//b)", "//a[1]//b"])
def test_other_searches_are_not(expression):
    assert of_expression(expression).findings == ()
